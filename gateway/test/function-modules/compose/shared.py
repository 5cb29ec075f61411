__all__ = ["shout"]


def shout(text: str) -> str:
    return text.upper()


def transform(text: str) -> str:
    return text
