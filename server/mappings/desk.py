"""All that can be done with mappings, put together: saved ones, samples, trials."""

from dataclasses import replace
from uuid import UUID

from server.access.principal import Principal
from server.analytics.gateway import Analytics
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.datasets.mapping import Mapping
from server.errors import NotFound
from server.files.failures import FileFailed
from server.mappings.admission import Admission
from server.mappings.sampling import Samples
from server.mappings.schemas import (
    MAX_SAMPLE_BYTES,
    MappingRequest,
    TrialAnswer,
    TrialRequest,
    UnsavedTrialRequest,
)
from server.mappings.service import MappingService
from server.mappings.trial import Trials
from server.mappings.trial_answer import failed_answer
from server.settings import Settings
from server.storage.interface import Storage
from server.unit_of_work import UnitsOfWork


class MappingDesk:
    """The room's services; one per process."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        catalogue: Catalogue,
        analytics: Analytics,
        storage: Storage,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._admission = Admission(catalogue=catalogue, analytics=analytics, clock=clock)
        self.saved = MappingService(
            units=units, catalogue=catalogue, admission=self._admission, clock=clock
        )
        self._samples = Samples(units, storage)
        self._trials = Trials(analytics, settings, clock)
        self._catalogue = catalogue

    async def try_saved(
        self, principal: Principal, mapping_id: str, asked: TrialRequest
    ) -> TrialAnswer:
        """Return what a sample meets with the newest version of a mapping.

        Raises:
            NotFound: the workspace has no such mapping, or its dataset is gone.
            Malformed, Forbidden, FileNotFound, StateConflict: as `Samples.of`.
            StorageUnavailable, AnalyticsUnavailable: an outside system did not answer.
        """
        said = await self.saved.request_of(principal.workspace_id, mapping_id)
        dataset = self._catalogue.get(said.dataset_type)
        if dataset is None:
            detail = f"There is no dataset {said.dataset_type!r} any more."
            raise NotFound(detail)
        return await self._try(principal, dataset, said, asked)

    async def try_unsaved(self, principal: Principal, asked: UnsavedTrialRequest) -> TrialAnswer:
        """Return what a sample meets with a mapping that is checked as if it were saved.

        Raises:
            Malformed: every fault of the mapping, below `/mapping`.
            UnknownDataset: no dataset of that name.
            Others: as try_saved.
        """
        dataset = await self._admission.check(asked.mapping, below="/mapping")
        return await self._try(principal, dataset, asked.mapping, asked)

    async def try_stored(
        self, principal: Principal, dataset: Dataset, mapping: Mapping | None, file_id: UUID
    ) -> TrialAnswer:
        """Return what a stored file meets by the rules of today, with every row that was judged.

        Its beginning is judged (64 KiB of text, 500 rows of Parquet), which of a small file is all.

        Args:
            principal: who asks.
            dataset: of the file.
            mapping: what the file is read with; None for its dataset's own words.
            file_id: which.

        Raises:
            Malformed: the file is of a kind that cannot be tried.
            Forbidden, FileNotFound, StateConflict: as `Samples.of`.
            StorageUnavailable, AnalyticsUnavailable: an outside system did not answer.
        """
        try:
            asked = TrialRequest.model_validate({"fileId": str(file_id)})
            sample = await self._samples.of(principal, asked)
        except FileFailed as failure:
            return failed_answer(failure)
        # No row is shorter than a byte: every one of the sample.
        whole = replace(sample, rows=MAX_SAMPLE_BYTES)
        return await self._trials.judge(dataset, mapping or Mapping(), whole)

    async def _try(
        self, principal: Principal, dataset: Dataset, said: MappingRequest, asked: TrialRequest
    ) -> TrialAnswer:
        try:
            sample = await self._samples.of(principal, asked)
        except FileFailed as failure:
            return failed_answer(failure)
        return await self._trials.judge(dataset, said.as_mapping(), sample)
