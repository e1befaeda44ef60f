"""A list that is left and entered again is still filtered as before, and says so."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.tui.gallery import Stage, demo_stage, stage


@dataclass(frozen=True)
class Filtered:
    """A list of the demo: the keys to it, what is typed behind `/`, and what its headline says then."""

    name: str
    path: tuple[str, ...]
    typed: str
    said: str


LISTS = (
    Filtered("findings", ("f",), "shared", "filter: shared"),
    Filtered("responses", ("w",), "failed", "only status failed"),
    Filtered("conversations", ("C",), "alice", "only owner alice"),
    Filtered("completions", ("M",), "vllm/qwen2.5-7b-instruct", "only model vllm/qwen2.5-7b-instruct"),
    Filtered("keys", ("enter", "enter"), "registry:skill", "only keys beginning with registry:skill"),
    Filtered("rows", ("down", "enter", "down", "enter"), "none", "only conversation_id=none"),
)


def headline(found: Stage) -> str:
    return "\n".join(found.text.splitlines()[:3])


async def enter(found: Stage, place: Filtered) -> None:
    await found.press(*place.path)


async def leave(found: Stage, place: Filtered) -> None:
    await found.press(*("escape" for key in place.path if key != "down"))


async def narrow(found: Stage, place: Filtered) -> None:
    await found.press("slash")
    await found.type(place.typed)
    await found.press("enter")


@pytest.mark.parametrize("place", LISTS, ids=lambda place: place.name)
async def test_a_list_that_is_entered_again_keeps_its_filter_and_says_so(place: Filtered) -> None:
    async with demo_stage() as found:
        await enter(found, place)
        assert place.said not in headline(found)
        await narrow(found, place)
        assert place.said in headline(found)
        narrowed = found.text
        await leave(found, place)
        assert place.said not in headline(found)
        if "down" in place.path:
            await found.press(*("up" for key in place.path[:1]))
        await enter(found, place)
        assert place.said in headline(found)
        assert rows_of(found.text) == rows_of(narrowed)


async def test_a_filter_that_was_taken_off_stays_off() -> None:
    place = LISTS[1]
    async with demo_stage() as found:
        await enter(found, place)
        before = rows_of(found.text)
        await narrow(found, place)
        await found.press("X")
        await leave(found, place)
        await enter(found, place)
        assert place.said not in headline(found)
        assert rows_of(found.text) == before


async def test_a_list_of_another_kind_and_one_opened_for_a_reason_are_not_filtered_by_it() -> None:
    async with demo_stage() as found:
        await found.press("w")
        await narrow(found, LISTS[1])
        await found.press("escape", "M")
        assert "only" not in headline(found)
        await found.press("escape", "A", "down", "enter")
        assert "incomplete" in found.text
        assert "only status failed" not in headline(found)
        # Nor does the list that was opened for a reason stay for the next one.
        await found.press("escape", "escape", "w")
        assert "only status failed" in headline(found)


async def test_another_namespace_keeps_a_filter_of_its_own() -> None:
    async with demo_stage() as found:
        await found.press("enter", "enter")
        await narrow(found, LISTS[4])
        await found.press("escape", "down", "enter")
        assert "only keys" not in headline(found)
        await found.press("escape", "up", "enter")
        assert "only keys beginning with registry:skill" in headline(found)


async def test_nothing_is_kept_beyond_the_end_of_the_app() -> None:
    for said in ("filter: sslmode", None):
        async with stage() as found:
            await found.press("f")
            assert "filter:" not in headline(found)
            if said is not None:
                await found.press("slash")
                await found.type("sslmode")
                await found.press("enter")
                assert said in headline(found)


def rows_of(text: str) -> list[str]:
    """Return what is listed, without headline and footer."""
    return text.splitlines()[3:-6]
