"""Every panel there is, in the order in which they are listed."""

from collections.abc import Mapping
from types import MappingProxyType

from server.insights.panel import Panel
from server.insights.queries import (
    captures_and_refunds,
    newest_files,
    orders_totals,
    payment_methods,
    settlements_totals,
    volume_by_provider,
    volume_over_time,
)

PANELS: Mapping[str, Panel] = MappingProxyType(
    {
        module.PANEL.panel: module.PANEL
        for module in (
            volume_over_time,
            captures_and_refunds,
            volume_by_provider,
            payment_methods,
            orders_totals,
            settlements_totals,
            newest_files,
        )
    }
)
