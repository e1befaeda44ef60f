"""What is left out of the renditions changes nothing on the screen."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.tui.terminal.renditions import merged

_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|\x1b\[\d+;\d+H|\x1b\[\?\d+[hl]|.", re.DOTALL)


def drawn(text: str) -> list[tuple[str, object]]:
    """Return each character with the rendition that it gets, each other sequence as it stands, and the last rendition."""
    state: dict[str, str] = {}
    found: list[tuple[str, object]] = []
    for token in _TOKEN.finditer(text):
        if token[1] is None:
            is_move = token[0].startswith("\x1b") or token[0] in "\r\n"
            found.append((token[0], None if is_move else tuple(sorted(state.items()))))
            continue
        _apply(state, (token[1] or "0").split(";"))
    return [*found, ("end", tuple(sorted(state.items())))]


def _apply(state: dict[str, str], numbers: list[str]) -> None:
    while numbers:
        number = numbers.pop(0)
        layer = _LAYERS.get(number[:-1])
        if number == "0":
            state.clear()
        elif layer is None:
            _attribute(state, number)
        elif number.endswith("8"):
            count = 2 if numbers[0] == "5" else 4
            state[layer] = ";".join(numbers[:count])
            del numbers[:count]
        elif number.endswith("9") and number in ("39", "49"):
            state.pop(layer, None)
        else:
            state[layer] = number


def _attribute(state: dict[str, str], number: str) -> None:
    for taken in _TAKES.get(number, ""):
        state.pop(taken, None)
    if number not in _TAKES:
        state[number] = "on"


_LAYERS = {"3": "foreground", "9": "foreground", "4": "background", "10": "background"}
_TAKES = {"22": "12", "23": "3", "24": "4", "27": "7"}


colours = st.sampled_from(
    ["38;5;1", "38;5;188", "48;5;1", "48;2;1;38;5", "38;2;48;5;1", "31", "92", "41", "103", "39"]
)
attributes = st.sampled_from(["1", "2", "3", "4", "7", "9", "22", "0"])
renditions = st.lists(attributes | colours, max_size=4).map(lambda parts: f"\x1b[{';'.join(parts)}m")
pieces = (
    st.sampled_from(["a", "  ", "–", "\n", "\r\n", "\x1b[3;4H", "\x1b[?2026h", "\x1b[0m", "\x1b[0m"])
    | renditions
)


@given(st.lists(pieces, max_size=30).map("".join))
def test_every_character_is_drawn_as_before_and_the_terminal_is_left_as_before(text: str) -> None:
    assert drawn(merged(text)) == drawn(text)


def test_a_row_whose_cells_look_alike_names_its_colours_once() -> None:
    cells = "".join(f"\x1b[38;5;188;48;5;16m cell {number} \x1b[0m" for number in range(9))
    assert merged(cells).count("\x1b[") == 2


def test_of_two_colours_only_the_one_that_changes_is_named() -> None:
    text = "\x1b[38;5;188;48;5;16ma\x1b[0m\x1b[38;5;108;48;5;16mb\x1b[0m"
    assert merged(text) == "\x1b[38;5;188;48;5;16ma\x1b[38;5;108mb\x1b[0m"
