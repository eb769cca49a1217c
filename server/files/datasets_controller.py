"""The routes under `/analytics/datasets`: what may be sent, an empty file and a made-up one."""

from collections.abc import Iterator
from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.datasets.movements import Window
from server.datasets.pages import BASE_PATH, DatasetListPage, DatasetPage, NoNextPage
from server.datasets.sample import sample_csv
from server.datasets.template import template_csv
from server.errors import Malformed, NotFound
from server.files.refusals import refusals

# A million rows are some 150 MB: enough to try an appliance, made in under a minute.
MAX_SAMPLE_ROWS = 1_000_000
_SAMPLE_DAYS = 90
_CSV = "text/csv; charset=utf-8"


class DatasetsController(Controller):
    """The declared datasets; any key may read them."""

    path = BASE_PATH
    tags = ("Datasets",)

    @get(responses=refusals(), summary="List the datasets")
    async def list_datasets(self, catalogue: NamedDependency[Catalogue]) -> DatasetListPage:
        """Answer every dataset with its columns, by name."""
        results = tuple(DatasetPage.of(dataset) for dataset in catalogue.all())
        return DatasetListPage(results=results, links=NoNextPage(next=None))

    @get("/{dataset_type:str}", responses=refusals(NotFound), summary="Read a dataset")
    async def read_dataset(
        self, dataset_type: FromPath[str], catalogue: NamedDependency[Catalogue]
    ) -> DatasetPage:
        """Answer one dataset: its columns, its key, its defaults."""
        return DatasetPage.of(_find(catalogue, dataset_type))

    @get(
        "/{dataset_type:str}/template.csv",
        responses=refusals(NotFound),
        summary="Download the empty file of a dataset",
    )
    async def download_template(
        self, dataset_type: FromPath[str], catalogue: NamedDependency[Catalogue]
    ) -> Response[bytes]:
        """Answer the header line."""
        dataset = _find(catalogue, dataset_type)
        return Response(
            template_csv(dataset).encode(), media_type=_CSV, headers=_named(dataset, "template")
        )

    @get(
        "/{dataset_type:str}/sample.csv",
        responses=refusals(Malformed, NotFound),
        summary="Download made-up rows of a dataset",
    )
    async def download_sample(
        self,
        dataset_type: FromPath[str],
        catalogue: NamedDependency[Catalogue],
        clock: NamedDependency[Clock],
        rows: Annotated[
            int, QueryParameter(ge=1, le=MAX_SAMPLE_ROWS, description="How many rows.")
        ] = 1000,
        seed: Annotated[
            int, QueryParameter(ge=0, le=2**63 - 1, description="Another seed, other rows.")
        ] = 1,
    ) -> Stream:
        """Answer valid, made-up rows of the last 90 days; the same ones all day for a seed."""
        dataset = _find(catalogue, dataset_type)
        window = Window.last_days(_SAMPLE_DAYS, clock())
        text = sample_csv(dataset, rows=rows, seed=seed, window=window)
        return Stream(_encoded(text), media_type=_CSV, headers=_named(dataset, "sample"))


def _find(catalogue: Catalogue, name: str) -> Dataset:
    dataset = catalogue.get(name)
    if dataset is None:
        detail = f"There is no such dataset; known are {', '.join(catalogue.names())}."
        raise NotFound(detail)
    return dataset


def _encoded(text: Iterator[str]) -> Iterator[bytes]:
    return (piece.encode() for piece in text)


def _named(dataset: Dataset, what: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{dataset.name}-{what}.csv"',
        "X-Content-Type-Options": "nosniff",
    }


controllers = [DatasetsController]
