"""Messages of errors are safe to print, whatever they quote."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from videospace.runtime.errors import UserError


@given(st.text(st.characters()))
def test_no_message_controls_a_terminal(quoted):
    message = str(UserError(f"got {quoted}"))
    assert not {unicodedata.category(sign) for sign in message} & {"Cc", "Cs", "Zl", "Zp"}
    message.encode()


def test_words_of_any_script_stay_as_they_are():
    for text in ("naïve café", "नमस्ते", "می‌خواهم", "👩‍👧"):
        assert str(UserError(text)) == text
