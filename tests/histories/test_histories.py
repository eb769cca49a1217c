"""Any history of a dataset leaves what its published files resolve to, row by row, at every step.

Hypothesis makes the histories: files arrive, also of the same bytes and at the same moment, are
worked on in any order or all at once, undone, reprocessed, and their workers killed at any border;
parts are merged, and the reconciler deletes what the dead left. TALLYDOCK_TEST_HISTORIES says how
many.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from server.analytics.gateway import Analytics
from server.files.lifecycle import Stage
from tests.fixtures.ingest import engine
from tests.fixtures.storage import StorageAddress
from tests.fixtures.workshop import embedded_address
from tests.histories.house import open_house
from tests.histories.model import (
    MANY,
    ONE,
    Row,
    Sent,
    complete,
    complete_together,
    counts_among,
    end_of,
    imported,
    resolve,
)
from tests.histories.world import World, counts_in, file_of
from worker.ingest import keys

__all__ = ["embedded_address", "engine"]

T = TypeVar("T")

EXAMPLES = int(os.environ.get("TALLYDOCK_TEST_HISTORIES", "6"))
STEPS = 16

ROWS = st.lists(
    st.builds(Row, st.integers(1, 4), st.integers(1, 3), st.sampled_from([100, 250])),
    min_size=1,
    max_size=5,
)
PLACE = st.integers(0, 99)
# About as many as a job has: most of the workers die at one.
BORDERS = st.integers(0, 100)


class Histories(RuleBasedStateMachine):
    """A world and its model, side by side."""

    runner: ClassVar[asyncio.Runner]
    worlds: ClassVar[Iterator[World]]
    told: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.world = next(self.worlds)
        self.files: list[Sent] = []

    @initialize(
        dataset=st.sampled_from([ONE, MANY]),
        files=st.lists(ROWS, max_size=3),
        is_at_once=st.booleans(),
    )
    def begin(self, dataset: str, files: list[list[Row]], is_at_once: bool) -> None:
        """Begin a workspace in which a few files are visible."""
        self.world.dataset = dataset
        for rows in files:
            self.send(rows, is_together=False, is_dry=False)
        if is_at_once and self.files:
            self.work_together()
        for file in self._pending():
            self._work(file, None)

    @rule(rows=ROWS, is_together=st.booleans(), is_dry=st.booleans())
    def send(self, rows: list[Row], is_together: bool, is_dry: bool) -> None:
        """Have a file arrive, perhaps to be judged only."""
        if self.world.dataset == MANY:
            rows = [Row(row.key, 6, row.cents) for row in rows]
        self._send(tuple(rows), is_together=is_together, is_dry=is_dry)

    @precondition(lambda self: self.files)
    @rule(place=PLACE, is_together=st.booleans(), wish=st.sampled_from(["", "dry", "twice"]))
    def send_again(self, place: int, is_together: bool, wish: str) -> None:
        """Have the bytes of an earlier file arrive once more, perhaps wanted all the same."""
        self._send(
            self._pick(self.files, place).rows,
            is_together=is_together,
            is_dry=wish == "dry",
            is_wanted_twice=wish == "twice",
        )

    @precondition(lambda self: self._pending())
    @rule(place=PLACE, borders=BORDERS)
    def die_at_work(self, place: int, borders: int) -> None:
        """Have a worker take any file that waits, or whose worker died, and be killed."""
        self._work(self._pick(self._pending(), place), borders)

    @precondition(lambda self: self._pending())
    @rule(place=PLACE)
    def work(self, place: int) -> None:
        """Have a worker take any file that waits, or whose worker died."""
        self._work(self._pick(self._pending(), place), None)

    @precondition(lambda self: self._pending())
    @rule()
    def work_all(self) -> None:
        """Have every file that waits taken once, in order of arrival."""
        for file in sorted(self._pending(), key=lambda file: file.arrived):
            self._work(file, None)

    @precondition(lambda self: len(self._pending()) > 1)
    @rule()
    def work_together(self) -> None:
        """Have every file that waits taken at once, each by a worker of its own."""
        taken = self._pending()
        for file in taken:
            self._run(self.world.waits_no_longer(file.file_id))
        swapped = self._run(self.world.work_together([file.file_id for file in taken]))
        rows = [self._run(self.world.desk.row(file.file_id)) for file in taken]
        completed = {row.file_id for row in rows if row.is_at is Stage.COMPLETED}
        complete_together(taken, completed, swapped, self.files)
        self.told["together"] += len(taken)

    @precondition(lambda self: self._undoable())
    @rule(place=PLACE)
    def undo(self, place: int) -> None:
        """Undo any completed file, or go on with an undo whose worker died."""
        self._undo(self._pick(self._undoable(), place), None)

    @precondition(lambda self: self._undoable())
    @rule(place=PLACE, borders=BORDERS)
    def die_at_undo(self, place: int, borders: int) -> None:
        """Have the worker of an undo be killed."""
        self._undo(self._pick(self._undoable(), place), borders)

    @precondition(lambda self: self._reprocessable())
    @rule(place=PLACE)
    def reprocess(self, place: int) -> None:
        """Ask for any ended file to be judged again."""
        file = self._pick(self._reprocessable(), place)
        self._run(self.world.desk.service.reprocess(self.world.principal, file.file_id))
        file.state, file.is_undo_wanted, file.duplicate_of = "queued", False, None

    @precondition(lambda self: self._losable())
    @rule(place=PLACE)
    def reprocess_in_vain(self, place: int) -> None:
        """Have a visible file judged again whose bytes are gone: all stays as it was."""
        file = self._pick(self._losable(), place)
        file.is_lost = True
        self._run(self.world.lose_object(file.file_id))
        self._run(self.world.desk.service.reprocess(self.world.principal, file.file_id))
        self._run(self.world.work("ingest", file.file_id, None))
        self.told["failed"] += 1

    @rule()
    def merge(self) -> None:
        """Have the engine merge."""
        self._run(self.world.merge())

    @rule()
    def reconcile(self) -> None:
        """Have what the dead left removed."""
        self._run(self.world.reconcile())

    @invariant()
    def readers_see_what_the_model_says(self) -> None:
        """Compare row by row, and every record."""
        shown = self._run(self.world.shown())
        assert shown == resolve(file for file in self.files if file.is_visible)
        self.told["comparisons"] += 1
        if not any(file.has_swapped for file in self.files):
            self._check_records()

    def teardown(self) -> None:
        """Let everything come to its end."""
        for _ in range(3 * len(self.files)):
            for file in self._pending():
                self._work(file, None)
            for file in self.files:
                if file.is_undo_wanted and file.outcome != "undone":
                    self._undo(file, None)
        assert not self._pending()
        self.readers_see_what_the_model_says()
        self._check_records()

    def _send(
        self,
        rows: tuple[Row, ...],
        *,
        is_together: bool,
        is_dry: bool = False,
        is_wanted_twice: bool = False,
    ) -> None:
        arrived = self.files[-1].arrived[0] if is_together and self.files else None
        data = file_of(self.world.dataset, rows)
        options = {"dryRun": is_dry, "allowDuplicate": is_wanted_twice}
        file = self._run(self.world.send(data, arrived, **options))
        assert file.uploaded_at is not None
        arrival = (file.uploaded_at, file.file_id)
        sent = Sent(file.file_id, self.world.dataset, rows, arrival, is_dry, is_wanted_twice)
        self.files.append(sent)
        self.told["sent"] += 1

    def _work(self, file: Sent, borders: int | None) -> None:
        end = end_of(file, self.files)
        before = self._run(self.world.generation())
        self._run(self.world.waits_no_longer(file.file_id))
        has_died = self._run(self.world.work("ingest", file.file_id, borders))
        self.told["killed" if has_died else "worked"] += 1
        has_swapped = self._run(self.world.generation()) != before
        if end == "imported" and has_swapped:
            file.counts = counts_among(file, self._visible(file))
            file.is_visible = file.has_swapped = True
        row = self._run(self.world.desk.row(file.file_id))
        if row.is_at is Stage.COMPLETED:
            complete(file, end, self.files)
        else:
            assert has_died or end == "waits", (end, row.stage, row.failure)
            file.state = "dead" if has_died else "queued"

    def _undo(self, file: Sent, borders: int | None) -> None:
        self._run(self.world.desk.service.undo(self.world.principal, file.file_id))
        file.is_undo_wanted = True
        before = self._run(self.world.generation())
        has_died = self._run(self.world.work("undo", file.file_id, borders))
        self.told["killed" if has_died else "undone"] += 1
        if self._run(self.world.generation()) != before:
            file.is_visible, file.has_swapped = False, True
            self._hand_over(file)
        row = self._run(self.world.desk.row(file.file_id))
        assert has_died or row.undone_at is not None
        if row.undone_at is not None:
            file.outcome, file.has_swapped = "undone", False

    def _hand_over(self, undone: Sent) -> None:
        doubles = [file for file in self.files if file.duplicate_of == undone.file_id]
        waiting = [
            file
            for file in doubles
            if file.state == "completed" and not file.is_undo_wanted and not file.is_dry
        ]
        if not waiting:
            return
        heir = min(waiting, key=lambda file: file.arrived)
        for double in doubles:
            double.duplicate_of = None if double is heir else heir.file_id
        heir.counts = counts_among(heir, self._visible(heir))
        heir.is_visible, heir.outcome = True, imported(heir)

    def _check_records(self) -> None:
        for file in self.files:
            if file.state != "completed":
                continue
            row = self._run(self.world.desk.row(file.file_id))
            told = (row.outcome, counts_in(row), row.duplicate_of)
            doubled = file.duplicate_of
            assert told == (file.outcome, file.counts, doubled), file
            assert (row.published_attempt is not None) == file.is_visible

    def _visible(self, without: Sent) -> list[Sent]:
        return [file for file in self.files if file.is_visible and file is not without]

    def _pending(self) -> list[Sent]:
        return [file for file in self.files if file.state != "completed"]

    def _undoable(self) -> list[Sent]:
        done = [file for file in self.files if file.state == "completed"]
        return [file for file in done if file.outcome not in ("undone", "dry_run")]

    def _losable(self) -> list[Sent]:
        done = [file for file in self.files if file.state == "completed" and file.is_visible]
        return [file for file in done if not (file.is_undo_wanted or file.is_lost)]

    def _reprocessable(self) -> list[Sent]:
        done = [file for file in self.files if file.state == "completed"]
        free = [file for file in done if not file.is_undo_wanted or file.outcome == "undone"]
        return [file for file in free if not file.is_lost]

    def _pick(self, files: list[Sent], place: int) -> Sent:
        return files[place % len(files)]

    def _run(self, work: Coroutine[object, object, T]) -> T:
        return self.runner.run(work)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_any_history_leaves_what_its_published_files_resolve_to(
    engine: Analytics,
    embedded_address: StorageAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    # Two keys in a bucket: what is done in parts for large files is done in parts here.
    monkeypatch.setattr(keys, "KEYS_PER_BUCKET", 2)
    monkeypatch.setattr(keys, "RESOLVED_PER_BUCKET", 2)
    with (
        asyncio.Runner() as runner,
        closing(open_house(runner, engine, embedded_address, tmp_path)) as worlds,
    ):
        Histories.runner, Histories.worlds = runner, worlds
        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize="TALLYDOCK_TEST_HISTORIES" not in os.environ,
                database=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    for what, count in Histories.told.items():
        record_testsuite_property(f"histories_{what}", count)
