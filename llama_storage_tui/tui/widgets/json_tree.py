"""A tree over parsed JSON that makes a node's children when it is opened, and never more than a screenful or two at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, tzinfo
from itertools import islice
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.services.values import epoch_time
from llama_storage_tui.text import ELLIPSIS, line, plural
from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.style.keys import hidden_key
from llama_storage_tui.tui.style.theme import tone_style
from llama_storage_tui.tui.style.wording import moment
from llama_storage_tui.tui.widgets.searching import Hit, Hits, has_hit, hit_style

MOST_CHILDREN: Final = 300
LONGEST: Final = 160
WIDEST: Final = 40
"""Characters of a name."""
MOST_REVEALED: Final = 3_000
"""Parts of one list that are made to bring a hit on show: a tenth of a second."""
BREATH: Final = 1_000
"""Parts that a search looks at at a time."""
LEAF_INDENT: Final = "  "
"""As wide as the arrow before a node that opens."""


@dataclass(slots=True)
class TreePart:
    """A node's name and value; `rest` is what is left to show of the parent, in a node that stands for more."""

    name: str
    value: object
    is_built: bool = False
    rest: Iterator[tuple[str, object]] | None = None
    left: int = 0


class JsonTree(Tree[TreePart]):
    """Names and values; `enter` opens a node, or shows more of a long list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        hidden_key("k", "cursor_up", "Up", "tree.up"),
        hidden_key("j", "cursor_down", "Down", "tree.down"),
        hidden_key("l,right", "open", "Unfold", "tree.open", "Open the node under the cursor"),
        hidden_key("h,left", "fold", "Fold", "tree.close", "Close the node, or go to its parent"),
        hidden_key("g", "first", "First", "tree.first"),
        hidden_key("G", "last", "Last", "tree.last"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        self._pattern: re.Pattern[str] | None = None
        super().__init__("", id=id)
        self.show_root = False
        self.guide_depth = 3
        self.auto_expand = True
        self.zone: tzinfo | None = UTC

    def on_mount(self) -> None:
        """Colours come from the theme, so a new theme means new labels."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._colour())

    def _colour(self) -> None:
        if self.root.data is not None:
            self.show(self.root.data.value, self.zone)

    def show(self, data: object, zone: tzinfo | None) -> None:
        """Show an object's or a list's parts; a part that is one of few opens at once."""
        self.zone = zone
        self.clear()
        self.root.data = TreePart("", data)
        self._open_node(self.root)
        self.root.expand()
        children = self.root.children
        if len(children) == 1:
            self._open_node(children[0])
            children[0].expand()
        self.cursor_line = 0

    # Finding

    @property
    def place(self) -> Hit:
        """The node under the cursor: the number of each part on the way to it, from 0."""
        way: list[int] = []
        node = self.cursor_node
        while node is not None and node.parent is not None:
            way.append(node.parent.children.index(node))
            node = node.parent
        return tuple(reversed(way))

    def hits(self, pattern: re.Pattern[str]) -> Hits:
        """Return every part whose name or value has a hit, made or not, on show or cut off."""
        pending: list[Iterator[tuple[int, tuple[str, object]]]] = []
        way: list[int] = []
        if self.root.data is not None and isinstance(self.root.data.value, dict | list):
            pending.append(enumerate(_parts(self.root.data.value)))
        seen = 0
        while pending:
            number, (name, value) = next(pending[-1], (-1, ("", None)))
            if number < 0:
                pending.pop()
                del way[len(pending) - 1 :]
                continue
            way = [*way[: len(pending) - 1], number]
            is_found = False
            for found in _has_hit(pattern, name, value):
                if found is None:
                    yield None
                is_found = bool(found)
            if is_found:
                yield tuple(way)
            if isinstance(value, dict | list):
                pending.append(enumerate(_parts(value)))
            seen += 1
            if seen % BREATH == 0:
                yield None

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        """Mark all hits on show."""
        self._pattern = pattern
        self._draw_anew()

    def _draw_anew(self) -> None:
        # Textual draws a line of a tree once for each state of it, and knows only its own reasons to draw it anew.
        self.notify_style_update()

    def go_to(self, hit: Hit) -> str:
        """Open the way to a part and put the cursor there."""
        node = self.root
        for number in hit:
            self._open_node(node)
            node.expand()
            while number >= self._built(node):
                if number > MOST_REVEALED:
                    self.move_cursor(node)
                    return f"Part {number + 1:,} is too far down for the tree; the text view shows it."
                self._more(node.children[-1])
            node = node.children[number]
        if self.last_line >= node.line >= 0:
            self.cursor_line = node.line
            self.scroll_to_line(node.line, animate=False)
        return ""

    @staticmethod
    def _built(node: TreeNode[TreePart]) -> int:
        last = node.children[-1].data if node.children else None
        return len(node.children) - (last is not None and last.rest is not None)

    def render_label(self, node: TreeNode[TreePart], base_style: Style, style: Style) -> Text:
        """Return a node's label, its hits marked."""
        label = super().render_label(node, base_style, style)
        if self._pattern is not None:
            label.highlight_regex(self._pattern, hit_style(self.app.theme_variables))
        return label

    @property
    def current(self) -> TreePart | None:
        """The part under the cursor."""
        return self.cursor_node.data if self.cursor_node is not None else None

    def _on_tree_node_expanded(self, event: Tree.NodeExpanded[TreePart]) -> None:
        self._open_node(event.node)

    def _on_tree_node_selected(self, event: Tree.NodeSelected[TreePart]) -> None:
        self._more(event.node)

    def _more(self, node: TreeNode[TreePart]) -> None:
        """Show more parts in place of a node that stands for them."""
        part = node.data
        if part is not None and part.rest is not None and node.parent is not None:
            parent, rest, left = node.parent, part.rest, part.left
            node.remove()
            self._add_parts(parent, rest, left)

    def _open_node(self, node: TreeNode[TreePart]) -> None:
        part = node.data
        if part is None or part.is_built or not isinstance(part.value, dict | list):
            return
        part.is_built = True
        self._add_parts(node, _parts(part.value), len(part.value))

    def _add_parts(self, node: TreeNode[TreePart], parts: Iterator[tuple[str, object]], left: int) -> None:
        shown = list(islice(parts, MOST_CHILDREN))
        width = min(max((len(line(name, WIDEST)) for name, _ in shown), default=0), WIDEST)
        for name, value in shown:
            label = self._part_label(name, value, width)
            if isinstance(value, dict | list) and value:
                node.add(label, TreePart(name, value))
            else:
                node.add_leaf(Text(LEAF_INDENT).append_text(label), TreePart(name, value))
        left -= len(shown)
        if left > 0:
            more = Text(f"{ELLIPSIS} {left:,} more: enter shows them", style=self._tone_style(Tone.KEY))
            node.add_leaf(more, TreePart("", None, rest=parts, left=left))

    def _tone_style(self, tone: Tone) -> Style:
        return tone_style(tone, self.app.theme_variables)

    def _part_label(self, name: str, value: object, width: int) -> Text:
        label = Text(no_wrap=True)
        label.append(f"{line(name, WIDEST):<{width}}", self._tone_style(Tone.KEY))
        shown, tone = shown_value(value)
        label.append("  ")
        label.append(shown, self._tone_style(tone))
        time = epoch_time(name, value) if isinstance(value, int | float) else None
        if time is not None:
            label.append(f"  {moment(time, self.zone)}", self._tone_style(Tone.MUTED))
        return label

    def action_open(self) -> None:
        if self.cursor_node is not None:
            self.cursor_node.expand()

    def action_fold(self) -> None:
        """Close the node under the cursor, or go to its parent."""
        node = self.cursor_node
        if node is None:
            return
        if node.is_expanded and node.allow_expand:
            node.collapse()
        elif node.parent is not None and node.parent is not self.root:
            self.move_cursor(node.parent)

    def action_first(self) -> None:
        self.cursor_line = 0

    def action_last(self) -> None:
        self.cursor_line = self.last_line


def _parts(value: dict[str, object] | list[object]) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        return ((str(name), item) for name, item in value.items())
    return ((f"[{index}]", item) for index, item in enumerate(value))


def _has_hit(pattern: re.Pattern[str], name: str, value: object) -> Iterator[bool | None]:
    if pattern.search(name):
        yield True
    elif isinstance(value, str):
        yield from has_hit(pattern, value)
    elif not isinstance(value, dict | list):
        yield bool(pattern.search(shown_value(value)[0]))


def shown_value(value: object) -> tuple[str, Tone]:
    """Return a part's value on one line, cut; of an object or a list how much is in it."""
    match value:
        case dict():
            return (plural(len(value), "field") if value else "{}", Tone.MUTED)
        case list():
            return (plural(len(value), "item") if value else "[]", Tone.MUTED)
        case str():
            # How long it is comes first: the end of the line may be out of sight.
            length = f"{len(value):,} characters  " if len(value) > LONGEST else ""
            return (f'{length}"{line(value, LONGEST)}"', Tone.PLAIN)
        case bytes():
            return (
                f"bytes {value[:24].hex(' ')}{ELLIPSIS if len(value) > 24 else ''} ({len(value):,})",
                Tone.MUTED,
            )
        case None:
            return ("null", Tone.MUTED)
        case bool():
            return (str(value).lower(), Tone.PLAIN)
        case int() if abs(value) > 10**40:
            return (f"a number of about {int(value.bit_length() * 0.30103):,} digits", Tone.PLAIN)
        case _:
            return (line(str(value), LONGEST), Tone.PLAIN)


def part_text(value: object) -> str:
    """Return a part as the text that a copy holds."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.hex(" ")
    return json.dumps(
        value, ensure_ascii=False, indent=2 if isinstance(value, dict | list) else None, default=str
    )
