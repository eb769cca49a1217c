"""How a command runs that needs a worker's hands, or tells of a system that does not answer."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from server.commands import opened, run_once
from server.errors import AdapterError
from server.parts import Parts
from worker.context import Context, context_of

T = TypeVar("T")


def run(work: Callable[[Context], Awaitable[T]]) -> T:
    """Run the work with a worker's context; return what it returns.

    Raises:
        ClickException: a system does not answer.
    """

    async def with_context(parts: Parts) -> T:
        return await work(context_of(parts))

    return run_with_parts(with_context)


def run_with_parts(work: Callable[[Parts], Awaitable[T]]) -> T:
    """Run the work with the parts; see run."""

    async def whole() -> T:
        async with opened() as parts:
            return await work(parts)

    try:
        return run_once(whole())
    except AdapterError as fault:
        message = f"A system does not answer ({type(fault).__name__}); see `tallydock doctor`."
        raise click.ClickException(message) from fault
