"""Entries of dictionaries, as pypdf and as pyHanko read them; both are subclasses of Python's own types."""


def value(found):
    """Return what a reference refers to, or an object itself."""
    return found.get_object() if hasattr(found, "get_object") else found


def resolved(dictionary: dict, key: str):
    """Return an entry with references resolved; ``None`` when it is absent."""
    return value(dict.get(dictionary, key))


def entries(dictionary: dict, key: str) -> list:
    """Return the elements of an array in a dictionary with references resolved; none when it is no array."""
    found = resolved(dictionary, key)
    return [value(element) for element in list.__iter__(found)] if isinstance(found, list) else []
