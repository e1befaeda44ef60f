"""The only writer to stdout. stdout is data, stderr is talk."""

from __future__ import annotations

import codecs
import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from llama_storage_tui import text
from llama_storage_tui.cli import table
from llama_storage_tui.errors import StorageToolError

if TYPE_CHECKING:
    from pydantic import BaseModel

KEPT_WIDE = 60
"""A column wider than this is cut in a table for people; scripts read JSON."""

INDENTED = 1_000_000
"""Letters of a document up to which it is indented: a larger one is read by programs, and the indentation would be half of it."""

ASCII_MARKS = {
    **dict(zip("…–→›×§·✓✗•“”↑↓↳⇧", '~->>xS-+x*""^v>^', strict=True)),
    **dict(zip("●○◌◆□▲△▼", "*ooo#!!v", strict=True)),
    **dict.fromkeys("─━═", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+"),
}
"""What is written for the program's own signs where an encoding lacks them: as wide as they are, so columns stay."""


def _spell_out(error: UnicodeError) -> tuple[str | bytes, int]:
    """Give what an encoding lacks as its mark in ASCII, as an escape where there is none."""
    if isinstance(error, UnicodeEncodeError) and (mark := ASCII_MARKS.get(error.object[error.start])):
        return mark, error.start + 1
    if isinstance(error, UnicodeEncodeError) and error.end > error.start + 1:
        error.end = error.start + 1  # one character at a time: the next may have a mark
    return codecs.backslashreplace_errors(error)


codecs.register_error("spell_out", _spell_out)


class ReaderGoneError(Exception):
    """Nobody reads stdout any more. Not a BrokenPipeError, which click would turn into exit code 1."""


def prepare() -> None:
    """Let what an encoding lacks go out as an ASCII mark where there is one, else as an escape, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="spell_out")


@contextmanager
def _stdout() -> Iterator[TextIO]:
    """Give stdout, and tell a reader that is gone from a disk that is full."""
    if sys.stdout is None:  # closed by whoever started us
        raise ReaderGoneError
    try:
        yield sys.stdout
    except BrokenPipeError:
        raise ReaderGoneError from None
    except OSError as error:
        raise StorageToolError(f"stdout cannot be written: {error.strerror or 'unknown error'}") from None


def _write(chunk: str) -> None:
    with _stdout() as stdout:
        stdout.write(chunk)


def flush() -> None:
    """Hand everything to the reader; raises ReaderGoneError, or StorageToolError where the disk is full."""
    if sys.stdout is None:
        return  # who had anything to say there has failed with it already
    with _stdout() as stdout:
        stdout.flush()


def write_document(document: BaseModel) -> None:
    """Print one JSON document, everything but ASCII escaped; a large one without indentation, and piece by piece."""
    held: list[str] = []
    size = 0
    for piece in _pieces(document):
        held.append(piece)
        size += len(piece)
        if size > INDENTED:
            _write("".join(held))
            held.clear()
    if size > INDENTED:
        _write("".join(held) + "\n")
        return
    plain = document.model_dump(mode="json", by_alias=True)
    _write(json.dumps(plain, ensure_ascii=True, indent=2, allow_nan=False) + "\n")


def _pieces(document: BaseModel) -> Iterator[str]:
    """Yield a document's JSON without indentation: of a list at its first level one item at a time."""
    before = "{"
    for name, field in type(document).model_fields.items():
        value = getattr(document, name)
        yield f"{before}{_compact(field.serialization_alias or field.alias or name)}:"
        before = ","
        if isinstance(value, list):
            yield "["
            for index, item in enumerate(value):
                yield f"{',' if index else ''}{_compact(item)}"
            yield "]"
        else:
            yield _compact(value)
    yield "}"


def _compact(value: object) -> str:
    from pydantic_core import to_jsonable_python  # here, so that text for people needs no pydantic

    plain = to_jsonable_python(value, by_alias=True)
    return json.dumps(plain, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def write_json(value: object) -> None:
    """Print a plain value as JSON."""
    _write(json.dumps(value, ensure_ascii=True, indent=2) + "\n")


def write_raw(chunk: str) -> None:
    """Write text of a machine format as it is; to a terminal only what is safe there (JSON is, CSV may not be)."""
    _write(text.block(chunk) if stdout_is_terminal() else chunk)


def write_bytes(content: bytes) -> None:
    """Write a stored value byte for byte."""
    flush()
    with _stdout() as stdout:
        stdout.buffer.write(content)
        stdout.buffer.flush()


def write_text(block: str) -> None:
    """Print text for people, control characters made visible."""
    _write(text.block(block) + "\n")


def write_line(line: str = "") -> None:
    """Print one line for people: a name from the config with a line feed in it cannot begin another."""
    _write(text.line(line) + "\n")


def write_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, cut: int | None = KEPT_WIDE
) -> None:
    """Print an aligned table for people, cells cut to `cut` characters (None: whole) and to what the terminal is wide."""
    cells = [[text.line(str(cell), cut) for cell in row] for row in rows]
    width = shutil.get_terminal_size().columns if stdout_is_terminal() else None
    for line in table.lines([*headings], cells, width=width):
        _write(line + "\n")


def say(message: str) -> None:
    """Print a line for the operator to stderr."""
    if sys.stderr is not None:  # closed by whoever started us
        sys.stderr.write(text.block(message) + "\n")


def say_error(error: StorageToolError) -> None:
    """Print an error's sentence, and its next step, to stderr."""
    where = f" ({error.where})" if error.where and error.where not in error.message else ""
    say(text.line(f"Error: {error.message.removesuffix('.')}{where}"))
    if error.help:
        say(text.line(f"  {error.help}"))


def stdout_is_terminal() -> bool:
    """Tell whether a person reads stdout."""
    return sys.stdout is not None and sys.stdout.isatty()
