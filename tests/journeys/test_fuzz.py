"""Whatever is sent ends, with a reason the sender can act on, and every row is accounted for.

By default a handful of files each way; `TALLYDOCK_TEST_FUZZ_SECONDS=600` goes on for ten minutes,
`TALLYDOCK_TEST_FUZZ_SEED` begins where another run found something.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable

import pytest

from server.files.answers import FileAnswer
from server.files.failures import FailureCode
from tests.fixtures.client import Client
from tests.journeys.mutations import SPOILS, Spoil, spoil_cells
from tests.journeys.payments import Payments

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("TALLYDOCK_TEST_FUZZ_SECONDS", "0"))
SEED = os.environ.get("TALLYDOCK_TEST_FUZZ_SEED", "tallydock")
FEWEST = 6
ROWS = 40


@pytest.mark.timeout(SECONDS * len(SPOILS) + 600)
@pytest.mark.parametrize("spoil", SPOILS)
def test_any_file_ends_and_every_row_is_accounted_for(
    client: Client,
    payments: Payments,
    spoil: Spoil,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    end, sent = time.monotonic() + SECONDS / len(SPOILS), 0
    ends: Counter[str] = Counter()
    while sent < FEWEST or time.monotonic() < end:
        chance = random.Random(f"{SEED}-{sent}")
        rows = payments.rows(ROWS)
        data = spoil(rows, chance)

        file = client.send(data, maxRejectedRatio=1)

        told = f"seed {SEED}-{sent}: {file.failure}"
        check(file, told)
        if spoil is spoil_cells and file.statistics is not None:
            seen = file.statistics.rows_total + file.statistics.rows_skipped
            assert seen == ROWS, told
        ends[str(file.failure["code"] if file.failure is not None else file.outcome)] += 1
        sent += 1
    record_testsuite_property(f"fuzz_{spoil.__name__}", f"{sent} files: {dict(ends)}")


def check(file: FileAnswer, told: str) -> None:
    """Hold the end to the contract."""
    if file.failure is not None:
        assert file.failure["code"] != FailureCode.INTERNAL, told
        assert file.failure["retryable"] is False, told
        assert file.failure["detail"], told
    found = file.statistics
    if found is None:
        assert file.failure is not None, told
        return
    parts = (found.rows_imported, found.rows_rejected, found.rows_duplicate, found.rows_withheld)
    assert found.rows_total == sum(parts), told
    brought = (found.rows_inserted, found.rows_replaced, found.rows_outdated)
    assert found.rows_imported == sum(brought), told
    rejecting = sum(issue.count for issue in file.issues if issue.severity == "error")
    assert rejecting >= found.rows_rejected, told
