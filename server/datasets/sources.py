"""Reads a declaration from its YAML text; what is wrong is told by file, line and field.

Comes after `declaration.py`, which says what may be declared; `catalogue.py` reads the folders.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import yaml
from pydantic import ValidationError

from server.datasets.declaration import Dataset
from server.errors import CatalogueRefused

# Longer than any declaration; a mistake in the folder's name does not read a whole disk.
MAX_BYTES: Final = 2**20
# As ClickHouse reads RE2, which has neither looking around nor references back.
_BEYOND_RE2: Final = re.compile(r"\(\?(=|!|<=|<!|P=|P>)|\\[1-9]")

Place = tuple[int | str, ...]


def read_declaration(data: bytes, file: str) -> Dataset:
    """Return the dataset that a YAML file declares.

    Args:
        data: the file's bytes, UTF-8.
        file: its name, for what is told.

    Raises:
        CatalogueRefused: every fault at once, each as `file:line: field: what is wrong`.
    """
    if len(data) > MAX_BYTES:
        raise CatalogueRefused([f"{file}: longer than {MAX_BYTES} bytes"])
    node, value = _parsed(data, file)
    if twice := [f"{file}:{line}: {key}: said twice" for key, line in _doubled(node)]:
        raise CatalogueRefused(twice)
    try:
        dataset = Dataset.model_validate(value)
    except ValidationError as fault:
        errors = sorted(fault.errors(), key=lambda error: _line(node, error["loc"]))
        told = [_sentence(node, file, error["loc"], error["msg"]) for error in errors]
        raise CatalogueRefused(told) from None
    if unfit := [_sentence(node, file, place, told) for place, told in _unfit_patterns(dataset)]:
        raise CatalogueRefused(unfit)
    return dataset


def declaration_schema() -> dict[str, object]:
    """Return the JSON Schema of a declaration, by which editors complete and check it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Dataset.model_json_schema(by_alias=True),
    }


def _parsed(data: bytes, file: str) -> tuple[yaml.Node, object]:
    """Return the text's nodes, which know their lines, and its values."""
    try:
        loader = yaml.SafeLoader(data)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise CatalogueRefused([f"{file}:1: not a declaration: begin with `name:`"])
        return node, loader.construct_document(node)
    except yaml.YAMLError as fault:
        raise CatalogueRefused([_unreadable(file, fault)]) from None


def _unreadable(file: str, fault: yaml.YAMLError) -> str:
    mark = getattr(fault, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 1
    problem = getattr(fault, "problem", None) or getattr(fault, "reason", None) or "not readable"
    return f"{file}:{line}: not YAML: {problem}"


def _doubled(node: yaml.Node) -> Iterator[tuple[str, int]]:
    """Yield (key, line) of every key that a mapping has twice; YAML would take the last."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _doubled(item)
    if not isinstance(node, yaml.MappingNode):
        return
    met: set[str] = set()
    for key, value in node.value:
        if key.value in met:
            yield str(key.value), key.start_mark.line + 1
        met.add(key.value)
        yield from _doubled(value)


def _sentence(node: yaml.Node, file: str, place: Sequence[int | str], told: str) -> str:
    field = ".".join(str(step) for step in place)
    sentence = told.removeprefix("Value error, ")
    return f"{file}:{_line(node, place)}: {field}: {sentence}".replace(": : ", ": ")


def _line(node: yaml.Node, place: Sequence[int | str]) -> int:
    """Return the line (1-based) of a field, or of the nearest thing around it that is there."""
    line = node.start_mark.line + 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
            if not found:
                return line
            key, node = found[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _unfit_patterns(dataset: Dataset) -> Iterator[tuple[Place, str]]:
    for number, column in enumerate(dataset.columns):
        if column.pattern is not None and (told := _unfit(column.pattern)):
            yield ("columns", number, "pattern"), told
        if column.pattern is not None and not column.pattern_hint:
            yield ("columns", number, "patternHint"), "say the pattern in words, for the report"
    if dataset.later_parts is not None and (told := _unfit(dataset.later_parts)):
        yield ("laterParts",), told
    for number, footer in enumerate(dataset.footers):
        if told := _unfit(footer):
            yield ("footers", number), told


def _unfit(pattern: str) -> str:
    if _BEYOND_RE2.search(pattern):
        return "RE2 knows no look-around and no references back"
    try:
        re.compile(pattern)
    except re.error as fault:
        return f"no regular expression: {fault.msg}"
    return ""
