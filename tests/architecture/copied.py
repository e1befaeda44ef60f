"""A copy of the program that a test adds something to, and its commands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import llama_storage_tui

PACKAGE: Final = Path(llama_storage_tui.__file__).parent

_SEVERAL: Final = """
import json, sys
from llama_storage_tui.__main__ import main
for words in json.loads(sys.argv[1]):
    code = main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    for stream in (sys.stdout, sys.stderr):
        print(chr(0), code, chr(0), end="", sep="", file=stream, flush=True)
"""
"""Runs commands one after the other: the copied program is imported once for all."""


def copy_to(folder: Path) -> Path:
    """Copy the program into a folder, and return the copied package."""
    return shutil.copytree(PACKAGE, folder / "llama_storage_tui")


def add(path: Path, *changes: tuple[str, str]) -> None:
    """Put each text in place of another that the module has once."""
    text = path.read_text(encoding="utf-8")
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the copied program and no other."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def commands(folder: Path, *calls: Sequence[str]) -> list[tuple[int, str, str]]:
    """Return code, stdout and stderr of each command."""
    done = run(folder, "-c", _SEVERAL, json.dumps(calls))
    assert done.returncode == 0, done.stderr
    out, err = (stream.split("\0")[:-1] for stream in (done.stdout, done.stderr))
    return list(zip(map(int, out[1::2]), out[::2], err[::2], strict=True))
