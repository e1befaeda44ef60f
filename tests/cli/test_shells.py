"""Completion in the shells themselves: tab is pressed in a terminal, and the program is called with the whole word."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.tui.terminal import Terminal

WORDS = (
    ("rot", "rotate"),
    ("check conf", "check config.yaml"),
    ("keys config.yaml kv_d", "keys config.yaml kv_default"),
    ("keys config.yaml kv_default vector_io::fai", "keys config.yaml kv_default vector_io::faiss"),
    ("responses config.yaml list --status inco", "responses config.yaml list --status incomplete"),
    ("rows config.yaml sql_default inf", "rows config.yaml sql_default inference_store"),
    ("help them", "help themes"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The demo's config beside the program under its name."""
    (tmp_path / "config.yaml").write_text((files("llama_storage_tui.demo") / "config.yaml").read_text())
    program = tmp_path / ".bin" / "llama-storage-tui"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        f'test -n "$_LLAMA_STORAGE_TUI_COMPLETE" && exec {sys.executable} -m llama_storage_tui "$@"\n'
        'echo "called with [$*]"\n'
    )
    program.chmod(0o755)
    return tmp_path


def environ(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder / '.bin'}:{os.environ['PATH']}", "HOME": str(folder), "ZDOTDIR": str(folder)}


def source(shell: str) -> str:
    return f'eval "$(_LLAMA_STORAGE_TUI_COMPLETE={shell}_source llama-storage-tui)"\n'


def complete(command: list[str], folder: Path) -> None:
    with Terminal(
        [], command=["sh", "-c", f'cd {folder} && exec "$@"', "sh", *command], environ=environ(folder)
    ) as shell:
        shell.expect("ready>")
        for begun, whole in WORDS:
            shell.send(f"llama-storage-tui {begun}\t\r")
            shell.expect(f"called with [{whole}]")


def test_bash_completes_a_word_at_tab(folder: Path) -> None:
    (folder / "rc").write_text(f"{source('bash')}PS1='ready>'\nbind 'set enable-bracketed-paste off'\n")
    complete(["bash", "--rcfile", str(folder / "rc"), "-i"], folder)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes_a_word_at_tab(folder: Path) -> None:
    (folder / ".zshrc").write_text(f"autoload -Uz compinit; compinit -u -D\n{source('zsh')}PS1='ready>'\n")
    complete(["zsh", "-i"], folder)


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(("begun", "whole"), WORDS)
def test_fish_completes_a_word(begun: str, whole: str, folder: Path) -> None:
    asked = (
        "env _LLAMA_STORAGE_TUI_COMPLETE=fish_source llama-storage-tui | source;"
        f"complete -C 'llama-storage-tui {begun}'"
    )
    done = subprocess.run(
        ["fish", "-N", "-c", asked],
        cwd=folder,
        env={**os.environ, **environ(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [whole.split()[-1]]
