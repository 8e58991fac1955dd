"""A page of HTML as a list of elements; mistakes in its nesting are errors."""

import html.parser

VOID = {"meta", "link", "img", "input", "br"}


class Document(html.parser.HTMLParser):
    """The elements of a page in order, with their attributes and their text.

    Args:
        text: The page.
    """

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict, list[str]]] = []
        self.texts: list[str] = []
        self._open: list[tuple[str, dict, list[str]]] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"twice the same attribute in <{tag}>"
        element = (tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        for _, _, texts in self._open:
            texts.append(data)

    def all(self, *tags: str) -> list[dict]:
        """The attributes of all elements with one of these tags."""
        return [attributes for tag, attributes, _ in self.elements if tag in tags]

    def words(self, tag: str, **wanted: str) -> list[str]:
        """The texts of all elements with this tag and these attributes."""
        return [
            "".join(texts).strip()
            for name, attributes, texts in self.elements
            if name == tag and wanted.items() <= attributes.items()
        ]
