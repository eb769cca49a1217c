"""The people of a workspace: who they are, what they may do, and that one always administers it."""

from collections.abc import Mapping
from uuid import UUID

from server.access.directory import Directory
from server.access.models import Workspace
from server.access.people_repository import PeopleRepository, Person
from server.access.principal import Principal, check_grant
from server.access.roles import SCOPES, Role
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.clock import Clock
from server.errors import NotFound, StateConflict
from server.unit_of_work import UnitOfWork, UnitsOfWork


class People:
    """Reads and changes who belongs to a workspace; a change ends their sessions there."""

    def __init__(self, units: UnitsOfWork, directory: Directory, clock: Clock) -> None:
        self._units = units
        self._directory = directory
        self._clock = clock

    async def page(self, workspace_id: str, *, after: UUID | None, limit: int) -> list[Person]:
        """Return at most limit people, the newest user first."""
        async with self._units.begin() as unit:
            return await PeopleRepository(unit.session).people(
                workspace_id, after=after, limit=limit
            )

    async def get(self, workspace_id: str, user_id: UUID) -> Person:
        """Return one of the workspace's people.

        Raises:
            NotFound: the workspace has nobody of that id.
        """
        async with self._units.begin() as unit:
            return await _person(unit, workspace_id, user_id)

    async def workspace(self, workspace_id: str) -> Workspace:
        """Return the workspace itself.

        Raises:
            NotFound: there is none of that id.
        """
        async with self._units.begin() as unit:
            found = await PeopleRepository(unit.session).workspace(workspace_id)
        if found is None:
            raise NotFound
        return found

    async def workspaces(self) -> list[Workspace]:
        """Return every workspace, the first one made at the head: for who keeps the appliance."""
        async with self._units.begin() as unit:
            return await PeopleRepository(unit.session).workspaces()

    async def workspaces_of(self, user_id: UUID) -> set[str]:
        """Return the ids of the workspaces that the user belongs to."""
        async with self._units.begin() as unit:
            return await PeopleRepository(unit.session).workspaces_of(user_id)

    async def change_role(self, by: Principal, user_id: UUID, role: Role) -> Person:
        """Make the person something else. Idempotent.

        Raises:
            NotFound: the workspace has nobody of that id.
            StateConflict: they are the last administrator.
            Forbidden: the caller lacks a scope of the old role or the new one.
        """
        async with self._units.begin() as unit:
            person = await _locked(unit, by.workspace_id, user_id)
            before = person.membership.role
            if before == role:
                return person
            check_grant(by, SCOPES[role] | SCOPES[Role(before)])
            if role is not Role.ADMIN:
                await _keep_an_admin(unit, person)
            person.membership.role = str(role)
            detail = {"before": before, "after": str(role)}
            await self._changed(unit, by, person, Action.ROLE_CHANGED, detail)
        self._directory.forget_sessions()
        return person

    async def disable(self, by: Principal, user_id: UUID) -> Person:
        """Keep the person out of the workspace until they are let in again. Idempotent.

        Raises:
            NotFound: the workspace has nobody of that id.
            StateConflict: they are the last administrator.
        """
        async with self._units.begin() as unit:
            person = await _locked(unit, by.workspace_id, user_id)
            if person.membership.disabled_at is not None:
                return person
            await _keep_an_admin(unit, person)
            person.membership.disabled_at = self._clock()
            await self._changed(unit, by, person, Action.USER_DISABLED)
        self._directory.forget_sessions()
        return person

    async def enable(self, by: Principal, user_id: UUID) -> Person:
        """Let the person in again. Idempotent.

        Raises:
            NotFound: the workspace has nobody of that id.
        """
        async with self._units.begin() as unit:
            person = await _locked(unit, by.workspace_id, user_id)
            if person.membership.disabled_at is None:
                return person
            person.membership.disabled_at = None
            await self._changed(unit, by, person, Action.USER_ENABLED)
        self._directory.forget_sessions()
        return person

    async def remove(self, by: Principal, user_id: UUID) -> None:
        """Take the person out of the workspace; what they did stays in its history.

        Raises:
            NotFound: the workspace has nobody of that id.
            StateConflict: they are the last administrator.
        """
        async with self._units.begin() as unit:
            person = await _locked(unit, by.workspace_id, user_id)
            await _keep_an_admin(unit, person)
            people = PeopleRepository(unit.session)
            await people.delete_membership(by.workspace_id, user_id)
            await people.end_sessions(user_id, workspace_id=by.workspace_id)
            detail = {"role": person.membership.role}
            await record(
                unit,
                Action.USER_REMOVED,
                by=by,
                to=_subject(person),
                at=self._clock(),
                detail=detail,
            )
        self._directory.forget_sessions()

    async def charge(self, by: Principal, user_id: UUID) -> Person:
        """Return the person whose way in the caller may set anew.

        Password and second factor open every workspace of a person, so only who administers all of
        them may touch these: no administrator gets through them into another workspace.

        Raises:
            NotFound: the workspace has nobody of that id.
            StateConflict: the person belongs to a workspace that the caller does not administer.
            Forbidden: the caller lacks a scope that the person has.
        """
        async with self._units.begin() as unit:
            person = await _person(unit, by.workspace_id, user_id)
            check_grant(by, SCOPES[Role(person.membership.role)])
            people = PeopleRepository(unit.session)
            theirs = await people.workspaces_of(user_id)
            ours = {by.workspace_id}
            if by.name.startswith("user:"):
                ours |= await people.workspaces_of(UUID(by.key_id), role=Role.ADMIN)
        if not theirs <= ours:
            detail = (
                f"{person.user.email} belongs to other workspaces too; "
                "only an administrator of all of them can do this."
            )
            raise StateConflict(detail)
        return person

    async def rename_workspace(self, by: Principal, name: str) -> None:
        """Give the workspace another name. Idempotent."""
        async with self._units.begin() as unit:
            workspace = await _workspace(unit, by.workspace_id)
            before = workspace.name
            if before == name:
                return
            workspace.name = name
            unit.session.add(workspace)
            await record(
                unit,
                Action.WORKSPACE_RENAMED,
                by=by,
                to=Subject("workspace", workspace.workspace_id, name),
                at=self._clock(),
                detail={"before": before, "after": name},
            )
        self._directory.forget_sessions()

    async def require_second_factor(self, by: Principal, *, is_required: bool) -> None:
        """Say whether somebody without a second factor may work here. Idempotent.

        Raises:
            StateConflict: the caller is a person without one, who would lock themselves out.
        """
        async with self._units.begin() as unit:
            workspace = await _workspace(unit, by.workspace_id)
            if workspace.requires_totp is is_required:
                return
            if is_required and by.name.startswith("user:"):
                own = await _person(unit, by.workspace_id, UUID(by.key_id))
                if own.user.totp_since is None:
                    detail = "Turn your own second factor on first."
                    raise StateConflict(detail)
            workspace.requires_totp = is_required
            unit.session.add(workspace)
            action = Action.SECOND_FACTOR_REQUIRED if is_required else Action.SECOND_FACTOR_OPTIONAL
            subject = Subject("workspace", workspace.workspace_id, workspace.name)
            await record(unit, action, by=by, to=subject, at=self._clock())
        self._directory.forget_sessions()

    async def _changed(
        self,
        unit: UnitOfWork,
        by: Principal,
        person: Person,
        action: Action,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        unit.session.add(person.membership)
        user_id = person.user.user_id
        await PeopleRepository(unit.session).end_sessions(user_id, workspace_id=by.workspace_id)
        await record(unit, action, by=by, to=_subject(person), at=self._clock(), detail=detail)


async def _workspace(unit: UnitOfWork, workspace_id: str) -> Workspace:
    people = PeopleRepository(unit.session)
    await people.lock_workspace(workspace_id)
    workspace = await people.workspace(workspace_id)
    if workspace is None:
        raise NotFound
    return workspace


async def _locked(unit: UnitOfWork, workspace_id: str, user_id: UUID) -> Person:
    await PeopleRepository(unit.session).lock_workspace(workspace_id)
    return await _person(unit, workspace_id, user_id)


async def _person(unit: UnitOfWork, workspace_id: str, user_id: UUID) -> Person:
    person = await PeopleRepository(unit.session).person(workspace_id, user_id)
    if person is None:
        detail = "There is nobody of that id in this workspace."
        raise NotFound(detail)
    return person


async def _keep_an_admin(unit: UnitOfWork, person: Person) -> None:
    """Refuse what would leave the workspace to nobody; its people are locked by now."""
    it = person.membership
    if it.role != Role.ADMIN or it.disabled_at is not None:
        return
    if not await PeopleRepository(unit.session).has_other_admin(it.workspace_id, it.user_id):
        detail = "This is the last administrator. Make somebody else one first."
        raise StateConflict(detail)


def _subject(person: Person) -> Subject:
    return Subject("user", str(person.user.user_id), person.user.email)
