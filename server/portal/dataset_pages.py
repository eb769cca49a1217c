"""What can be sent, told to a person: columns with meaning, rules and examples, and how to send."""

from collections.abc import Sequence
from decimal import Decimal

from server.datasets.column import Column, ColumnType, OnFault
from server.datasets.controls import Control
from server.datasets.declaration import Dataset
from server.datasets.hints import hint
from server.portal.contexts import DatasetPage, DatasetsPage, Shell
from server.portal.counts import counted, either, listed
from server.portal.dataset_parts import ColumnLine, DatasetLine
from server.portal.figures import count, percent
from server.portal.file_parts import Fact
from server.portal.snippets import snippets_of
from server.portal.texts import English, Words
from server.portal.texts import gettext as _

_TYPES = Words(
    {
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
)
_RULES = Words(
    {
        ColumnType.CURRENCY: "an ISO 4217 code, in any case",
        ColumnType.ZONE: "an IANA name such as Europe/Berlin",
        ColumnType.COUNTRY: "an ISO 3166 code of two letters, in any case",
        ColumnType.BOOLEAN: "true or false, yes or no, 1 or 0",
    }
)


def datasets_page(shell: Shell, datasets: tuple[Dataset, ...]) -> DatasetsPage:
    """Return the list of datasets."""
    return DatasetsPage(
        shell,
        tuple(
            DatasetLine(
                href=f"/datasets/{dataset.name}",
                name=dataset.name,
                title=English(dataset.title),
                description=_plain(dataset.description),
                columns=counted(
                    "%(number)s column, %(required)s required",
                    "%(number)s columns, %(required)s required",
                    len(dataset.columns),
                    required=count(sum(column.required for column in dataset.columns)),
                ),
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
        title=English(dataset.title),
        sentence=_plain(dataset.description),
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
        aliases=listed(column.aliases),
        # The declarations mark names as code does; here they stand as words.
        meaning=_plain(column.description),
        type=_TYPES[column.type],
        rule=_rule(column) or (_("the header must have it") if column.in_header else ""),
        example=column.example,
        is_required=column.required,
        is_personal=column.personal,
        fault=_("The row is set aside") if rejects else _("The cell is left empty"),
    )


def _rule(column: Column) -> str:
    if column.type in (ColumnType.TEXT, ColumnType.ID):
        return English(column.pattern_hint) if column.pattern and column.pattern_hint else ""
    if column.exponent_of:
        return _("%(rule)s; as many decimals as %(column)s has") % {
            "rule": hint(column, _),
            "column": column.exponent_of,
        }
    return _RULES.get(column.type) or hint(column, _)


def _rules(dataset: Dataset) -> tuple[Fact, ...]:
    told: list[Fact] = []
    if (canonical := dataset.canonical) is not None:
        settlements = _(
            "Settlements of %(provider)s; one of its reports counts for each %(account)s"
        ) % {"provider": canonical.provider, "account": canonical.account}
        told.append(Fact(_("Told as"), settlements))
    if dataset.controls:
        told.append(Fact(_("Has to add up"), "; ".join(map(_control, dataset.controls))))
    if dataset.footers:
        told.append(Fact(_("Footers"), _footers(dataset.footers)))
    types = _("%(types)s; plain, gzip or zstd") % {"types": listed(dataset.file_types)}
    return (
        Fact(_("Dataset type"), dataset.name, is_code=True),
        Fact(_("Key"), _key(dataset)),
        Fact(_("Time of a row"), _time(dataset)),
        Fact(_("Bad rows"), _bad_rows(dataset)),
        *told,
        Fact(_("Header"), _("In any order and case; space, hyphen and underscore are the same")),
        Fact(_("File types"), types),
    )


def _key(dataset: Dataset) -> str:
    if dataset.rows_per_key == "one":
        told = _("%(key)s: a newer row takes the older one's place")
    else:
        told = _("%(key)s: a newer file's rows take the older ones' place, all together")
    told %= {"key": listed(dataset.key)}
    if dataset.version_column is None:
        return told
    return _("%(rule)s; within a file the highest %(column)s") % {
        "rule": told,
        "column": dataset.version_column,
    }


def _time(dataset: Dataset) -> str:
    if dataset.zone:
        told = _("%(column)s, in the zone of %(zone)s, else UTC")
    else:
        told = _("%(column)s, else UTC")
    told %= {"column": dataset.event_time, "zone": dataset.zone}
    meant = [
        _("%(abbreviation)s is %(zone)s") % {"abbreviation": name, "zone": zone}
        for name, zone in dataset.zone_abbreviations.items()
    ]
    return f"{told}; {listed(meant)}" if meant else told


def _bad_rows(dataset: Dataset) -> str:
    if dataset.defaults.on_error == "abort":
        return _("One row set aside fails the file: it loads as a whole or not at all")
    return _("Good rows load, bad rows are set aside; above %(share)s of them nothing loads") % {
        "share": percent(_ratio(dataset), digits=0)
    }


def _footers(footers: Sequence[str]) -> str:
    return _("A line whose first cell is %(forms)s is no row") % {"forms": either(footers)}


def _control(control: Control) -> str:
    if control.on_mismatch == "fail":
        return _("%(control)s, else nothing loads") % {"control": control.name}
    return _("%(control)s, else a warning") % {"control": control.name}


def _ratio(dataset: Dataset) -> Decimal:
    return Decimal(str(dataset.defaults.max_rejected_ratio))


def _template(dataset: Dataset) -> str:
    return f"/analytics/datasets/{dataset.name}/template.csv"


def _sample(dataset: Dataset) -> str:
    return f"/analytics/datasets/{dataset.name}/sample.csv"


def _plain(description: str) -> English:
    # A catalogue's descriptions name columns between backticks, for the API's reference.
    return English(description.replace("`", ""))
