"""What commands that bring rows share: progress while they run, and how they end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from llama_storage_tui.cli import output
from llama_storage_tui.cli.blocks import write_blocks
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.model.transfer_result import TransferProgress, TransferResult
from llama_storage_tui.reports.lines import Block
from llama_storage_tui.reports.transfer import progress_sentence

PROGRESS_SECONDS: Final = 2.0


def tell(_: str) -> None:
    """Hear of a step; the rows say how far it is."""


def watching() -> Callable[[TransferProgress], None]:
    """Return what shows progress now and then, where a person watches."""
    if not output.stderr_is_terminal():
        return lambda _: None
    last = time.monotonic()

    def watch(progress: TransferProgress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PROGRESS_SECONDS:
            last = now
            output.say(f"  {progress_sentence(progress)}")

    return watch


def end(
    settings: Settings, result: TransferResult, blocks: Iterable[Block], write: Callable[[], None]
) -> ExitCode:
    """Say how it ended, as the document that `write` writes or in words; return the exit code."""
    if settings.is_json:
        write()
    else:
        output.write_line()
        write_blocks(blocks)
        for notice in result.notices:
            output.say_notice(notice)
    return ExitCode.WRONG if result.left else ExitCode.DONE
