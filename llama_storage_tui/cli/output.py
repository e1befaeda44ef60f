"""The only writer to stdout. stdout is data, stderr is talk.

Text for people is coloured where a person reads it, and shown in a pager where it is longer than the terminal. Neither is ever
true of JSON, of other machine formats, and of stored bytes.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from llama_storage_tui import text
from llama_storage_tui.cli import pager, table
from llama_storage_tui.cli.lacking import SPELL_OUT
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.secrets import mask_shown

if TYPE_CHECKING:
    from pydantic import BaseModel

KEPT_WIDE = 60
"""A column wider than this is cut in a table for people; scripts read JSON."""

INDENTED = 1_000_000
"""Letters of a document up to which it is indented: a larger one is read by programs, and the indentation would be half of it."""


class Colour(Enum):
    """What a part of the text is, as a rendition of the terminal: its own 16 colours, which fit a light and a dark background."""

    BAD = "31"
    WARNING = "33"
    GOOD = "32"
    MUTED = "2"
    STRONG = "1"


@dataclass(frozen=True, slots=True)
class Toned:
    """A piece of text with its tone; without colours it is the text alone, so nothing may be said by the tone only."""

    text: str
    tone: Colour

    def __str__(self) -> str:
        return self.text


Piece = str | Toned


class ReaderGoneError(Exception):
    """Nobody reads stdout any more. Not a BrokenPipeError, which click would turn into exit code 1."""


def prepare() -> None:
    """Let what an encoding lacks go out as an ASCII mark where there is one, else as an escape, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=SPELL_OUT)


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
    if _answer.is_held:
        _answer.take(sys.stdout, chunk)
    else:
        _write_data(chunk)


def _say(chunk: str) -> None:
    if sys.stderr is None:  # closed by whoever started us
        return
    if _answer.is_begun:
        _answer.take(sys.stderr, chunk)
    else:
        sys.stderr.write(chunk)


def flush() -> None:
    """Hand everything to the reader; raises ReaderGoneError, or StorageToolError where the disk is full."""
    if sys.stdout is None:
        return  # who had anything to say there has failed with it already
    with _stdout() as stdout:
        stdout.flush()


class _Answer:
    """The text of one call, held until it is whole and its length is known; what is said meanwhile keeps its place in it."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Hold nothing yet."""
        self.is_held = False
        self.may_page = True
        self._chunks: list[tuple[TextIO, str]] = []

    @property
    def is_begun(self) -> bool:
        """Whether anything waits."""
        return bool(self._chunks)

    def take(self, stream: TextIO, chunk: str) -> None:
        """Keep a piece for later."""
        self._chunks.append((stream, chunk))

    def show(self, *, may_page: bool) -> None:
        """Write what was held: in a pager where it may be and is too long for the screen, and what was said after that ended."""
        chunks, self._chunks = self._chunks, []
        held = "".join(chunk for stream, chunk in chunks if stream is sys.stdout)
        if may_page and pager.is_longer_than_screen(held):
            flush()
            problem = pager.show(held)
            if problem is None:
                chunks = [(stream, chunk) for stream, chunk in chunks if stream is not sys.stdout]
            else:
                mark = _painted("Notice:", Colour.WARNING, colours(sys.stderr))
                chunks.append((sys.stderr, f"{mark} {text.line(problem)}; --no-pager prints without one.\n"))
        for stream, chunk in chunks:
            if stream is sys.stdout:
                _write_data(chunk)
                flush()
            else:
                stream.write(chunk)


_answer = _Answer()


def hold() -> None:
    """Hold text for people from here to the end of the call, so that a long answer goes to a pager: only within `paging`."""
    _answer.is_held = _answer.may_page and stdout_is_terminal() and pager.is_usable()


def never_page() -> None:
    """Leave the pager out of this call."""
    _answer.may_page = False


@contextmanager
def paging() -> Iterator[None]:
    """Show what is held within when the answer is whole; where it ends in an error, what there is of it, without a pager."""
    _answer.begin()
    try:
        yield
        _answer.show(may_page=_answer.may_page)
    finally:
        _release()
        _answer.begin()


def _release() -> None:
    """Write what is held before something that is no text for people."""
    _answer.show(may_page=False)


def write_document(document: BaseModel) -> None:
    """Print one JSON document, everything but ASCII escaped; a large one without indentation, and piece by piece."""
    _write_json(_fields(document), lambda: document.model_dump(mode="json", by_alias=True), _compact)


def write_json(value: Mapping[str, object]) -> None:
    """Print a document of plain values, as `write_document` does."""
    _write_json(value.items(), lambda: value, _compact_plain)


def _write_json(
    fields: Iterable[tuple[str, object]],
    whole: Callable[[], object],
    compact: Callable[[object], str],
) -> None:
    _release()
    held: list[str] = []
    size = 0
    for piece in _pieces(fields, compact):
        held.append(piece)
        size += len(piece)
        if size > INDENTED:
            _write_data("".join(held))
            held.clear()
    if size > INDENTED:
        _write_data("".join(held) + "\n")
        return
    _write_data(mask_shown(json.dumps(whole(), ensure_ascii=True, indent=2, allow_nan=False)) + "\n")


def _fields(document: BaseModel) -> Iterator[tuple[str, object]]:
    for name, field in type(document).model_fields.items():
        yield field.serialization_alias or field.alias or name, getattr(document, name)


def _pieces(fields: Iterable[tuple[str, object]], compact: Callable[[object], str]) -> Iterator[str]:
    """Yield a document's JSON without indentation: of a list at its first level one item at a time."""
    before = "{"
    for name, value in fields:
        yield f"{before}{_compact_plain(name)}:"
        before = ","
        if isinstance(value, list):
            yield "["
            for index, item in enumerate(value):
                yield f"{',' if index else ''}{compact(item)}"
            yield "]"
        else:
            yield compact(value)
    yield "}"


def _compact(value: object) -> str:
    from pydantic_core import to_jsonable_python  # here, so that text for people needs no pydantic

    return _compact_plain(to_jsonable_python(value, by_alias=True))


def _compact_plain(value: object) -> str:
    return mask_shown(json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False))


def write_raw(chunk: str) -> None:
    """Write text of a machine format as it is; to a terminal only what is safe there (JSON is, CSV may not be)."""
    _release()
    _write_data(text.block(chunk) if stdout_is_terminal() else chunk)


def write_json_line(document: BaseModel | Mapping[str, object]) -> None:
    """Print a document as one line of JSON Lines."""
    _release()
    _write_data(_compact(document) + "\n")


def check_reader() -> None:
    """Raise ReaderGoneError where nobody reads a pipe any more: between two writes, nothing else would tell."""
    with _stdout() as stdout:
        try:
            number = stdout.fileno()
        except (OSError, ValueError):
            return  # not a stream of the system
    poll = select.poll()
    poll.register(number, 0)
    if any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0)):
        raise ReaderGoneError


def _write_data(chunk: str) -> None:
    with _stdout() as stdout:
        stdout.write(chunk)


def write_bytes(content: bytes) -> None:
    """Write a stored value byte for byte."""
    _release()
    flush()
    with _stdout() as stdout:
        stdout.buffer.write(content)
        stdout.buffer.flush()


def write_text(block: str, tone: Colour | None = None) -> None:
    """Print text for people, control characters made visible."""
    _write(_painted(text.block(block), tone, _stdout_colours()) + "\n")


def write_line(*pieces: Piece) -> None:
    """Print one line for people: a name from the config with a line feed in it cannot begin another."""
    has_colours = _stdout_colours()
    _write("".join(_painted(text.line(str(piece)), _tone(piece), has_colours) for piece in pieces) + "\n")


def write_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, cut: int | None = KEPT_WIDE
) -> None:
    """Print an aligned table for people, cells cut to `cut` characters (None: whole) and to what the terminal is wide.

    Headings are cleaned as cells are: a stored column's name is one.
    """
    given = [[*row] for row in rows]
    cells = [[text.line(str(cell), cut) for cell in row] for row in given]
    width = _columns() if stdout_is_terminal() else None
    has_colours = _stdout_colours()

    def paint(row: int, column: int, shown: str) -> str:
        return _painted(shown, _tone(given[row - 1][column]) if row else Colour.MUTED, has_colours)

    for line in table.lines(
        [text.line(heading, cut) for heading in headings], cells, width=width, paint=paint
    ):
        _write(line + "\n")


def _columns() -> int:
    import shutil  # here: no document needs it

    return shutil.get_terminal_size().columns


def say(message: str) -> None:
    """Print a line for the operator to stderr."""
    _say(text.block(message) + "\n")


def say_notice(notice: str) -> None:
    """Print something that the operator should know to stderr."""
    _say_marked("Notice:", Colour.WARNING, notice)


def say_notices(notices: Iterable[Notice]) -> None:
    """Print what could not be looked at, or is odd, to stderr; each once."""
    for words in dict.fromkeys(notice_words(notices)):
        say_notice(words)


def say_error(error: StorageToolError) -> None:
    """Print an error's sentence, and its next step, to stderr."""
    place = error.where or ""
    is_said = place in error.message or ", line ".join(place.rsplit(":", 1)) in error.message
    where = "" if is_said else f" ({place})"
    _say_marked("Error:", Colour.BAD, text.line(f"{error.message.removesuffix('.')}{where}"))
    if error.help:
        say(text.line(f"  {help_words(error.help)}"))


def _say_marked(mark: str, tone: Colour, message: str) -> None:
    _say(f"{_painted(mark, tone, colours(sys.stderr))} {text.block(message)}\n")


def _tone(piece: object) -> Colour | None:
    return piece.tone if isinstance(piece, Toned) else None


def _painted(shown: str, tone: Colour | None, has_colours: bool) -> str:  # noqa: FBT001
    """Return clean text in its tone, line by line: a pager shows any of them alone."""
    if tone is None or not has_colours:
        return shown
    return "\n".join(
        f"\x1b[{tone.value}m{line}\x1b[0m" if line.strip() else line for line in shown.split("\n")
    )


def colours(stream: TextIO | None) -> bool:
    """Tell whether text for people is coloured on a stream.

    `NO_COLOR` says no to all, `FORCE_COLOR` and `CLICOLOR_FORCE` yes wherever it goes (not where they are 0), `CLICOLOR=0` and a
    dumb terminal no; else it is coloured on a terminal.
    """
    environ = os.environ
    if stream is None or environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb" and stream.isatty()


def _stdout_colours() -> bool:
    return colours(sys.stdout)


def stderr_is_terminal() -> bool:
    """Tell whether a person reads what is said meanwhile."""
    return sys.stderr is not None and sys.stderr.isatty()


def stdout_is_terminal() -> bool:
    """Tell whether a person reads stdout."""
    return sys.stdout is not None and sys.stdout.isatty()
