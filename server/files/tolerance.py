"""What refuses a file whatever its good rows are: known before it is loaded, from few numbers.

Asked by the worker, whose word counts, and by the portal before a file is checked again.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from server.datasets.declaration import Dataset
from server.files.failures import FailureCode, FileFailed


def too_many_set_aside(
    dataset: Dataset, options: Mapping[str, object], *, rejected: int, total: int
) -> FileFailed | None:
    """Return why a file with so many rows set aside fails as a whole; None when it loads.

    Args:
        dataset: whose defaults hold for what the options leave out.
        options: of the request, as they were sent.
        rejected: rows set aside.
        total: rows of the file.
    """
    if rejected and (options.get("onError") or dataset.defaults.on_error) == "abort":
        detail = f"{rejected:,} of {total:,} rows were set aside, and the file loads as a whole."
        return FileFailed(FailureCode.ABORTED_ON_ERROR, detail)
    asked = options.get("maxRejectedRatio")
    # As written: 29 of 100 rows are no more than 0.29, but more than that number's nearest float.
    most = Decimal(str(dataset.defaults.max_rejected_ratio if asked is None else asked))
    if rejected > most * total:
        percent = f"{(most * 100).normalize():f}"
        detail = f"{rejected:,} of {total:,} rows were set aside; at most {percent} % may be."
        return FileFailed(FailureCode.TOO_MANY_REJECTED, detail)
    return None


def part_of_a_report(dataset: Dataset, name: str) -> FileFailed | None:
    """Return why a file of that name may not come by itself; None when it may."""
    if dataset.later_parts is None or not re.fullmatch(dataset.later_parts, name):
        return None
    detail = (
        "By its name the file is a later part of a report, and would take the place of the parts"
        " before it. Put all parts behind each other, repeated header lines are skipped, and send"
        " them as one file."
    )
    return FileFailed(FailureCode.STRUCTURE_ERROR, detail)
