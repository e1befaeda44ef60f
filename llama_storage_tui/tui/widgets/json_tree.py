"""A tree over parsed JSON that makes a node's children when it is opened, and never more than a screenful or two at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, tzinfo
from itertools import islice
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.services.values import epoch_time
from llama_storage_tui.text import ELLIPSIS, line, plural
from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.style.theme import tone_style
from llama_storage_tui.tui.style.wording import moment

MOST_CHILDREN: Final = 300
LONGEST: Final = 160
WIDEST: Final = 40
"""Characters of a name."""
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
        Binding("k", "cursor_up", "Up", show=False, id="tree.up"),
        Binding("j", "cursor_down", "Down", show=False, id="tree.down"),
        Binding(
            "l,right", "open", "Open", show=False, id="tree.open", tooltip="Open the node under the cursor"
        ),
        Binding(
            "h,left",
            "fold",
            "Close",
            show=False,
            id="tree.close",
            tooltip="Close the node, or go to its parent",
        ),
        Binding("g", "first", "First", show=False, id="tree.first"),
        Binding("G", "last", "Last", show=False, id="tree.last"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
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

    @property
    def current(self) -> TreePart | None:
        """The part under the cursor."""
        return self.cursor_node.data if self.cursor_node is not None else None

    def _on_tree_node_expanded(self, event: Tree.NodeExpanded[TreePart]) -> None:
        self._open_node(event.node)

    def _on_tree_node_selected(self, event: Tree.NodeSelected[TreePart]) -> None:
        part = event.node.data
        if part is not None and part.rest is not None and event.node.parent is not None:
            parent, rest, left = event.node.parent, part.rest, part.left
            event.node.remove()
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
