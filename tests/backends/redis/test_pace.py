"""How scans of Redis rest: by a clock that moves when somebody sleeps, or the server answers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from llama_storage_tui.backends.redis.connecting import RedisConnection
from llama_storage_tui.backends.redis.pace import AT_ONCE, LONGEST, RATE, SLOW, ScanPace
from llama_storage_tui.backends.redis.scanning import STEP, Scan
from tests.patience import PATIENT
from tests.stores import RedisStore

FREE = AT_ONCE // STEP + 1
"""Steps that nothing comes before."""


@dataclass
class Time:
    """A time that passes when somebody waits for it."""

    now: float = 1000.0
    rests: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds

    def pace(self) -> ScanPace:
        return ScanPace(self.clock, self.sleep)

    async def step(self, pace: ScanPace, answer: float = 0.0) -> None:
        """Ask once, and wait for the answer."""
        await pace.before(STEP)
        self.now += answer
        pace.after(answer)


async def test_a_small_database_is_gone_through_without_a_rest() -> None:
    time = Time()
    pace = time.pace()
    for _ in range(FREE):
        await time.step(pace)
    assert not time.rests


@pytest.mark.parametrize("answer", [0.0, 0.003, 0.02])
async def test_a_long_scan_goes_on_at_the_rate_or_half_as_fast_as_the_server_answers(answer: float) -> None:
    time = Time()
    pace = time.pace()
    steps = 1000
    for _ in range(steps):
        await time.step(pace, answer)
    rate = steps * STEP / (time.now - 1000.0)
    slowest = STEP / (2 * answer) if answer else RATE
    assert min(RATE, slowest) * 0.97 <= rate <= RATE * 1.01


async def test_a_server_that_answers_slowly_is_left_alone_for_as_long_and_not_for_longer_than_a_second() -> (
    None
):
    time = Time()
    pace = time.pace()
    for answer, rest in ((2 * SLOW, 2 * SLOW), (SLOW / 10, 0.0), (60.0, LONGEST)):
        await time.step(pace, answer)
        time.rests.clear()
        await pace.before(STEP)
        assert sum(time.rests) == pytest.approx(rest)
        pace.after(0.0)


async def test_what_its_caller_does_between_two_steps_is_a_rest_already() -> None:
    time = Time()
    pace = time.pace()
    for _ in range(10 * FREE):
        await time.step(pace)
        time.now += STEP / RATE
    assert not time.rests


async def test_pages_that_one_step_fills_rest_as_one_scan_does(redis_store: RedisStore) -> None:
    """Each leaves its scan where it is."""
    redis_store.fill({f"key{number}": "" for number in range(3 * STEP)})
    time = Time()
    connection = RedisConnection(redis_store.server.target(), PATIENT)
    connection.pace = time.pace()
    try:
        for _ in range(100):
            async with aclosing(Scan().steps(connection, "", seconds=None)) as steps:
                assert await anext(steps)
    finally:
        await connection.close()
    # The sum and not the number: after an answer that a busy machine gave late, one rest is long and the next ones are not needed.
    assert sum(time.rests) >= 0.99 * (100 * STEP - AT_ONCE - STEP) / RATE


async def test_of_two_scans_each_waits_for_both() -> None:
    time = Time()
    waiting: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep(seconds: float) -> None:
        end = asyncio.get_running_loop().create_future()
        waiting.append((time.now + seconds, end))
        await end

    pace = ScanPace(time.clock, sleep)
    asked = 0

    async def scan(steps: int) -> None:
        nonlocal asked
        for _ in range(steps):
            await pace.before(STEP)
            asked += 1
            pace.after(0.0)

    scans = asyncio.gather(scan(200), scan(200))
    while not scans.done():
        await asyncio.sleep(0)
        if waiting:
            waiting.sort(key=lambda each: each[0])
            time.now, end = waiting.pop(0)
            end.set_result(None)
            assert asked * STEP <= AT_ONCE + STEP + (time.now - 1000.0) * RATE * 1.001
    assert asked == 400
    assert 400 * STEP / (time.now - 1000.0) < RATE * 1.05


async def test_what_is_cancelled_in_a_rest_was_not_asked_and_does_not_count() -> None:
    time = Time()
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)
        raise asyncio.CancelledError

    pace = ScanPace(time.clock, sleep)
    for _ in range(FREE):
        await pace.before(STEP)
    for _ in range(100):
        with pytest.raises(asyncio.CancelledError):
            await pace.before(STEP)
    assert max(rests) <= STEP / RATE
