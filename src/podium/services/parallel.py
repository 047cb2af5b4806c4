"""The same work on many things, a few at a time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Enough to keep a disk and the processors busy with blobs; each holds a few MiB at most.
AT_ONCE = 8


async def in_parallel(items: AsyncIterator[T], work: Callable[[T], Awaitable[R]]) -> AsyncGenerator[R, None]:
    """The results as they come, in any order. What one raises is raised here, and the others are cancelled."""
    pending: set[asyncio.Future[R]] = set()
    try:
        async for item in items:
            pending.add(asyncio.ensure_future(work(item)))
            if len(pending) == AT_ONCE:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        for task in asyncio.as_completed(pending):
            yield await task
    finally:
        for left in pending:
            left.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def for_each(items: AsyncIterator[T], work: Callable[[T], Awaitable[None]]) -> None:
    """Do the work for all. What one raises is raised here, and the others are cancelled."""
    async with aclosing(in_parallel(items, work)) as done:
        async for _ in done:
            pass
