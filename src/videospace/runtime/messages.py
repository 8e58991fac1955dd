"""Messages that remember their template, so that they can be said in another language."""

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
        self = super().__new__(cls, template.format(**values))
        self.template, self.values = template, values
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values

    def to_json(self) -> dict[str, Any]:
        """The message as an object that JSON can hold, if it can hold the values.

        Example:
            >>> Message.from_json(Message("too dark").to_json())
            'too dark'
        """
        return {"template": self.template, "values": self.values}

    @staticmethod
    def from_json(content: "dict[str, Any] | str") -> str:
        """A message from :meth:`to_json`; a text remains what it is."""
        if isinstance(content, str):
            return content
        return Message(content["template"], **content["values"])


def message_of(error: Exception) -> str:
    """What an error says, as a :class:`Message` if it was made with one.

    Example:
        >>> message_of(ValueError(Message("{n} is odd", n=3))).template
        '{n} is odd'
    """
    first = error.args[0] if len(error.args) == 1 else None
    return first if isinstance(first, Message) else str(error)
