"""The program and its terminal: where there is none, and where the shell takes it for a while."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal

CONFIG = "version: 2\ndistro_name: shop\nproviders: {inference: []}\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "run.yaml").write_text(CONFIG)
    return {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("run.yaml </dev/null", "standard input is not one"),
        ("run.yaml <&-", "standard input is not one"),
        ("run.yaml >drawn", "standard output is not one"),
        ("run.yaml >&-", "standard output is not one"),
        ("-", "that is this terminal"),
    ],
)
def test_without_a_terminal_there_is_one_sentence_and_nothing_drawn(
    line: str, complaint: str, environ: dict[str, str], tmp_path: Path
) -> None:
    command = f"cd {tmp_path} && exec {sys.executable} -m llama_storage_tui {line}"
    with Terminal([], command=["sh", "-c", command], environ=environ) as terminal:
        assert terminal.ended() == 2
        assert complaint in terminal.text
        assert b"\x1b[?1049h" not in terminal.raw
    drawn = tmp_path / "drawn"
    assert not drawn.exists() or drawn.read_bytes() == b""


def test_a_terminal_that_cannot_draw_is_named(environ: dict[str, str], tmp_path: Path) -> None:
    with Terminal([str(tmp_path / "run.yaml")], environ={**environ, "TERM": "dumb"}) as terminal:
        assert terminal.ended() == 2
        assert "TERM is dumb" in terminal.text


def test_keys_come_from_the_terminal_where_stdin_is_the_config(environ: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.write(writer, CONFIG.encode())
    os.close(writer)
    with Terminal(["-"], streams={"stdin": reader}, environ=environ) as terminal:
        os.close(reader)
        terminal.expect("shop", "kv_default")
        terminal.expect_gone("checking")
        terminal.screen.wipe()  # of what stands there now, nothing is to be taken for what comes
        terminal.send("\x12")  # ctrl+r reads it again
        terminal.expect("shop", "kv_default")
        terminal.send("q")
        assert terminal.ended() == 0


def test_stderr_that_goes_elsewhere_leaves_the_screen(environ: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        words = [str(tmp_path / "run.yaml")]
        with Terminal(words, streams={"stderr": log}, environ=environ) as terminal:
            terminal.expect("kv_default")
            terminal.send("q")
            assert terminal.ended() == 0
    assert (tmp_path / "log").read_bytes() == b""


def test_ctrl_z_goes_to_the_shell_and_fg_comes_back(environ: dict[str, str], tmp_path: Path) -> None:
    program = f"{sys.executable} -m llama_storage_tui {tmp_path / 'run.yaml'}"
    with Terminal([], command=["bash", "--norc", "-i"], environ=environ) as terminal:
        terminal.send(f"{program}\n")
        terminal.expect("kv_default")
        terminal.expect_gone("checking")
        terminal.send("\x1a")
        terminal.expect("Stopped")
        terminal.send("echo in the $((40 + 2))th shell\n")
        terminal.expect("in the 42th shell")
        terminal.send("fg\n")
        terminal.expect("kv_default")
        terminal.send("q")
        terminal.expect("bash-")
