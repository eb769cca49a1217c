"""The catalogue: every dataset this appliance knows, each from one YAML file.

Those in `declared/` ship with the appliance; an operator's own stand in a folder of theirs and are
like those in every way.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from server.datasets.canonical_sql import SETTLEMENTS, view_select
from server.datasets.declaration import Dataset
from server.datasets.sources import read_declaration
from server.errors import CatalogueRefused


class Catalogue:
    """The datasets by name."""

    def __init__(self, datasets: Mapping[str, Dataset]) -> None:
        self._datasets = MappingProxyType(dict(datasets))

    @classmethod
    def built_in(cls) -> "Catalogue":
        """Return the datasets that ship with the appliance, in the order of their names."""
        return cls.load("")

    @classmethod
    def load(cls, folder: str) -> "Catalogue":
        """Return all datasets, in the order of their names.

        Args:
            folder: the operator's, with one `.yaml` or `.yml` a dataset; empty for none.

        Raises:
            CatalogueRefused: the folder is not there, a file in it is no declaration, or its name
                is taken; every fault of every file at once.
        """
        known = {dataset.name: dataset for dataset in _shipped()}
        known |= _operators(Path(folder), known) if folder else {}
        _check_reports(known)
        return cls(dict(sorted(known.items())))

    def names(self) -> tuple[str, ...]:
        """Return the names of all datasets, sorted."""
        return tuple(self._datasets)

    def get(self, name: str) -> Dataset | None:
        """Return the dataset of that name, None when there is none."""
        return self._datasets.get(name)

    def all(self) -> tuple[Dataset, ...]:
        """Return all datasets, by name."""
        return tuple(self._datasets.values())


@cache
def _shipped() -> tuple[Dataset, ...]:
    """Return the datasets that ship with the appliance; to read them takes a third of a second."""
    folder = files("server.datasets").joinpath("declared")
    return tuple(
        read_declaration(path.read_bytes(), path.name)
        for path in folder.iterdir()
        if path.name.endswith(".yaml")
    )


def _check_reports(datasets: Mapping[str, Dataset]) -> None:
    """Compile how reports are told as settlements, for the faults that only show together."""
    settlements, told = datasets[SETTLEMENTS], []
    for dataset in datasets.values():
        if dataset.canonical is None:
            continue
        try:
            view_select(settlements, [dataset], "checked")
        except ValueError as fault:
            told.append(f"canonical of {fault}")
    if told:
        raise CatalogueRefused(told)


def _operators(folder: Path, built_in: Mapping[str, Dataset]) -> dict[str, Dataset]:
    told: list[str] = []
    found: dict[str, Dataset] = {}
    for path in _declarations(folder):
        try:
            dataset = read_declaration(path.read_bytes(), str(path))
        except CatalogueRefused as fault:
            told += fault.sentences
            continue
        except OSError as fault:
            told.append(f"{path}: cannot be read ({fault.strerror})")
            continue
        if dataset.name in built_in:
            told.append(f"{path}: name: {dataset.name} is built in; take another name")
        elif dataset.name in found:
            told.append(f"{path}: name: another file declares {dataset.name} too")
        found[dataset.name] = dataset
    if told:
        raise CatalogueRefused(told)
    return found


def _declarations(folder: Path) -> Iterable[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as fault:
        sentence = f"{folder}: TALLYDOCK_DATASETS_DIR cannot be read ({fault.strerror})"
        raise CatalogueRefused([sentence]) from None
    # Not what editors and mounted configurations hide beside them.
    return [p for p in paths if p.suffix in (".yaml", ".yml") and not p.name.startswith(".")]
