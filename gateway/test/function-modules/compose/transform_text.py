"""Modules for the tests of function skills."""

from .shared import shout as _shout


class TextTransformer:
    """Changes texts."""

    def __init__(self, suffix: str = "!"):
        self.suffix = suffix

    def transform(self, text: str, times: int = 1) -> str:
        """Writes a text in capitals, several times."""
        return _shout(text) * times + self.suffix

    async def later(self, text: str) -> str:
        return text + "…"

    def _private(self):
        return None


def count_words(text, by: dict | None = None):
    """Counts words."""
    return len(text.split())


async def fetch_nothing(names: list[str]) -> dict:
    print("looking for", names)
    return {name: None for name in names}
