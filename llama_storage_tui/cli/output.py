"""The only writer to stdout. stdout is data, stderr is talk."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from llama_storage_tui import text
from llama_storage_tui.errors import StorageToolError

KEPT_WIDE = 60
"""A column wider than this is cut in a table for people; scripts read JSON."""


def write_document(document: BaseModel) -> None:
    """Print one JSON document, everything but ASCII escaped."""
    sys.stdout.write(
        json.dumps(
            document.model_dump(mode="json", by_alias=True), ensure_ascii=True, indent=2, allow_nan=False
        )
        + "\n"
    )


def write_json(value: object) -> None:
    """Print a plain value as JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, indent=2) + "\n")


def write_raw(chunk: str) -> None:
    """Write text of a machine format as it is: it was escaped when it was made."""
    sys.stdout.write(chunk)


def write_bytes(content: bytes) -> None:
    """Write a stored value byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def write_text(block: str) -> None:
    """Print text for people, control characters made visible."""
    sys.stdout.write(text.block(block) + "\n")


def write_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, cut: int | None = KEPT_WIDE
) -> None:
    """Print an aligned table for people, cells cut to `cut` characters (None: whole)."""
    cells = [[text.line(str(cell), cut) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    for row in [list(headings), *cells]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def say(message: str) -> None:
    """Print a line for the operator to stderr."""
    sys.stderr.write(text.block(message) + "\n")


def say_error(error: StorageToolError) -> None:
    """Print an error's sentence, and its next step, to stderr."""
    say(f"Error: {error.message}")
    if error.help:
        say(f"  {error.help}")


def stdout_is_terminal() -> bool:
    """Tell whether a person reads stdout."""
    return sys.stdout.isatty()
