"""Going to an id from anywhere: typed or pasted, found in the stores, opened; several are a list, none says where was looked."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

from textual.events import Paste

from llama_storage_tui.tui.findings.findings import FindingsScreen
from llama_storage_tui.tui.navigation.goto import GotoDialog
from llama_storage_tui.tui.records.responses import ResponsesScreen
from llama_storage_tui.tui.response.reading import ReadingScreen
from llama_storage_tui.tui.response.response import ResponseScreen
from llama_storage_tui.tui.values.namespaces import NamespacesScreen
from llama_storage_tui.tui.values.rows import RowsScreen
from llama_storage_tui.tui.values.value import ValueScreen
from tests.patience import PATIENCE
from tests.tui.gallery import NARROW, Stage, demo_stage, stage

FINDING = "shared-table"
RESPONSE = "resp_01b4b5e7-f902-426c-b268-0233277d5164"


def on(shown: Stage, *kinds: type) -> bool:
    """Tell whether a screen of one of these kinds is on show."""
    return isinstance(shown.app.screen, kinds)


async def paste(shown: Stage, text: str) -> None:
    shown.app.post_message(Paste(text))
    await shown.settle()


async def go(shown: Stage, text: str) -> None:
    await shown.press("colon")
    await paste(shown, text)
    await shown.press("enter")
    await shown.settle()


async def test_an_id_from_a_ticket_takes_two_keys_and_the_paste_from_the_main_screen() -> None:
    async with demo_stage() as shown:
        await shown.press("colon")
        await paste(shown, f"{RESPONSE}\n")
        await shown.press("enter")
        await shown.settle()
        assert on(shown, ResponseScreen)
        assert RESPONSE in shown.text
        await shown.press("escape")
        assert not on(shown, ResponseScreen, GotoDialog)


async def test_each_kind_of_thing_opens_on_its_screen_from_any_other() -> None:
    async with demo_stage() as shown:
        for text, screen in (
            ("chatcmpl-", GotoDialog),
            ("conv_09f8358f", ReadingScreen),
            ("msg_0085a30a", ReadingScreen),
            ("file-003dc5f1", ReadingScreen),
            ("openai_files", RowsScreen),
            ("kv_default", NamespacesScreen),
            ("registry:distributions:registry:v10::model:vllm/nomic", ValueScreen),
            (FINDING, FindingsScreen),
        ):
            await go(shown, text)
            assert on(shown, screen), (text, shown.text)
            await shown.press("escape")


async def test_a_screen_opens_by_its_name_and_what_begins_with_the_text_is_listed_while_typing() -> None:
    async with demo_stage() as shown:
        await shown.press("colon")
        await shown.type("respo")
        assert "Stored responses, the newest first" in shown.text
        await shown.press("down", "enter")
        await shown.settle()
        assert on(shown, ResponsesScreen)
        await go(shown, "findings")
        assert on(shown, FindingsScreen)


async def test_several_are_a_list_from_which_one_is_opened() -> None:
    async with demo_stage(NARROW) as shown:
        await go(shown, "resp_01")
        assert on(shown, GotoDialog)
        assert "2 found" in shown.text
        await shown.press("down", "enter")
        await shown.settle()
        assert on(shown, ResponseScreen)
        assert "resp_01bc0815" in shown.text


async def test_an_absent_id_says_where_was_looked_and_the_box_stays_open_for_another() -> None:
    async with demo_stage() as shown:
        await go(shown, "resp_none")
        assert "Nothing has the id resp_none" in shown.text
        assert "backend sql_default (responses)" in shown.text
        await shown.press("ctrl+u")
        await shown.type("nothing-of-the-kind")
        await shown.press("enter")
        await shown.settle()
        assert "sql_analytics gave no answer" in shown.text
        await shown.press("escape")
        assert not on(shown, GotoDialog)


@contextmanager
def silent_server() -> Iterator[Callable[[Path], None]]:
    """Listen and never answer; yields what makes the demo's PostgreSQL that server."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]

        def point(folder: Path) -> None:
            config = folder / "config.yaml"
            config.write_text(re.sub(r"port: 9\b", f"port: {port}", config.read_text()))

        yield point


async def test_escape_stops_a_search_that_a_silent_server_holds_up_and_then_closes_the_box() -> None:
    with silent_server() as point:
        async with demo_stage(fill=point) as shown:
            await shown.press("colon")
            await shown.type("nothing-yet")
            await shown.pilot.press("enter")
            await shown.appears("Waiting for sql_analytics…")
            await shown.press("escape")
            assert "Cancelled" in shown.text
            await shown.press("escape")
            assert not on(shown, GotoDialog)


async def test_one_that_has_the_whole_id_is_opened_though_a_server_is_silent() -> None:
    with silent_server() as point:
        async with demo_stage(fill=point) as shown:
            await shown.press("colon")
            await shown.type("file-003dc5f1e4ee7e6ec737b12b")
            started = monotonic()
            await shown.pilot.press("enter")
            while on(shown, GotoDialog):
                await shown.pilot.pause()
            assert monotonic() - started < PATIENCE
            assert on(shown, ReadingScreen)


async def test_hostile_and_endless_pastes_are_looked_up_and_shown_safe() -> None:
    async with demo_stage() as shown:
        for text in ("\x1b]52;c;AAAA\x07", "[red]x[/red][/bad]", "a" * 5_000):
            await go(shown, text)
            assert "Nothing has the id" in shown.text
            await shown.press("escape")


async def test_there_is_nothing_to_go_to_before_a_config_is_read() -> None:
    async with stage(request=None) as shown:
        await shown.press("colon")
        assert not on(shown, GotoDialog)
