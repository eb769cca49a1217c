"""What an exception of ClickHouse's driver means: to be tried again, or a refusal with a number.

Used by `pool.py`, which catches them.
"""

import re
from typing import Final

from server.errors import AnalyticsUnavailable, QueryRejected

# ClickHouse's numbers for what may pass by itself: timeouts, memory, disk, network, shutdown.
_TRANSIENT: Final = frozenset(
    {159, 160, 164, 198, 202, 203, 209, 210, 236, 241, 243, 252, 279, 285, 319, 394, 425, 473, 499}
)
_NO_CODE: Final = 0
# Whatever number it comes with: a full disk is met in many places.
_DISK_FULL: Final = "No space left on device"
_ERROR_CODE: Final = re.compile(r"[Cc]ode: ?(\d+)")


def translated(fault: Exception) -> AnalyticsUnavailable | QueryRejected:
    """Return what an exception of the driver means; its own text may quote cells."""
    refusal = fault.__cause__
    if isinstance(refusal, UnicodeDecodeError):
        # An answer that quotes a cell which is no UTF-8: the driver gives up on it, but it is one.
        message = refusal.object.decode(errors="replace")
        found = _ERROR_CODE.search(message)
        if found is None:
            return QueryRejected(_NO_CODE, message)
    else:
        message = str(fault)
        found = _ERROR_CODE.search(message)
        if found is None:
            return AnalyticsUnavailable(type(fault).__name__)
    code = int(found.group(1))
    if code in _TRANSIENT or _DISK_FULL in message:
        return AnalyticsUnavailable(f"ClickHouse error {code}")
    return QueryRejected(code, message)
