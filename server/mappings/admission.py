"""Whether a mapping can be saved, or tried: every fault of it at once.

Puts together `rules.py`, which knows the dataset, and `checking.py`, which asks the engine.
"""

from dataclasses import replace
from typing import Final

from server.analytics.gateway import Analytics
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.errors import FieldFault, Malformed, UnknownDataset
from server.mappings.checking import judged_faults
from server.mappings.rules import faults_of
from server.mappings.schemas import MappingRequest

# Faults with which the engine cannot judge the texts: a column that is not there has no rules.
_UNJUDGEABLE: Final = frozenset({"unknown-column", "too-long", "unknown-zone"})


class Admission:
    """Lets in what is as documented."""

    def __init__(self, *, catalogue: Catalogue, analytics: Analytics, clock: Clock) -> None:
        self._catalogue = catalogue
        self._analytics = analytics
        self._clock = clock

    async def check(
        self, asked: MappingRequest, dataset_type: str | None = None, *, below: str = ""
    ) -> Dataset:
        """Return the dataset of a mapping that can be saved.

        Args:
            asked: the mapping.
            dataset_type: the one it has to be of.
            below: the pointer at which it stands in the request.

        Raises:
            Malformed: every fault of it.
            UnknownDataset: no dataset of that name.
            AnalyticsUnavailable: its texts could not be judged.
        """
        dataset = self._catalogue.get(asked.dataset_type)
        if dataset is None:
            known = list(self._catalogue.names())
            detail = f"There is no dataset {asked.dataset_type!r}. Known: {', '.join(known)}."
            raise UnknownDataset(detail, extras={"known": known})
        faults = faults_of(asked, dataset)
        if dataset_type is not None and dataset_type != dataset.name:
            sentence = f"The mapping is for {dataset_type}: make another one"
            faults.insert(0, FieldFault("/datasetType", "other-dataset", sentence))
        if not any(fault.code in _UNJUDGEABLE for fault in faults):
            faults += await judged_faults(self._analytics, dataset, asked, self._clock())
        if faults:
            count = "One thing is" if len(faults) == 1 else f"{len(faults)} things are"
            told = [replace(fault, pointer=f"{below}{fault.pointer}") for fault in faults]
            detail = f"{count} not as documented; see errors."
            raise Malformed(detail, errors=told)
        return dataset
