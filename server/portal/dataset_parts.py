"""The parts only the datasets' pages are made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DatasetLine:
    """A dataset in the list."""

    href: str
    name: str
    title: str
    description: str
    columns: str
    template_href: str
    sample_href: str


@dataclass(frozen=True)
class ColumnLine:
    """A column: what it means, what it takes, what a faulty cell does."""

    name: str
    aliases: str
    """Other labels that stand for it, joined; empty for none."""
    meaning: str
    type: str
    rule: str
    example: str
    is_required: bool
    is_personal: bool
    """It tells of a person."""
    fault: str


@dataclass(frozen=True)
class Snippet:
    """A program that sends a file, in one language."""

    language: str
    name: str
    """Of the language, as part of an id."""
    text: str
