"""The catalogue: every dataset this appliance knows, read from the YAML files in `declared/`."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

import yaml

from server.datasets.declaration import Dataset


class Catalogue:
    """The datasets by name."""

    def __init__(self, datasets: Mapping[str, Dataset]) -> None:
        self._datasets = MappingProxyType(dict(datasets))

    @classmethod
    def built_in(cls) -> "Catalogue":
        """Return the datasets that ship with the appliance, in the order of their names."""
        folder = files("server.datasets").joinpath("declared")
        texts = [path.read_text() for path in folder.iterdir() if path.name.endswith(".yaml")]
        datasets = [Dataset.model_validate(yaml.safe_load(text)) for text in texts]
        return cls({dataset.name: dataset for dataset in sorted(datasets, key=lambda d: d.name)})

    def names(self) -> tuple[str, ...]:
        """Return the names of all datasets, sorted."""
        return tuple(self._datasets)

    def get(self, name: str) -> Dataset | None:
        """Return the dataset of that name, None when there is none."""
        return self._datasets.get(name)

    def all(self) -> tuple[Dataset, ...]:
        """Return all datasets, by name."""
        return tuple(self._datasets.values())
