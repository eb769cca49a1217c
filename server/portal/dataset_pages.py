"""What can be sent, told to a person: columns with meaning, rules and examples, and how to send."""

from decimal import Decimal

from server.datasets.column import Column, ColumnType, OnFault
from server.datasets.controls import Control
from server.datasets.declaration import Dataset
from server.datasets.hints import hint
from server.portal.contexts import DatasetPage, DatasetsPage, Shell
from server.portal.dataset_parts import ColumnLine, DatasetLine
from server.portal.figures import percent, plural
from server.portal.file_parts import Fact
from server.portal.snippets import snippets_of

_TYPES = {
    ColumnType.TEXT: "Text",
    ColumnType.ID: "Id",
    ColumnType.ENUM: "One of a list",
    ColumnType.CURRENCY: "Currency",
    ColumnType.DECIMAL: "Number",
    ColumnType.INTEGER: "Whole number",
    ColumnType.DATETIME: "Time",
    ColumnType.ZONE: "Time zone",
    ColumnType.BOOLEAN: "Yes or no",
    ColumnType.DATE: "Day",
    ColumnType.COUNTRY: "Country",
}
_RULES = {
    ColumnType.CURRENCY: "an ISO 4217 code, in any case",
    ColumnType.ZONE: "an IANA name such as Europe/Berlin",
    ColumnType.COUNTRY: "an ISO 3166 code of two letters, in any case",
    ColumnType.BOOLEAN: "true or false, yes or no, 1 or 0",
}


def datasets_page(shell: Shell, datasets: tuple[Dataset, ...]) -> DatasetsPage:
    """Return the list of datasets."""
    return DatasetsPage(
        shell,
        tuple(
            DatasetLine(
                href=f"/datasets/{dataset.name}",
                name=dataset.name,
                title=dataset.title,
                description=dataset.description,
                columns=plural(len(dataset.columns), "column")
                + f", {sum(column.required for column in dataset.columns)} required",
                template_href=_template(dataset),
                sample_href=_sample(dataset),
            )
            for dataset in datasets
        ),
    )


def dataset_page(shell: Shell, dataset: Dataset, *, base_url: str) -> DatasetPage:
    """Return the page of a dataset.

    Args:
        shell: the frame.
        dataset: which.
        base_url: public address, for commands that can be run as they stand.
    """
    return DatasetPage(
        shell=shell,
        title=dataset.title,
        sentence=dataset.description,
        columns=tuple(_column(dataset, column) for column in dataset.columns),
        rules=_rules(dataset),
        snippets=snippets_of(dataset.name, base_url),
        template_href=_template(dataset),
        sample_href=_sample(dataset),
    )


def _column(dataset: Dataset, column: Column) -> ColumnLine:
    rejects = dataset.on_fault(column) is OnFault.REJECT
    return ColumnLine(
        name=column.name,
        aliases=", ".join(column.aliases),
        # The declarations mark names as code does; here they stand as words.
        meaning=column.description.replace("`", ""),
        type=_TYPES[column.type],
        rule=_rule(column) or ("the header must have it" if column.in_header else ""),
        example=column.example,
        is_required=column.required,
        is_personal=column.personal,
        fault="The row is set aside" if rejects else "The cell is left empty",
    )


def _rule(column: Column) -> str:
    if column.type in (ColumnType.TEXT, ColumnType.ID):
        return column.pattern_hint if column.pattern else ""
    if column.exponent_of:
        return f"{hint(column)}; as many decimals as {column.exponent_of} has"
    return _RULES.get(column.type) or hint(column)


def _rules(dataset: Dataset) -> tuple[Fact, ...]:
    per_key = (
        "a newer row takes the older one's place"
        if dataset.rows_per_key == "one"
        else "a newer file's rows take the older ones' place, all together"
    )
    if dataset.version_column is not None:
        per_key += f"; within a file the highest {dataset.version_column}"
    if dataset.defaults.on_error == "abort":
        bad = "One row set aside fails the file: it loads as a whole or not at all"
    else:
        share = percent(_ratio(dataset), digits=0)
        bad = f"Good rows load, bad rows are set aside; above {share} of them nothing loads"
    zone = f", in the zone of {dataset.zone}, else UTC" if dataset.zone else ", else UTC"
    meant = [f"{name} is {zone}" for name, zone in dataset.zone_abbreviations.items()]
    if meant:
        zone += f"; {', '.join(meant)}"
    told: list[Fact] = []
    if dataset.canonical is not None:
        account = f"one of its reports counts for each {dataset.canonical.account}"
        told.append(Fact("Told as", f"Settlements of {dataset.canonical.provider}; {account}"))
    if dataset.controls:
        told.append(Fact("Has to add up", "; ".join(map(_control, dataset.controls))))
    if dataset.footers:
        forms = " or ".join(dataset.footers)
        told.append(Fact("Footers", f"A line whose first cell is {forms} is no row"))
    return (
        Fact("Dataset type", dataset.name, is_code=True),
        Fact("Key", f"{', '.join(dataset.key)}: {per_key}"),
        Fact("Time of a row", f"{dataset.event_time}{zone}"),
        Fact("Bad rows", bad),
        *told,
        Fact("Header", "In any order and case; space, hyphen and underscore are the same"),
        Fact("File types", ", ".join(dataset.file_types) + "; plain, gzip or zstd"),
    )


def _control(control: Control) -> str:
    consequence = "else nothing loads" if control.on_mismatch == "fail" else "else a warning"
    return f"{control.name}, {consequence}"


def _ratio(dataset: Dataset) -> Decimal:
    return Decimal(str(dataset.defaults.max_rejected_ratio))


def _template(dataset: Dataset) -> str:
    return f"/analytics/datasets/{dataset.name}/template.csv"


def _sample(dataset: Dataset) -> str:
    return f"/analytics/datasets/{dataset.name}/sample.csv"
