"""Work that a signal ends: wherever on the event loop it arrives, and with the handlers put back."""

import asyncio
import os
import signal

import pytest

from llama_storage_tui.cli.termination import ENDED_BY, TerminatedError, ending_in_order
from llama_storage_tui.cli.waiting import wait_for


async def answer() -> str:
    return "found"


def test_the_answer_comes_back() -> None:
    assert wait_for(answer()) == "found"


@pytest.mark.parametrize("number", [*ENDED_BY])
def test_a_signal_that_meets_a_callback_of_the_loop_ends_the_work_in_order(number: signal.Signals) -> None:
    ended: list[str] = []

    async def work() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("closed")

    with ending_in_order(), pytest.raises(TerminatedError) as raised:
        wait_for(work())
    assert raised.value.code == 128 + number
    assert ended == ["closed"]


def test_the_handlers_are_those_of_before() -> None:
    before = [signal.getsignal(number) for number in ENDED_BY]
    with ending_in_order():
        within = [signal.getsignal(number) for number in ENDED_BY]
        wait_for(answer())
        assert [signal.getsignal(number) for number in ENDED_BY] == within != before
    assert [signal.getsignal(number) for number in ENDED_BY] == before


def test_what_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def hung_up() -> str:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.01)
        return "went on"

    try:
        with ending_in_order():
            assert wait_for(hung_up()) == "went on"
    finally:
        signal.signal(signal.SIGHUP, before)


def test_work_that_cancels_itself_is_not_taken_for_a_signal() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        wait_for(work())


class Heavy:
    """An answer that notes when somebody writes it out."""

    written = 0

    def __repr__(self) -> str:
        self.written += 1
        return "heavy"


def test_an_answer_is_handed_over_without_being_written_out() -> None:
    answer = Heavy()

    async def work() -> Heavy:
        return answer

    assert wait_for(work()) is answer
    assert answer.written == 0
