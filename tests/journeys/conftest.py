"""Fixtures of this folder's tests."""

from tests.fixtures.appliance import appliance, client
from tests.journeys.payments import payments

__all__ = ["appliance", "client", "payments"]
