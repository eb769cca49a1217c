"""Files held at the moment they enter a stage, so that a fault hits that stage and no other.

A trigger in the database has whoever writes the stage wait for a lock that the test holds. The
house knows nothing of it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import asyncpg

UNDOING = "undoing"
"""No stage: the moment a worker takes an undo."""

_LOCK = 4711
_TRIGGER = f"""
CREATE TABLE held (stage text, file_id uuid);
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entered text := CASE
        WHEN NEW.stage IS DISTINCT FROM OLD.stage THEN NEW.stage
        WHEN NEW.undo_requested_at IS NOT NULL AND NEW.undone_at IS NULL
            AND NEW.lease_owner IS DISTINCT FROM OLD.lease_owner
            AND NEW.lease_owner IS NOT NULL THEN '{UNDOING}'
    END;
BEGIN
    IF EXISTS (
        SELECT 1 FROM held WHERE stage = entered AND coalesce(file_id, NEW.file_id) = NEW.file_id
    ) THEN
        PERFORM pg_advisory_xact_lock_shared({_LOCK});
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION hold();
"""
_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
_SECONDS = 240
# A database that was stopped answers nobody, not even its holder.
_LET_GO_SECONDS = 2


class Holding:
    """The test's hand in the database.

    Args:
        url: for asyncpg.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._runner = asyncio.Runner()

    def prepare(self) -> None:
        """Lay the trigger."""
        self._runner.run(self._execute(_TRIGGER))

    @contextmanager
    def at(self, stage: str, file_id: UUID | None = None) -> Iterator["Held"]:
        """Hold the file, or any that enters the stage; let it go when the block ends."""
        held = Held(self._runner, self._runner.run(self._hold(stage, file_id)))
        try:
            yield held
        finally:
            held.release()

    def close(self) -> None:
        """Let go of everything."""
        self._runner.close()

    async def _hold(self, stage: str, file_id: UUID | None) -> "asyncpg.Connection[asyncpg.Record]":
        connection = await asyncpg.connect(self._url)
        await connection.execute("DELETE FROM held")
        await connection.execute("INSERT INTO held VALUES ($1, $2)", stage, file_id)
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        return connection

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._url)
        await connection.execute(statement)
        await connection.close()


class Held:
    """A stage at which files are held."""

    def __init__(
        self, runner: asyncio.Runner, connection: "asyncpg.Connection[asyncpg.Record]"
    ) -> None:
        self._runner = runner
        self._connection = connection

    def wait(self) -> None:
        """Return when a file is held."""

        async def until_held() -> None:
            async with asyncio.timeout(_SECONDS):
                while not await self._connection.fetchval(_WAITING):  # noqa: ASYNC110 - in there
                    await asyncio.sleep(0.01)

        self._runner.run(until_held())

    def release(self) -> None:
        """Let the file go on; also when the database went away, or hangs with the lock in it.

        One that hangs lets go of the lock when it goes on and finds nobody at the other end.
        """

        async def let_go() -> None:
            if self._connection.is_closed():
                return
            try:
                async with asyncio.timeout(_LET_GO_SECONDS):
                    await self._connection.execute("DELETE FROM held")
                    await self._connection.close()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                self._connection.terminate()

        self._runner.run(let_go())
