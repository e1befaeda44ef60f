"""What leaves the program: by the terminal's clipboard, or into a file."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from textual.widgets import Input

from llama_storage_tui.tui.dependencies import working_folder
from llama_storage_tui.tui.export.dialog import ExportDialog
from llama_storage_tui.tui.terminal import clipboard
from tests.tui.gallery import Stage, stage
from tests.tui.values.test_value_screen import readers_with


class Terminal:
    """What the app wrote to its terminal by hand."""

    def __init__(self, found: Stage) -> None:
        self.written: list[str] = []
        driver = found.app._driver
        assert driver is not None
        # A headless driver drops what it is given.
        setattr(driver, "write", self.written.append)  # noqa: B010

    @property
    def clipboard(self) -> str:
        """The text that the last OSC 52 sequence holds."""
        sequence = next(text for text in reversed(self.written) if text.startswith("\x1b]52;c;"))
        return base64.b64decode(sequence.removeprefix("\x1b]52;c;").partition("\x07")[0]).decode()


async def test_a_key_a_cell_a_row_and_a_value_are_copied_whole() -> None:
    async with stage() as found:
        terminal = Terminal(found)
        await found.press("enter", "enter", "y")
        assert terminal.clipboard == "registry:v9::model:embed-small"
        await found.press("enter", "Y")
        assert json.loads(terminal.clipboard)["identifier"] == "embed-small"
        await found.press("escape", "escape", "escape", "down", "enter", "down", "enter", "l", "l", "l", "y")
        assert json.loads(terminal.clipboard)["temperature"] == 0.2
        await found.press("Y")
        assert json.loads(terminal.clipboard)["id"] == "chatcmpl-0000"


async def test_what_is_too_large_for_a_clipboard_is_offered_as_a_file(tmp_path: Path) -> None:
    async with stage(readers=readers_with("y" * 200_000), folder=tmp_path) as found:
        terminal = Terminal(found)
        await found.press("enter", "enter", "enter", "y")
        assert isinstance(found.app.screen, ExportDialog)
        assert not any("\x1b]52" in text for text in terminal.written)
        await found.press("enter")
        assert (tmp_path / "value.txt").read_text() == "y" * 200_000


@pytest.mark.parametrize(
    ("environ", "wrapping"),
    [
        ({}, "\x1b]52;c;"),
        ({"TMUX": "1"}, "\x1bPtmux;\x1b\x1b]52;c;"),
        ({"STY": "1.pts"}, "\x1bP\x1b]52;c;"),
    ],
)
def test_the_sequence_is_wrapped_for_the_multiplexer(environ: dict[str, str], wrapping: str) -> None:
    assert wrapping in clipboard.sequence("text", environ)


def test_the_cap_counts_bytes() -> None:
    assert clipboard.fits("a" * clipboard.LARGEST)
    assert not clipboard.fits("é" * clipboard.LARGEST)


async def test_a_page_of_rows_is_written_whole_and_private(tmp_path: Path) -> None:
    async with stage(folder=tmp_path) as found:
        await found.press("down", "enter", "down", "enter", "n", "e", "enter")
        path = tmp_path / "sql_default-inference_store.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert [rows[0]["id"], len(rows)] == ["chatcmpl-0200", 200]
        assert rows[0]["input_messages"]["temperature"] == 0.2
        assert path.stat().st_mode & 0o777 == 0o600
        assert not isinstance(found.app.screen, ExportDialog)


async def test_everything_is_written_as_csv(tmp_path: Path) -> None:
    async with stage(folder=tmp_path) as found:
        await found.press(
            "down", "enter", "down", "enter", "e", "shift+tab", "right", "shift+tab", "right", "ctrl+s"
        )
        lines = (tmp_path / "sql_default-inference_store.csv").read_text().splitlines()
        assert len(lines) == 621


async def test_an_existing_file_is_replaced_only_after_a_second_enter(tmp_path: Path) -> None:
    path = tmp_path / "sql_default-inference_store.jsonl"
    path.write_text("mine")
    async with stage(folder=tmp_path) as found:
        await found.press("down", "enter", "down", "enter", "e", "enter")
        assert "exists" in found.text
        assert path.read_text() == "mine"
        await found.press("enter")
        assert len(path.read_text().splitlines()) == 200


async def test_a_running_export_tells_how_far_it_is_and_leaves_nothing_when_cancelled(tmp_path: Path) -> None:
    async with stage(folder=tmp_path) as found:
        await found.press("down", "enter", "down", "enter", "e", "shift+tab", "shift+tab", "right")
        found.readers["sql_default"].gate.close()
        await found.press("ctrl+s")
        assert "Writing" in found.text
        await found.press("escape")
        assert "Cancelled; no file was left behind." in found.text
        assert not list(tmp_path.iterdir())
        await found.press("escape")
        assert not isinstance(found.app.screen, ExportDialog)


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with stage(folder=tmp_path / "none") as found:
        await found.press("down", "enter", "down", "enter", "e", "enter")
        assert "cannot be written" in found.text


@pytest.mark.parametrize("name", ["~nobody-of-that-name/x.jsonl", "/proc/x.jsonl", "."])
async def test_a_name_that_cannot_be_written_is_said(name: str, tmp_path: Path) -> None:
    async with stage(folder=tmp_path) as found:
        await found.press("down", "enter", "down", "enter", "e")
        found.app.screen.query_one(Input).value = name
        await found.press("enter")
        assert "cannot be written" in found.text or "is a directory" in found.text
        assert "replaces it" not in found.text


def test_the_folder_that_a_program_was_started_in_may_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert working_folder() == Path()


async def test_keys_are_exported_with_their_values(tmp_path: Path) -> None:
    async with stage(folder=tmp_path) as found:
        await found.press("enter", "enter", "e", "enter")
        lines = (tmp_path / "kv_default-registry.jsonl").read_text().splitlines()
        assert json.loads(lines[0])["value"]["identifier"] == "embed-small"
        await found.press("escape", "down", "enter", "e", "shift+tab", "shift+tab", "right", "ctrl+s")
        assert len((tmp_path / "kv_default-vector_io-faiss.jsonl").read_text().splitlines()) == 450


async def test_a_cut_value_is_saved_whole(tmp_path: Path) -> None:
    async with stage(readers=readers_with(b"\x00\xff" * 1_000_000), folder=tmp_path) as found:
        await found.press("enter", "enter", "enter", "e", "enter")
        assert (tmp_path / "registry-0000.txt").stat().st_size == 2_000_000
