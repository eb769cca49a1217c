"""A step of a round that fails, whatever it raises, is told and counted, and ends nothing else."""

from structlog.testing import capture_logs

from server.errors import StorageUnavailable
from server.telemetry.metrics import REGISTRY
from worker.maintenance.rounds import Rounds


def failed(step: str) -> float:
    """Return how often a step failed."""
    labels = {"round": "trial", "step": step}
    return REGISTRY.get_sample_value("tallydock_steps_failed_total", labels) or 0


async def test_an_unforeseen_fault_of_one_step_ends_neither_the_round_nor_its_worker() -> None:
    done: list[str] = []

    async def odd() -> None:
        message = "invalid literal: 'DE89 3704 0044'"
        raise ValueError(message)

    async def last() -> None:
        done.append("last")

    rounds = Rounds("trial", {"odd": odd, "last": last})
    before = failed("odd")
    with capture_logs() as logs:
        for _ in range(3):
            await rounds.go()

    assert done == ["last"] * 3
    assert (failed("odd") - before, failed("last")) == (3, 0)
    (line,) = logs
    assert (line["log_level"], line["event"], line["step"]) == ("error", "trial.interrupted", "odd")
    assert line["cause"] == "ValueError"
    assert "test_rounds.py" in str(line["where"])
    assert "DE89" not in str(line)


async def test_another_fault_of_the_same_step_is_told_too() -> None:
    faults: list[Exception | None] = [StorageUnavailable(), ValueError(), None, ValueError()]

    async def step() -> None:
        if (fault := faults.pop(0)) is not None:
            raise fault

    rounds = Rounds("trial", {"step": step})
    with capture_logs() as logs:
        for _ in range(4):
            await rounds.go()

    told = [(line["log_level"], line["cause"]) for line in logs]
    assert told == [
        ("warning", "StorageUnavailable"),
        ("error", "ValueError"),
        ("error", "ValueError"),
    ]
