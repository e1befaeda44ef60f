"""The program around the screens: keys, themes, help, failure, start."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.color import Color

from llama_storage_tui.demo.deployment import make_deployment
from llama_storage_tui.services.catalog import Opened
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.tui import run as entry
from llama_storage_tui.tui.app import StorageApp
from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.terminal.control_filter import ControlFilter
from llama_storage_tui.tui.terminal.fatal import LOG_NAME
from tests.patience import PATIENCE
from tests.tui.gallery import NARROW, GalleryApp, stage
from tests.tui.made_up import PASSWORD, MemoryReader, made_up_readers


async def test_keys_are_those_of_the_users_file(tmp_path: Path) -> None:
    preferences = tmp_path / "config.toml"
    preferences.write_text('theme = "light"\n[keys]\n"catalog.findings" = "z"\n')
    async with stage(environ={"LLAMA_STORAGE_TUI_CONFIG": str(preferences)}) as found:
        assert found.app.theme == "ledger-light"
        await found.press("f")
        assert isinstance(found.app.screen, CatalogScreen)
        await found.press("z")
        assert "5 findings" in found.text


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[keys\n", "is not TOML"),
        ('keys = "q"\n', "[keys] is not a table"),
        ('[keys]\n"catalog.fly" = "z"\n', "catalog.fly"),
        ('[keys]\n"app.quit" = 7\n', "app.quit"),
        ('theme = "pink"\n', "theme is not one of dark, light, textual-dark"),
    ],
)
async def test_a_bad_file_of_keys_is_one_notice_and_no_more(
    tmp_path: Path, content: str, complaint: str
) -> None:
    preferences = tmp_path / "config.toml"
    preferences.write_text(content)
    async with stage(environ={"LLAMA_STORAGE_TUI_CONFIG": str(preferences)}) as found:
        assert [complaint in notice.message for notice in found.app._notifications] == [True]
        await found.press("f")
        assert "5 findings" in found.text


def test_every_binding_of_ours_has_an_id() -> None:
    from textual.binding import Binding

    from llama_storage_tui.tui.navigation.bindings import bound_classes

    for kind in bound_classes():
        for binding in kind.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding)
            assert binding.id, (kind, binding)


async def test_help_names_every_key_of_the_screen() -> None:
    async with stage() as found:
        await found.press("question_mark")
        for text in (
            "Test all",
            "Connect to all backends at once",
            "Findings",
            "Version",
        ):
            assert text in found.text
        await found.press("end")
        assert "Leave the program" in found.text
        await found.press("escape")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_the_palette_runs_the_same_actions() -> None:
    async with stage() as found:
        await found.press("ctrl+p")
        await found.type("findings")
        await found.press("enter")
        assert "5 findings" in found.text


async def test_the_theme_turns_and_the_list_with_it() -> None:
    async with stage() as found:
        before = found.picture
        await found.press("ctrl+t")
        assert found.app.theme == "ledger-light"
        assert found.picture != before
        await found.press("ctrl+t")
        assert found.picture == before


@pytest.mark.parametrize("size", [NARROW, (40, 12), (200, 60)])
async def test_any_size_shows_something_of_use(size: tuple[int, int]) -> None:
    async with stage(size) as found:
        for keys in (
            ("enter",),
            ("enter",),
            ("enter",),
            ("escape", "escape", "escape", "down", "enter", "enter"),
        ):
            await found.press(*keys)
            assert found.text.strip()


async def test_resizing_fits_the_lists_anew() -> None:
    async with stage() as found:
        await found.pilot.resize_terminal(80, 24)
        await found.settle()
        assert all(len(line) <= 80 for line in found.text.splitlines())
        assert "kv_default" in found.text


async def test_a_fatal_error_leaves_a_private_redacted_log_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing(GalleryApp):
        BINDINGS = [("f12", "fail")]  # noqa: RUF012

        def action_fail(self) -> None:
            password = PASSWORD.reveal()
            raise RuntimeError(f"driver said: {password}")

    with pytest.raises(RuntimeError):
        async with stage(app_class=Failing, log_folder=tmp_path) as found:
            await found.pilot.press("f12")
    log = tmp_path / LOG_NAME
    assert "RuntimeError: driver said: ********" in log.read_text()
    assert "action_fail" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    printed = capsys.readouterr()
    assert PASSWORD.reveal() not in printed.out + printed.err + log.read_text()
    assert printed.err.count("llama-storage-tui failed (RuntimeError)") == 1
    assert str(log) in printed.err.replace("\n", "")
    assert "Traceback" not in printed.err


async def test_what_no_one_foresaw_in_a_worker_is_logged_and_the_app_lives_on(tmp_path: Path) -> None:
    class Broken(MemoryReader):
        async def probe(self, *, thorough: bool = False) -> object:  # type: ignore[override]  # noqa: ARG002
            raise ZeroDivisionError(PASSWORD.reveal())

    class Calm(GalleryApp):
        def _unexpected(self, message: object) -> None:
            StorageApp._unexpected(self, message)  # type: ignore[arg-type]

    readers = made_up_readers()
    readers["kv_default"] = Broken(readers["kv_default"].answer)
    async with stage(readers=readers, log_folder=tmp_path, app_class=Calm) as found:
        await found.pilot.press("t")
        await found.until(lambda: "This should not have happened: ZeroDivisionError" in found.text)
        assert PASSWORD.reveal() not in (tmp_path / LOG_NAME).read_text()
        await found.press("f")
        assert "5 findings" in found.text


def test_the_last_filter_lets_no_control_character_out() -> None:
    dirty = [Segment("a\x1b[31m\u202eb"), Segment("clean")]
    assert "".join(segment.text for segment in ControlFilter().apply(dirty, Color(0, 0, 0))) == "a[31mbclean"


def test_the_screens_load_no_driver() -> None:
    program = (
        "import sys, llama_storage_tui.tui.run\n"
        "print(sorted({'sqlalchemy', 'asyncpg', 'aiosqlite'} & {name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


async def test_leaving_closes_the_readers() -> None:
    async with stage() as found:
        await found.press("q")
    assert all(reader.is_closed for reader in found.readers.values())


async def test_reading_a_config_can_be_cancelled() -> None:
    never = asyncio.Event()

    async def load(_request: LoadRequest) -> Opened:
        await never.wait()
        raise AssertionError

    async with stage(loader=load, waits=False) as found:
        await found.appears("Reading /etc/ogx/config.yaml")
        await found.pilot.press("escape")
        await found.appears("Cancelled")


def test_the_entry_takes_what_the_console_script_gives() -> None:
    assert entry.run.__kwdefaults__ == {"timeouts": None, "mouse": True, "fleet": ()}


def opened_in_a_terminal(folder: Path) -> tuple[subprocess.Popen[bytes], int, bytes]:
    """Start the program; return it with its terminal's other end, once the catalog is on it, and what is."""
    request = make_deployment(folder)
    words = [sys.executable, "-m", "llama_storage_tui", request.config, "--env-file", request.env_files[0]]
    terminal, end = pty.openpty()
    environ = os.environ | {"TERM": "xterm-256color", "XDG_STATE_HOME": str(folder)}
    process = subprocess.Popen(words, stdin=end, stdout=end, stderr=end, env=environ)
    os.close(end)
    seen = b""
    while b"kv_default" not in seen:
        seen += os.read(terminal, 65536)
    return process, terminal, seen


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_right_after_the_first_frame_ends_the_app_with_its_code(
    sent: signal.Signals, code: int, tmp_path: Path
) -> None:
    process, terminal, seen = opened_in_a_terminal(tmp_path)
    process.send_signal(sent)
    with suppress(OSError):  # how Linux tells that nobody writes any more
        while chunk := os.read(terminal, 65536):
            seen += chunk
    os.close(terminal)
    assert process.wait() == code
    assert b"failed" not in seen


def test_a_terminal_that_goes_without_a_signal_ends_the_app(tmp_path: Path) -> None:
    # Not of the terminal's session: nobody is signalled.
    process, terminal, _ = opened_in_a_terminal(tmp_path)
    os.close(terminal)
    assert process.wait(timeout=PATIENCE) == 128 + signal.SIGHUP


async def test_ctrl_c_names_the_key_that_leaves_the_program_also_a_remapped_one(tmp_path: Path) -> None:
    preferences = tmp_path / "config.toml"
    preferences.write_text('[keys]\n"app.quit" = "x"\n')
    for environ, key in (({}, "q"), ({"LLAMA_STORAGE_TUI_CONFIG": str(preferences)}, "x")):
        async with stage(environ=environ) as found:
            await found.press("ctrl+c")
            assert [
                f"{key} leaves the program." == notice.message for notice in found.app._notifications
            ] == [True]
