"""Format counts with singular or plural nouns."""


def counted(number: int, noun: str) -> str:
    """A number with its noun in the singular or plural.

    Example:
        >>> counted(1, "clip"), counted(2, "clip")
        ('1 clip', '2 clips')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
