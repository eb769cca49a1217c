"""Records that are no rows: blank lines, the header again, declared footers. They keep a number."""

from pathlib import Path

import pytest

from server.analytics.gateway import Analytics
from server.datasets.catalogue import Catalogue
from tests.fixtures.ingest import Judge
from tests.fixtures.rows import good, to_csv

FOOTERS = ("<END>", "Total( [A-Z]{3})?")


@pytest.fixture
def footed(engine: Analytics, tmp_path: Path) -> Judge:
    """Give a judge whose transactions may end in footers."""
    dataset = Catalogue.built_in().get("transactions")
    assert dataset is not None
    told = dataset.model_copy(update={"footers": FOOTERS})
    return Judge(engine, tmp_path, Catalogue({told.name: told}))


@pytest.mark.parametrize("is_by_lines", [True, False], ids=["by lines", "by the reader"])
async def test_what_is_no_row_is_skipped_and_keeps_its_number(
    footed: Judge, *, is_by_lines: bool
) -> None:
    header, first, second, third = to_csv([good(n) for n in range(3)]).splitlines()
    whole = ",".join(["Total EUR", *third.split(",")[1:]])
    lines = [header, first, "", second, header, "<END>", "Total,2,3", whole, "<ENDE>", third]

    sheet = await footed.text("\n".join(lines), "transactions", is_by_lines=is_by_lines)

    assert sheet.verdicts == {
        1: "good",
        2: "skipped",
        3: "good",
        4: "skipped",
        5: "skipped",
        6: "skipped",
        7: "skipped",
        8: "rejected",
        9: "good",
    }
    assert sheet.issues == [(8, "error", "", "missing-cell")]
    assert (sheet.verdict.rows_total, sheet.verdict.rows_skipped) == (4, 5)


async def test_what_no_dataset_declares_is_a_bad_row(judge: Judge) -> None:
    data = to_csv([good(1)]) + "<END>\n"

    sheet = await judge.text(data, "transactions")

    assert sheet.verdicts == {1: "good", 2: "rejected"}
