"""Work on many things, a few at a time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from podium.services.parallel import AT_ONCE, for_each, in_parallel


async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


def test_all_results_come_and_only_a_few_are_under_way_at_once():
    under_way, most = 0, 0

    async def double(number: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(number % 3 / 1000)
        under_way -= 1
        return 2 * number

    async def story():
        return sorted([result async for result in in_parallel(numbers(50), double)])

    assert asyncio.run(story()) == [2 * number for number in range(50)]
    assert most == AT_ONCE


@pytest.mark.parametrize("failing", [0, 9, 49])
def test_the_first_failure_is_raised_and_the_others_end(failing):
    ended: list[int] = []

    async def work(number: int) -> None:
        if number == failing:
            raise ValueError(number)
        try:
            await asyncio.sleep(30 if number > failing else 0)
        finally:
            ended.append(number)

    async def story():
        with pytest.raises(ValueError, match=str(failing)):
            await for_each(numbers(50), work)
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    assert asyncio.run(story()) == []
    assert set(ended) == set(range(max([*ended, failing]) + 1)) - {failing}
