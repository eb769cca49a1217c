"""Where the time of an attempt goes: told in the file's statistics and in the metrics."""

from dataclasses import dataclass, field
from time import monotonic

import structlog

from server.files.claims import Claim
from server.telemetry.metrics import STAGE_SECONDS

logger = structlog.get_logger(__name__)


@dataclass
class Watch:
    """Where the time of an attempt goes, in seconds."""

    claim: Claim
    durations: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=monotonic)

    def __post_init__(self) -> None:
        queued = (self.claim.claimed_at - self.claim.uploaded_at).total_seconds()
        self.durations["queuedSeconds"] = round(max(queued, 0.0), 3)

    def lap(self, stage: str) -> None:
        """Note how long the stage took."""
        now = monotonic()
        seconds, self.began = now - self.began, now
        self.durations[f"{stage}Seconds"] = round(seconds, 3)
        STAGE_SECONDS.labels(stage=stage).observe(seconds)
        logger.info("stage.ended", stage=stage, duration_ms=round(seconds * 1000, 2))
