"""Where the entries of a YAML document stand in its text: spans of keys, of values and of whole lines with their comments.

The nodes' marks alone do not say it: an alias has the marks of its anchor, a block collection ends where the next content begins,
a block scalar behind its blank lines, and constructing data writes merge keys out in the nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

from llama_storage_tui.config.document import Path, PathStep
from llama_storage_tui.config.nodes import DocumentOrigin, construct, syntax_error
from llama_storage_tui.deferred import dataclass

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Many texts are parsed on the way to the last one, each made of one that this program's own parser has read within its limits."""
_ALIAS: Final = re.compile(r"\*[^\s,\[\]{}]+")
PROPERTY: Final = re.compile(r"[&!][^\s,\[\]{}]*[ \t]*")
_COMMENT: Final = re.compile(r"[ \t]*#")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a mapping or an item of a list: offsets of the text.

    `start` is where its key or dash begins, `value` and `end` enclose the value as written (equal for an empty one); `key_end` is
    behind the colon or dash.
    """

    step: PathStep
    start: int
    key_end: int
    value: int
    end: int
    node: yaml.Node
    is_alias: bool = False


class TextLayout:
    """One parsed text. `data` is as `yaml.safe_load` gives it, `root` as it stands in the text, merge keys included."""

    def __init__(self, text: str, name: str) -> None:
        place = DocumentOrigin(name, 0)
        self.text = text
        try:
            self.root: yaml.Node | None = yaml.compose(text, _LOADER)
        except yaml.MarkedYAMLError as error:
            raise syntax_error(error, place) from None
        kept = [(node, [*node.value]) for node in _mappings(self.root)]
        self.data: object = construct(self.root, place)
        for node, value in kept:
            node.value = value
        self.newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
        # Where a collection ends is where the last of its entries does, so that asking for any entry asks for all below it.
        self._found: dict[int, tuple[Entry, ...]] = {}

    def entries(self, node: yaml.Node) -> tuple[Entry, ...]:
        """Return the entries of a mapping or list of this text in their order; empty for a scalar."""
        found = self._found.get(id(node))
        if found is None:
            found = self._found[id(node)] = self._entries(node)
        return found

    def _entries(self, node: yaml.Node) -> tuple[Entry, ...]:
        if isinstance(node, yaml.MappingNode):
            return tuple(self._entry(key, value) for key, value in node.value)
        if isinstance(node, yaml.SequenceNode):
            return tuple(self._items(node))
        return ()

    def entry(self, path: Path) -> Entry | None:
        """Return the entry at a path, the last of several; None where there is none, or where an alias leads there."""
        node, found = self.root, None
        for step in path:
            if node is None or (found is not None and found.is_alias):
                return None
            found = next((entry for entry in reversed(self.entries(node)) if entry.step == step), None)
            if found is None:
                return None
            node = found.node
        return found

    def node(self, path: Path) -> yaml.Node | None:
        """Return the node at a path, None where there is none."""
        if not path:
            return self.root
        found = self.entry(path)
        return None if found is None else found.node

    def _entry(self, key: yaml.Node, value: yaml.Node) -> Entry:
        colon = self.text.index(":", key.end_mark.index) + 1
        step: PathStep = key.value if isinstance(key, yaml.ScalarNode) else ""
        if isinstance(key, yaml.ScalarNode) and key.tag == "tag:yaml.org,2002:int":
            step = int(key.value) if key.value.isdecimal() else key.value
        return self._with_value(step, key.start_mark.index, colon, value)

    def _items(self, node: yaml.SequenceNode) -> list[Entry]:
        found: list[Entry] = []
        at = node.start_mark.index
        is_flow = bool(node.flow_style)
        for index, item in enumerate(node.value):
            if is_flow:
                at = at + 1 if index == 0 else self.text.index(",", at) + 1
                start = self._skip(at)
                entry = self._with_value(index, start, start, item)
            else:
                dash = self._skip(at)
                entry = self._with_value(index, dash, dash + 1, item)
            found.append(entry)
            at = max(entry.end, entry.key_end)
            if not is_flow:
                at = self.line_end(at)
        return found

    def _skip(self, at: int) -> int:
        """Pass over blanks, line ends and comments."""
        while at < len(self.text):
            if self.text[at] in " \t\r\n":
                at += 1
            elif self.text[at] == "#":
                at = self.line_end(at)
            else:
                break
        return at

    def _with_value(self, step: PathStep, start: int, key_end: int, node: yaml.Node) -> Entry:
        alias = _ALIAS.match(self.text, self._skip(key_end))
        if alias is not None:
            return Entry(step, start, key_end, alias.start(), alias.end(), node, is_alias=True)
        if isinstance(node, yaml.ScalarNode) and node.start_mark.index >= node.end_mark.index:
            return Entry(step, start, key_end, key_end, key_end, node)
        if isinstance(node, yaml.ScalarNode) and not node.value and not node.style:
            # An empty value with an anchor or tag, or null: its marks may lie a character further.
            end = max(key_end, min(node.end_mark.index, len(self.text)))
            shown = self.text[node.start_mark.index : end].strip()
            if not shown or shown[0] not in "&!":
                return Entry(step, start, key_end, key_end, key_end, node)
        return Entry(step, start, key_end, node.start_mark.index, self._end(node), node)

    def _end(self, node: yaml.Node) -> int:
        """Return the offset behind the last character that belongs to a value."""
        if isinstance(node, yaml.ScalarNode):
            if node.style in ("|", ">"):
                return self._end_of_block(node)
            return int(node.end_mark.index)
        if getattr(node, "flow_style", False):
            return int(node.end_mark.index)
        last = self.entries(node)
        return max(last[-1].end, last[-1].key_end) if last else int(node.end_mark.index)

    def _end_of_block(self, node: yaml.ScalarNode) -> int:
        text = self.text[node.start_mark.index : node.end_mark.index]
        lines = text.splitlines(keepends=True)
        # The header's own line, then the content; what follows less indented is a comment of the next entry.
        indent = min((len(line) - len(line.lstrip(" ")) for line in lines[1:] if line.strip()), default=0)
        kept = len(lines)
        if lines[1:]:
            first = next((line for line in lines[1:] if line.strip()), "")
            indent = len(first) - len(first.lstrip(" ")) if first else indent
        while kept > 1 and (
            not lines[kept - 1].strip() or len(lines[kept - 1]) - len(lines[kept - 1].lstrip(" ")) < indent
        ):
            kept -= 1
        return int(node.start_mark.index) + len("".join(lines[:kept]).rstrip("\r\n"))

    def line_start(self, at: int) -> int:
        """Return where the line of an offset begins."""
        return (
            max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at) if "\n" not in self.text else -1)
            + 1
        )

    def line_end(self, at: int) -> int:
        """Return where the line after that of an offset begins."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def column(self, at: int) -> int:
        """Return the column of an offset, from 0."""
        return at - self.line_start(at)

    def line(self, at: int) -> int:
        """Return the line of an offset, from 1."""
        return self.text.count("\n", 0, at) + 1

    def lines_of(self, entry: Entry) -> tuple[int, int]:
        """Return the span of an entry's lines, with the comment lines directly above it."""
        start, end = self.line_start(entry.start), self.line_end(max(entry.end, entry.key_end))
        column = self.column(entry.start)
        while start > 0:
            above = self.line_start(start - 1)
            line = self.text[above:start]
            if not _COMMENT.match(line) or len(line) - len(line.lstrip(" \t")) != column:
                break
            start = above
        if start == 0 and self.text.startswith("#"):
            # A header of the file belongs to no entry.
            start = self.line_start(entry.start)
        return start, end

    def begins_line(self, entry: Entry) -> bool:
        """Tell whether nothing but blanks stands before an entry on its line."""
        return not self.text[self.line_start(entry.start) : entry.start].strip()

    def written(self, entry: Entry) -> str | None:
        """Return a scalar on one line as it is written, without anchor and tag; None for anything else."""
        if not isinstance(entry.node, yaml.ScalarNode) or entry.is_alias or entry.node.style in ("|", ">"):
            return None
        source = self.text[entry.value : entry.end]
        while found := PROPERTY.match(source):
            if found[0].startswith("!"):
                return None
            source = source[found.end() :]
        return source if source and "\n" not in source and "\r" not in source else None

    def comment_behind(self, entry: Entry) -> str:
        """Return the comment on the line on which a value ends, empty where there is none."""
        rest = self.text[max(entry.end, entry.key_end) : self.line_end(max(entry.end, entry.key_end))]
        return rest.strip() if rest[:1] in (" ", "\t") and rest.strip().startswith("#") else ""

    def is_block(self, entry: Entry) -> bool:
        """Tell whether a value is a mapping or list on lines of its own."""
        if not isinstance(entry.node, yaml.CollectionNode) or entry.is_alias or entry.node.flow_style:
            return False
        inner = self.entries(entry.node)
        return bool(inner) and inner[0].start >= self.line_end(entry.key_end)

    def comments_inside(self, entry: Entry) -> list[str]:
        """Return the comments inside of a block value, each for a line of its own."""
        found: list[str] = []
        if not self.is_block(entry):
            return found
        leaves = [*self._leaves(entry.node)]
        at = start = self.line_end(entry.key_end)
        for line in self.text[start : entry.end].splitlines(keepends=True):
            if line.lstrip().startswith("#") and not any(leaf.value <= at < leaf.end for leaf in leaves):
                found.append(line.strip())
            at += len(line)
        return found + [comment for leaf in leaves if (comment := self.comment_behind(leaf))]

    def comments_of(self, entry: Entry, *, with_inside: bool) -> tuple[str, ...]:
        """Return the comments above an entry and on the line of its key, and those inside of its value where asked for."""
        rest = self.text[entry.key_end : self.line_end(entry.key_end)].strip()
        on_line = (rest,) if rest.startswith("#") else ()
        inside = self.comments_inside(entry) if with_inside else []
        if (
            with_inside
            and not self.is_block(entry)
            and (behind := self.comment_behind(entry))
            and behind not in on_line
        ):
            inside = [behind]
        return (*self.comments_above(entry), *on_line, *inside)

    def _leaves(self, node: yaml.Node) -> Iterator[Entry]:
        for entry in self.entries(node):
            if isinstance(entry.node, yaml.ScalarNode) or entry.is_alias:
                yield entry
            else:
                yield from self._leaves(entry.node)

    def comments_above(self, entry: Entry) -> tuple[str, ...]:
        """Return the comment lines directly above an entry, without their indentation."""
        start, _ = self.lines_of(entry)
        return tuple(line.strip() for line in self.text[start : self.line_start(entry.start)].splitlines())


def _mappings(root: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    todo, seen = [root], set()
    while todo:
        node = todo.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            todo += [child for pair in node.value for child in pair]
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
