"""Operations on a document's structure as splices of its text: what they do not name keeps every byte.

The new text is parsed and held against the data that the operations are meant to give, so that a text that is written in a way that
is not understood here is refused and never damaged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import yaml

from llama_storage_tui.config.document import Path, get, show_path
from llama_storage_tui.config.edit.layout import PROPERTY, Entry, TextLayout
from llama_storage_tui.config.edit.operations import (
    AddEntry,
    NestEntries,
    Operation,
    Operations,
    PutValue,
    ReplaceText,
    edited_data,
    is_same,
    settled,
)
from llama_storage_tui.config.edit.render import Written, entry_lines, flow, list_lines, mapping_lines, scalar
from llama_storage_tui.config.edit.splice import Splice
from llama_storage_tui.errors import ConfigError, RefusedError

_INDENT: Final = 2


def edit_structure(
    layout: TextLayout, name: str, operations: Sequence[Operation]
) -> tuple[TextLayout, tuple[Splice, ...]]:
    """Return the changed text, parsed, and the splices that made it.

    Raises RefusedError where the text cannot carry an operation as it is written.
    """
    operations = settled(operations, layout.data)
    wanted = edited_data(layout.data, operations)
    splices = _Editor(layout, Operations(operations)).splices()
    splices = _with_anchors(layout, splices)
    text = apply_all(layout.text, splices)
    try:
        after = TextLayout(text, name)
    except ConfigError:
        raise _refused(name, operations) from None
    if not is_same(after.data, wanted) or _twins(after) > _twins(layout):
        raise _refused(name, operations)
    return after, splices


def _twins(layout: TextLayout) -> int:
    """Return how many keys are there beside an equal one: a reader sees one of them alone."""
    found, nodes, seen = 0, [layout.root], set[int]()
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.CollectionNode) and id(node) not in seen:
            seen.add(id(node))
            entries = layout.entries(node)
            nodes += [entry.node for entry in entries]
            if isinstance(node, yaml.MappingNode):
                found += len(entries) - len({entry.step for entry in entries})
    return found


def apply_all(text: str, splices: Iterable[Splice]) -> str:
    """Return the text with every splice applied, from its end to its beginning; raises RefusedError where two overlap."""
    ordered = sorted(splices, key=lambda splice: (splice.start, splice.end))
    if any(before.end > after.start for before, after in pairwise(ordered)):
        raise RefusedError("Two changes of the text overlap")
    for splice in reversed(ordered):
        text = splice.apply(text)
    return text


def _refused(name: str, operations: Sequence[Operation]) -> RefusedError:
    first = operations[0]
    where = show_path(first.path) if hasattr(first, "path") else ""
    return RefusedError(f"{name} is written in a way that cannot be changed in place", where=where or name)


class _Editor:
    """Turns operations into splices, walking the text once."""

    def __init__(self, layout: TextLayout, operations: Operations) -> None:
        self.layout = layout
        self.operations = operations
        self.newline = layout.newline

    def splices(self) -> tuple[Splice, ...]:
        found: list[Splice] = []
        if self.layout.root is not None:
            found += self._inside(self.layout.root, (), None)
        return tuple(found)

    def _inside(self, node: yaml.Node, path: Path, holder: Entry | None) -> Iterator[Splice]:
        """Yield the splices of everything in a container."""
        entries = self.layout.entries(node)
        if isinstance(node, yaml.MappingNode):
            self._refuse_twins(entries, path)
        is_flow = bool(getattr(node, "flow_style", False))
        nested = {key for one in self.operations.nested for key in one.keys} if not path else set()
        dropped = [entry for entry in entries if (*path, entry.step) in self.operations.dropped]
        added = self.operations.added.get(path, [])
        for entry in entries:
            place = (*path, entry.step)
            if entry in dropped or (entry.step in nested and not path) or not self.operations.touches(place):
                continue
            yield from self._of_entry(entry, place, is_flow=is_flow)
        if not path:
            for one in self.operations.nested:
                yield from self._nest(one, entries, is_flow=is_flow)
        is_empty = len(dropped) == len(entries)
        if is_empty and holder is not None and (dropped or added) and not is_flow:
            value: object = (
                {one.key: one.value for one in added}
                if isinstance(node, yaml.MappingNode)
                else [one.value for one in added]
            )
            yield from self._replace(holder, PutValue(path, value), is_flow=False)
            return
        if is_flow:
            yield from self._drop_in_flow(entries, dropped)
            yield from self._add_in_flow(node, [entry for entry in entries if entry not in dropped], added)
        else:
            for entry in dropped:
                yield self._drop_lines(entry, entries)
            if added and entries:
                yield self._add_lines(entries, added)

    def _refuse_twins(self, entries: Sequence[Entry], path: Path) -> None:
        """Refuse to change what is there twice: a reader takes the last one, and whoever wrote it may mean the first."""
        times = Counter(entry.step for entry in entries)
        for step, number in times.items():
            if number > 1 and self.operations.touches((*path, step)):
                raise RefusedError(
                    f"{step} is there {number} times: leave one", where=show_path((*path, step))
                )

    def _of_entry(self, entry: Entry, path: Path, *, is_flow: bool) -> Iterator[Splice]:
        renamed = self.operations.renamed.get(path)
        if renamed is not None:
            end = self.layout.text.rindex(":", entry.start, entry.key_end)
            written = self.layout.text[entry.start : end].rstrip()
            quote = written[0] if written[:1] in ("'", '"') else ""
            key = f"{quote}{renamed.key}{quote}" if quote else scalar(renamed.key)
            yield Splice(entry.start, entry.start + len(written), key)
        put = self.operations.put.get(path)
        if put is not None:
            yield from self._replace(entry, put, is_flow=is_flow)
            return
        replaced = self.operations.replaced.get(path)
        if replaced is not None and not entry.is_alias:
            yield from self._replace_text(entry, replaced)
            return
        if self.operations.touches(path) and not entry.is_alias:
            if isinstance(entry.node, yaml.ScalarNode):
                added = self.operations.added.get(path)
                if added:
                    value = (
                        {one.key: one.value for one in added}
                        if added[0].key is not None
                        else [one.value for one in added]
                    )
                    yield from self._replace(entry, PutValue(path, value), is_flow=is_flow)
            else:
                yield from self._inside(entry.node, path, entry)

    def _replace_text(self, entry: Entry, replaced: ReplaceText) -> Iterator[Splice]:
        at = self.layout.text.find(replaced.old, entry.value, entry.end)
        while at >= 0:
            end = at + len(replaced.old)
            yield Splice(at, end, replaced.new)
            at = self.layout.text.find(replaced.old, end, entry.end)

    def _replace(self, entry: Entry, put: PutValue, *, is_flow: bool) -> Iterator[Splice]:
        value, text = put.value, self.layout.text
        is_collection = isinstance(value, Mapping | list | tuple) and bool(value)
        if is_flow or not is_collection:
            written = (
                flow(value, is_json=self._is_json(entry))
                if isinstance(value, Mapping | list | tuple)
                else scalar(value, is_flow=is_flow, is_json=is_flow and self._is_json(entry))
            )
            source = self.layout.written(entry)
            if source is not None and not is_collection:
                yield Splice(entry.end - len(source), entry.end, written)
            else:
                # What stands behind the colon goes, up to the end of a value of several lines.
                yield Splice(entry.key_end, entry.end, f" {written}")
            return
        column = self.layout.column(entry.start)
        indent = column + (_INDENT if isinstance(entry.step, str) or isinstance(value, Mapping) else 0)
        comments = self.layout.comments_inside(entry) if put.keeps_comments else []
        if isinstance(value, Mapping):
            lines = [" " * indent + comment for comment in comments] + [*mapping_lines(value, indent)]
        else:
            lines = [*list_lines(list(value) if isinstance(value, tuple) else value, column)]  # type: ignore[arg-type]
        block = self.newline.join(lines)
        if self.layout.is_block(entry):
            # The old lines go, the rest of the key's line stays, but for an anchor.
            start = self.layout.line_end(entry.key_end)
            yield from self._without_anchor(entry)
            # Up to the comment on the last line, which is one of those inside.
            end = len(text[: self.layout.line_end(max(entry.end, start - 1))].rstrip("\r\n"))
            yield Splice(start, end, block) if end > start else Splice(start, start, block + self.newline)
            return
        line_end = self.layout.line_end(entry.end)
        rest = text[entry.end : line_end].rstrip("\r\n")
        if entry.end > entry.key_end:
            yield Splice(entry.key_end, entry.end, "")
        at = entry.end + len(rest)
        yield Splice(at, at, self.newline + block)

    def _without_anchor(self, entry: Entry) -> Iterator[Splice]:
        """Take anchor and tag off the key's line; the space before a comment stays, without which it is none."""
        text, line_end = self.layout.text, self.layout.line_end(entry.key_end)
        end = entry.value
        while found := PROPERTY.match(text, end, line_end):
            end = found.end()
        if end > entry.value:
            is_comment = text[end : end + 1] == "#"
            yield Splice(entry.key_end, len(text[:end].rstrip(" \t")) if is_comment else end, "")

    def _is_json(self, entry: Entry) -> bool:
        return self.layout.text[entry.start : entry.start + 1] == '"' or (
            isinstance(entry.step, int)
            and '"' in self.layout.text[:200]
            and self.layout.text.lstrip()[:1] == "{"
        )

    def _drop_lines(self, entry: Entry, entries: Sequence[Entry]) -> Splice:
        if self.layout.begins_line(entry):
            return Splice(*self.layout.lines_of(entry), "")
        # The first entry of an item stands behind the item's dash: the next one takes its place.
        following = next((other for other in entries if other.start > entry.start), None)
        if following is None:
            return Splice(*self.layout.lines_of(entry), "")
        return Splice(entry.start, following.start, "")

    def _add_lines(self, entries: Sequence[Entry], added: list[AddEntry]) -> Splice:
        column = self.layout.column(entries[0].start)
        last = entries[-1]
        at = self.layout.line_end(max(last.end, last.key_end))
        lines: list[str] = []
        for one in added:
            lines += (
                entry_lines(one.key, one.value, column)
                if one.key is not None
                else list_lines([one.value], column)
            )
        begin = "" if self.layout.text[:at].endswith(("\n", "\r")) else self.newline
        return Splice(at, at, begin + self.newline.join(lines) + self.newline)

    def _drop_in_flow(self, entries: Sequence[Entry], dropped: Sequence[Entry]) -> Iterator[Splice]:
        index = 0
        while index < len(entries):
            if entries[index] not in dropped:
                index += 1
                continue
            first = index
            while index < len(entries) and entries[index] in dropped:
                index += 1
            if index < len(entries):
                yield Splice(entries[first].start, entries[index].start, "")
            elif first:
                yield Splice(entries[first - 1].end, entries[-1].end, "")
            else:
                yield Splice(entries[0].start, entries[-1].end, "")

    def _add_in_flow(
        self, node: yaml.Node, entries: Sequence[Entry], added: list[AddEntry]
    ) -> Iterator[Splice]:
        if not added:
            return
        is_json = self._is_json(entries[0]) if entries else self.layout.text.lstrip()[:1] == "{"
        parts = [
            flow(one.value, is_json=is_json)
            if one.key is None
            else f"{scalar(one.key, is_flow=True, is_json=is_json)}: {flow(one.value, is_json=is_json)}"
            for one in added
        ]
        at = entries[-1].end if entries else node.end_mark.index - 1
        glue = ", "
        if len(entries) > 1 and "\n" in self.layout.text[entries[-2].end : entries[-1].start]:
            glue = "," + self.newline + " " * self.layout.column(entries[-1].start)
        text = glue.join(parts)
        yield Splice(at, at, glue + text if entries else text)

    def _nest(self, one: NestEntries, entries: Sequence[Entry], *, is_flow: bool) -> Iterator[Splice]:
        moved = [entry for entry in entries if entry.step in one.keys]
        if not moved:
            raise RefusedError(
                "What is to be moved is not written here: it comes from an anchor", where=one.keys[0]
            )
        if is_flow:
            text = self.layout.text
            inner = ", ".join(text[entry.start : entry.end] for entry in moved)
            key = scalar(one.under, is_json=self._is_json(entries[0]))
            yield Splice(moved[0].start, moved[0].end, f"{key}: {{{inner}}}")
            yield from self._drop_in_flow(entries, moved[1:])
            return
        first = self.layout.lines_of(moved[0])[0]
        yield Splice(first, first, scalar(one.under) + ":" + self.newline)
        end = first
        for entry in moved:
            start, entry_end = self.layout.lines_of(entry)
            if start < end or not self._is_air(end, start):
                break
            yield from self._indented(start, entry_end)
            end = entry_end
        rest = [entry for entry in moved if entry.start >= end]
        lines = [line for entry in rest for line in self._indented_lines(entry)]
        if lines:
            begin = "" if self.layout.text[:end].endswith("\n") else self.newline
            yield Splice(end, end, begin + self.newline.join(lines) + self.newline)
        for entry in rest:
            yield Splice(*self.layout.lines_of(entry), "")

    def _is_air(self, start: int, end: int) -> bool:
        """Tell whether nothing but blank lines and comments stands between two offsets."""
        lines = self.layout.text[start:end].splitlines()
        return all(not line.strip() or line.lstrip().startswith("#") for line in lines)

    def _indented(self, start: int, end: int) -> Iterator[Splice]:
        at = start
        for line in self.layout.text[start:end].splitlines(keepends=True):
            if line.strip():
                yield Splice(at, at, " " * _INDENT)
            at += len(line)

    def _indented_lines(self, entry: Entry) -> list[str]:
        start, end = self.layout.lines_of(entry)
        return [
            " " * _INDENT + line if line.strip() else line
            for line in self.layout.text[start:end].splitlines()
        ]


def _with_anchors(layout: TextLayout, splices: tuple[Splice, ...]) -> tuple[Splice, ...]:
    """Write an anchored value out where the anchor goes and an alias of it stays: there it gets the anchor."""
    if "&" not in layout.text or not splices:
        return splices

    def is_gone(at: int) -> bool:
        return any(splice.start <= at < splice.end for splice in splices)

    rescued: list[Splice] = []
    gone: dict[str, yaml.Mark] = {}
    kept = "".join(splice.replacement for splice in splices)
    for token in yaml.scan(layout.text, yaml.SafeLoader):
        if isinstance(token, yaml.AnchorToken):
            gone.pop(token.value, None)
            if is_gone(token.start_mark.index) and f"&{token.value}" not in kept:
                gone[token.value] = token.start_mark
        elif (
            isinstance(token, yaml.AliasToken) and token.value in gone and not is_gone(token.start_mark.index)
        ):
            node = _node_at(layout.root, gone.pop(token.value).index)
            if node is not None:
                value = yaml.SafeLoader("").construct_document(node)
                written = flow(value)
                rescued.append(
                    Splice(token.start_mark.index, token.end_mark.index, f"&{token.value} {written}")
                )
    return (*splices, *rescued)


def _node_at(node: yaml.Node | None, index: int) -> yaml.Node | None:
    if node is None or node.start_mark.index == index:
        return node
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        children = [child for pair in node.value for child in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    for child in children:
        if (
            child.start_mark.index <= index <= child.end_mark.index
            and (found := _node_at(child, index)) is not None
        ):
            return found
    return None


def written_at(layout: TextLayout, path: Path) -> object:
    """Return the value at a path as it is to be written elsewhere: a scalar with its text and comments, else plain data."""
    entry = layout.entry(path)
    value = get(layout.data, *path)
    source = None if entry is None else layout.written(entry)
    if entry is None or source is None:
        return value
    above = layout.comments_above(entry) if layout.begins_line(entry) else ()
    return Written(value, source, layout.comment_behind(entry), above)
