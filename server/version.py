"""Which version this is: the one place in the code; pyproject.toml and compose say the same."""

VERSION = "0.1.0"
