"""Messages that remember their template, so that they can be said in another language."""

from collections.abc import Callable
from typing import Any


class Message(str):
    """A text with values in it, which is also known as its template and the values.

    It is the English text to everybody who does not translate. An error keeps it in ``args[0]``.

    Args:
        template: The English text, with ``{name}`` where a value stands.
        **values: The values, by name.

    Example:
        >>> message = Message("there is no word '{word}'", word="tea")
        >>> print(message, message.template, message.values)
        there is no word 'tea' there is no word '{word}' {'word': 'tea'}
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> "Message":
        """Fill the template."""
        self = super().__new__(cls, template.format(**values))
        self.template, self.values = template, values
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values

    @staticmethod
    def changed(text: Any, change: Callable[[str], str]) -> Any:
        """A text after a change, which leaves the templates of messages as they are.

        Args:
            text: A text or message; what is neither is returned as it is.
            change: Is called with the text, or with each text among the values of a message.

        Example:
            >>> print(Message.changed(Message("no word {word}", word="tea"), str.upper))
            no word TEA
        """
        if isinstance(text, Message):
            values = {name: Message.changed(value, change) for name, value in text.values.items()}
            return Message(text.template, **values)
        return change(text) if isinstance(text, str) else text

    def to_json(self) -> dict[str, Any]:
        """The message as an object that JSON can hold, if it can hold the values.

        Example:
            >>> Message.from_json(Message("too dark").to_json())
            'too dark'
        """
        values = {name: Message.json_of(value) for name, value in self.values.items()}
        return {"template": self.template, "values": values}

    @staticmethod
    def json_of(text: Any) -> Any:
        """The same of any value, which stays as it is if it is no message."""
        return text.to_json() if isinstance(text, Message) else text

    @staticmethod
    def from_json(content: "dict[str, Any] | str") -> str:
        """A message from :meth:`to_json`; a text remains what it is."""
        if isinstance(content, str):
            return content
        values = content["values"].items()
        return Message(
            content["template"],
            **{
                name: Message.from_json(value) if isinstance(value, dict) else value
                for name, value in values
            },
        )


def message_of(error: Exception) -> str:
    """What an error says, as a :class:`Message` if it was made with one.

    Example:
        >>> message_of(ValueError(Message("{n} is odd", n=3))).template
        '{n} is odd'
    """
    first = error.args[0] if len(error.args) == 1 else None
    return first if isinstance(first, Message) else str(error)
