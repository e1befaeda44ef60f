"""Of what is drawn again only what is other is written, and the terminal looks the same."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from llama_storage_tui.tui.terminal.drawn import DrawnScreen
from llama_storage_tui.tui.terminal.renditions import blank_rendition
from tests.patience import PATIENCE
from tests.tui.terminal import Terminal

SIZE = (24, 3)
LIMIT = 2_000
"""Bytes of a cursor move over a slow line."""
_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|\x1b\[(\d+);(\d+)H|\x1b\[\?\d+[hl]|\r?\n|.", re.DOTALL)


class Paper:
    """A terminal that keeps what each cell looks like."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.at = (0, 0)

    def write(self, text: str) -> None:
        parts: dict[str, str] = {}
        for token in _TOKEN.finditer(text):
            if token[1] is not None:
                self._turn(parts, token[1])
            elif token[2] is not None:
                self.at = int(token[3]) - 1, int(token[2]) - 1
            elif token[0].endswith("\n"):
                self.at = 0, self.at[1] + 1
            elif not token[0].startswith("\x1b"):
                self._put(token[0], ";".join(filter(None, (parts.get(each, "") for each in ("1", "3", "4")))))

    @staticmethod
    def _turn(parts: dict[str, str], rendition: str) -> None:
        for part in re.findall(r"[34]8;5;\d+|\d+", rendition or "0"):
            if part == "0":
                parts.clear()
            else:
                parts[part[0]] = part

    def _put(self, character: str, rendition: str) -> None:
        width = cell_len(character)
        shown = blank_rendition(rendition) if character == " " else rendition
        for x in range(width):
            self.cells[self.at[0] + x, self.at[1]] = (character if not x else "", shown)
        self.at = self.at[0] + width, self.at[1]


renditions = st.sampled_from(["", "1", "38;5;1", "1;38;5;2;48;5;3", "48;5;3", "38;5;2;48;5;4"])
texts = st.sampled_from(["a", "ab", " a ", "   ", "              ", "●", "the same text", "  b  c"])
wide = st.sampled_from(["中", "中 a"])
pieces = st.tuples(renditions, texts).map(lambda each: f"\x1b[{each[0]}m{each[1]}\x1b[0m")
"""No wide character is written over in part: Textual writes whole ones."""
moves = st.tuples(st.integers(1, 3), st.integers(1, 8)).map(lambda each: f"\x1b[{each[0]};{each[1]}H")
frames = st.tuples(moves, st.lists(pieces | moves | st.just("\x1b[?2026h"), max_size=5)).map(
    lambda each: each[0] + "".join(each[1])
)


@given(st.lists(frames, max_size=6))
def test_the_terminal_looks_as_if_everything_had_been_written(drawn: list[str]) -> None:
    whole, less, screen = Paper(), Paper(), DrawnScreen()
    for frame in drawn:
        whole.write(frame)
        less.write(screen.changes(frame, SIZE))
        assert less.cells == whole.cells
        assert less.at == whole.at


def test_what_stands_there_already_is_not_written_again() -> None:
    screen = DrawnScreen()
    frame = "\x1b[2;1H\x1b[38;5;1mthe same row\x1b[0m\x1b[1;1H"
    assert "the same row" in screen.changes(frame, SIZE)
    assert screen.changes(frame, SIZE) == ""
    assert screen.changes(frame.replace("same", "next"), SIZE).count("the") == 0


def test_wide_characters_are_always_written() -> None:
    screen = DrawnScreen()
    frame = "\x1b[1;1H中文\x1b[1;1H"
    assert "中文" in screen.changes(frame, SIZE)
    assert "中文" in screen.changes(frame, SIZE)


def test_a_whole_screen_is_written_whole_since_something_else_may_have_drawn_there() -> None:
    screen = DrawnScreen()
    frame = "\x1b[1;1H" + "\n".join(["x" * SIZE[0]] * SIZE[1])
    assert screen.changes(frame, SIZE).count("x") == SIZE[0] * SIZE[1]
    assert screen.changes(frame, SIZE).count("x") == SIZE[0] * SIZE[1]


def test_after_a_sequence_that_is_not_known_and_on_another_size_everything_is_written() -> None:
    row = "\x1b[1;1Hrow\x1b[1;1H"
    for change in ("\x1b[?1049h", "\x1b[2J", "\x1b]52;c;eA==\x07", "\x07"):
        screen = DrawnScreen()
        screen.changes(row, SIZE)
        assert screen.changes(change, SIZE) == change
        assert "row" in screen.changes(row, SIZE)
    assert "row" in screen.changes(row, (80, 24))


def test_a_move_of_the_cursor_in_any_list_costs_two_kilobytes_at_most() -> None:
    with Terminal(["--demo"]) as terminal:
        terminal.expect("kv_default", "Needs attention", "orphaned item")
        for keys, mark in (
            ("", "kv_default"),
            ("f", "provider-unknown-backend"),
            ("w", "responses 1–100"),
            ("C", "Owner"),
            ("M", "chatcmpl"),
            ("O", "Object type"),
            ("A", "Needs attention"),
            ("L", "table responses"),
        ):
            if keys:
                terminal.send(keys)
                terminal.expect(mark)
            costs = sorted(cost_of_a_move(terminal) for _ in range(3))
            # The middle one: with another the rest of the list may have arrived.
            assert costs[1] <= LIMIT, (keys, costs)
            if keys == "w":
                # To choose a column writes its title and the one before.
                titles = cost_of_a_move(terminal, "l")
                assert 0 < titles <= LIMIT, titles
            if keys:
                terminal.send("\x1b")
                terminal.expect("Latest responses")


def cost_of_a_move(terminal: Terminal, key: str = "j") -> int:
    """Move the cursor and return how many bytes that wrote, until nothing more comes."""
    while terminal.read(0.4):
        pass
    before = len(terminal.raw)
    terminal.send(key)
    while terminal.read(0.4 if len(terminal.raw) > before else PATIENCE):
        pass
    return len(terminal.raw) - before
