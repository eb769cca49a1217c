"""How log lines look: one JSON object a line, or coloured text for a console.

Comes before everything else: the composition roots call `configure_logs` first. Lines of libraries
(uvicorn, SQLAlchemy, arq) take the same form. What must never be in a line is STYLE's rule: no
signed URL, no key, no cell.
"""

import logging
import sys
from collections.abc import Sequence

import structlog
from structlog.typing import Processor

# Libraries whose info lines say less than ours do about the same thing.
_QUIET = ("httpx", "httpcore", "uvicorn.access", "aiosqlite", "asyncio", "alembic.runtime.plugins")


def configure_logs(*, log_format: str, level: str) -> None:
    """Set the form and the least level of every line of this process.

    Args:
        log_format: `json` or `console`.
        level: DEBUG, INFO, WARNING or ERROR.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_shared(), *_rendering(log_format)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _configure_libraries(log_format, number)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]


def _rendering(log_format: str) -> Sequence[Processor]:
    if log_format == "console":
        # The plain traceback: the pretty ones print local variables, which may be cells or keys.
        plain = structlog.dev.plain_traceback
        return [
            structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), exception_formatter=plain)
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _configure_libraries(log_format: str, level: int) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_shared(), structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
