"""What callers are told of a dataset; made from its declaration, in the contract's names."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from server.datasets.column import ColumnType, OnFault
from server.datasets.declaration import Dataset

BASE_PATH = "/analytics/datasets"


class _Told(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class ColumnPage(_Told):
    """One column."""

    name: str
    aliases: tuple[str, ...] = Field(description="Other labels that stand for the column")
    type: ColumnType
    required: bool = Field(description="The header must have it, no row may leave it empty")
    in_header: bool = Field(description="The header must have it, rows may leave it empty")
    on_fault: OnFault = Field(description="What a faulty cell does to its row")
    enum: tuple[str, ...] | None = Field(description="The values taken, in any case; null: any")
    pattern: str | None = Field(description="RE2, matched against the whole cell")
    pattern_hint: str | None = Field(description="The pattern in words")
    minimum: int | None
    maximum: int | None
    above_zero: bool
    exponent_of: str | None = Field(description="The currency column that bounds the decimals")
    personal: bool = Field(description="It tells of a person")
    description: str
    example: str


class DefaultsPage(_Told):
    """What applies when a request for an upload does not say."""

    on_error: str
    max_rejected_ratio: float | None = Field(description="Null where the first bad row fails all")


class RolesPage(_Told):
    """Which column plays which part; null where none does."""

    amount: str | None
    currency: str
    type: str | None
    provider: str | None
    account: str | None
    payment_method: str | None
    status: str | None


class ControlPage(_Told):
    """What has to add up in a file."""

    name: str
    on_mismatch: str = Field(description="fail: nothing loads; warn: it is told")


class DatasetLinks(_Told):
    """Where to go on; relative to the host."""

    self: str
    template: str
    sample: str


class DatasetPage(_Told):
    """One dataset."""

    dataset_type: str
    title: str
    description: str
    schema_version: int
    columns: tuple[ColumnPage, ...]
    key: tuple[str, ...] = Field(description="Columns that together tell rows apart")
    rows_per_key: str = Field(description="one: a newer row replaces; many: its whole group does")
    version_column: str | None = Field(description="Decides between rows of one key in a file")
    event_time: str = Field(description="The column that dates a row")
    zone: str | None = Field(description="The column with the zone of local times")
    zone_abbreviations: dict[str, str] = Field(
        description="What the zone column may say beside IANA names, and what it means"
    )
    roles: RolesPage = Field(description="The columns that totals and dashboards read")
    file_types: tuple[str, ...]
    controls: tuple[ControlPage, ...] = Field(description="What has to add up in a file")
    footers: tuple[str, ...] = Field(
        description="RE2, matched against the whole first cell: such a record is no row"
    )
    defaults: DefaultsPage
    links: DatasetLinks

    @classmethod
    def of(cls, dataset: Dataset) -> "DatasetPage":
        """Return the page of a dataset."""
        path = f"{BASE_PATH}/{dataset.name}"
        is_abort = dataset.defaults.on_error == "abort"
        return cls(
            dataset_type=dataset.name,
            title=dataset.title,
            description=dataset.description,
            schema_version=dataset.version,
            columns=tuple(
                ColumnPage(
                    name=column.name,
                    aliases=column.aliases,
                    type=column.type,
                    required=column.required,
                    in_header=column.in_header,
                    on_fault=dataset.on_fault(column),
                    enum=column.enum or None,
                    pattern=column.pattern,
                    pattern_hint=column.pattern_hint or None,
                    minimum=column.minimum,
                    maximum=column.maximum,
                    above_zero=column.above_zero,
                    exponent_of=column.exponent_of,
                    personal=column.personal,
                    description=column.description,
                    example=column.example,
                )
                for column in dataset.columns
            ),
            key=dataset.key,
            rows_per_key=dataset.rows_per_key,
            version_column=dataset.version_column,
            event_time=dataset.event_time,
            zone=dataset.zone,
            zone_abbreviations=dict(dataset.zone_abbreviations),
            roles=RolesPage.model_validate(dataset.roles.model_dump()),
            file_types=dataset.file_types,
            controls=tuple(
                ControlPage(name=control.name, on_mismatch=control.on_mismatch)
                for control in dataset.controls
            ),
            footers=dataset.footers,
            defaults=DefaultsPage(
                on_error=dataset.defaults.on_error,
                max_rejected_ratio=None if is_abort else dataset.defaults.max_rejected_ratio,
            ),
            links=DatasetLinks(
                self=path, template=f"{path}/template.csv", sample=f"{path}/sample.csv"
            ),
        )


class NoNextPage(_Told):
    """All datasets stand on one page."""

    next: None


class DatasetListPage(_Told):
    """Every dataset there is."""

    results: tuple[DatasetPage, ...]
    links: NoNextPage
