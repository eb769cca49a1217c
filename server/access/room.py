"""Puts the services of this room together, for the composition root."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from server.access.credentials import Credentials
from server.access.directory import Directory
from server.access.invitations import Invitations
from server.access.passwords import Passwords
from server.access.people import People
from server.access.proof import Proof
from server.access.sealing import Sealing
from server.access.second_factor import SecondFactor
from server.access.service import AccessService
from server.access.sign_in import SignIn
from server.audit.trail import AuditTrail
from server.clock import Clock
from server.settings import Settings
from server.unit_of_work import UnitsOfWork


@dataclass(frozen=True)
class AccessRoom:
    """Every service of the room; one of each per process."""

    directory: Directory
    proof: Proof
    access: AccessService
    sign_in: SignIn
    people: People
    invitations: Invitations
    credentials: Credentials
    second_factor: SecondFactor
    trail: AuditTrail

    @property
    def named(self) -> Mapping[str, object]:
        """Return what handlers may ask for, by the name they use."""
        return {
            "access": self.access,
            "sign_in": self.sign_in,
            "people": self.people,
            "invitations": self.invitations,
            "credentials": self.credentials,
            "second_factor": self.second_factor,
            "trail": self.trail,
        }


def open_room(units: UnitsOfWork, settings: Settings, clock: Clock) -> AccessRoom:
    """Return the services, which share one directory and one count of wrong passwords."""
    directory = Directory(units, clock, idle=timedelta(minutes=settings.session_idle_minutes))
    passwords = Passwords()
    proof = Proof(units, passwords)
    sealing = Sealing(settings.sealing_key.get_secret_value())
    second_factor = SecondFactor(units, directory, proof, sealing)
    session_life = timedelta(hours=settings.session_hours)
    return AccessRoom(
        directory=directory,
        proof=proof,
        access=AccessService(units, directory, passwords, clock),
        sign_in=SignIn(units, directory, proof, second_factor, session_life=session_life),
        people=People(units, directory, clock),
        invitations=Invitations(units, passwords, proof, clock),
        credentials=Credentials(units, directory, passwords, proof, clock),
        second_factor=second_factor,
        trail=AuditTrail(units),
    )
