"""How a download says under which name it wants to be saved."""

from urllib.parse import quote


def attachment(name: str) -> str:
    """Return a Content-Disposition that saves under the name, whatever characters it has."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
