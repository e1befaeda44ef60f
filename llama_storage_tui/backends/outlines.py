"""The outline of a large JSON document: what some fields ask for, every list in its length, and nothing else.

Taking a document of megabytes apart builds all of it several times over, in an engine as well as here. This walks its first levels
and builds one member or one item at a time, so that memory follows the document's text, whatever it is made of.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import field as dataclass_field
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.records import Field, Measure, Path

LARGE: Final = 256 * 1024
"""Letters of a document from which on its outline is taken apart in its place."""

_WALKED: Final = 2
"""Levels that are walked: a response's members, and the items of its lists, are each built for themselves."""

_KEPT: Final = 100
"""Letters up to which a text or number is kept that nothing asks for: it says by itself that nothing lies inside it."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NEXT: Final = re.compile(r"[ \t\n\r]*([,\]])[ \t\n\r]*")
_CONSTANT: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|-?Infinity|NaN')


@dataclass(slots=True)
class WantedParts:
    """What fields ask for at a place of a document and below it."""

    whole: bool = False
    members: dict[str, WantedParts] = dataclass_field(default_factory=dict)
    items: dict[int, WantedParts] = dataclass_field(default_factory=dict)
    every: WantedParts | None = None
    """What is asked of each item of a list."""
    is_counted: bool = False
    """Whether the number of a list's items is asked for."""

    @classmethod
    def by(cls, fields: Iterable[Field]) -> WantedParts:
        """Return what fields of one column ask for."""
        root = cls()
        # What each item is asked for comes last: then the items that are asked for more by their positions are known.
        for field in sorted(fields, key=lambda field: field.measure is Measure.EACH):
            place = root.at(field.path)
            if field.measure is Measure.VALUE:
                place.whole = True
            elif field.measure is Measure.ITEMS:
                place.is_counted = True
            elif field.measure is Measure.EACH:
                place.every = place.every or cls()
                for item in (place.every, *place.items.values()):
                    item.at(field.each).whole = True
        return root

    def at(self, path: Path) -> WantedParts:
        """Return what is asked for at a path, to be added to."""
        place = self
        for step in path:
            inner: dict[str, WantedParts] | dict[int, WantedParts] = (
                place.items if isinstance(step, int) else place.members
            )
            place = inner.setdefault(step, WantedParts())  # type: ignore[arg-type] # the one that has such steps
        return place

    def beside(self, other: WantedParts | None) -> WantedParts:
        """Return what is asked for here or there."""
        if other is None:
            return self
        members = {key: part.beside(other.members.get(key)) for key, part in self.members.items()}
        items = {key: part.beside(other.items.get(key)) for key, part in self.items.items()}
        every = other.every if self.every is None else self.every.beside(other.every)
        return WantedParts(
            self.whole or other.whole,
            other.members | members,
            other.items | items,
            every,
            self.is_counted or other.is_counted,
        )

    def item(self, index: int) -> WantedParts | None:
        """Return what is asked of an item of a list."""
        return self.items.get(index, self.every)


def outline(text: str, wanted: WantedParts, *, lengths: str | None = None) -> str | None:
    """Return a document's outline, in which every field has the value that it has in the document; None where that is no JSON.

    Numbers that are none (NaN, Infinity), which Python writes, are null in it.

    With `lengths`, a name that no document has, a list that is a member keeps only the items at its beginning and end that are
    asked for; its length is the member beside it that is called `lengths` and the list's name. An engine that copies the outline
    for each field then copies little.
    """
    try:
        walk = _Walk(text, lengths)
        made = "".join(walk.value(wanted, 0))
        is_whole = walk.skip_space() == len(text)
    except (ValueError, IndexError, RecursionError):
        return None
    return made if is_whole else None


@dataclass(slots=True)
class _HeldItem:
    """An item of a list that may be one of the last: where it starts, and what is kept of it if it is not."""

    start: int
    made: str


class _Walk:
    """A walk through a document's text; `at` is where it is."""

    def __init__(self, text: str, lengths: str | None) -> None:
        self._text = text
        self._lengths = lengths
        self._length: int | None = None
        self._constants: list[str] = []
        # Digits stay text: Python refuses numbers of more than 4,300, and nobody here counts with them.
        # Not a method of this object: a circle would keep the text until the garbage is collected.
        self._decode = json.JSONDecoder(
            parse_int=str, parse_float=str, parse_constant=self._constants.append
        ).raw_decode
        self.at = 0

    def skip_space(self) -> int:
        """Go to what comes next; return where that is."""
        found = _SPACE.match(self._text, self.at)
        self.at = self.at if found is None else found.end()
        return self.at

    def value(self, wanted: WantedParts | None, depth: int, *, may_shorten: bool = False) -> Iterator[str]:
        """Go past a value; yield what is kept of it, of a list perhaps its two ends."""
        opening = self._text[self.skip_space()]
        is_kept = wanted is not None and wanted.whole
        is_asked = wanted is not None and bool(
            wanted.members or wanted.items or wanted.every or wanted.is_counted
        )
        if opening not in "{[" or is_kept or not (is_asked or depth < _WALKED):
            yield self._built(opening, is_kept=is_kept)
        elif opening == "{":
            yield from self._object(wanted or WantedParts(), depth)
        else:
            yield from self._list(wanted or WantedParts(), depth, may_shorten=may_shorten)

    def _built(self, opening: str, *, is_kept: bool) -> str:
        start = self.at
        self._constants.clear()
        self.at = self._decode(self._text, start)[1]
        if not is_kept and opening in "{[":
            return "{}" if opening == "{" else "[]"
        if not is_kept and self.at - start > _KEPT:
            return '""'
        kept = self._text[start : self.at]
        return _CONSTANT.sub(_without_constant, kept) if self._constants else kept

    def _object(self, wanted: WantedParts, depth: int) -> Iterator[str]:
        yield "{"
        self.at += 1
        before, is_first = "", True
        while self._more("}", is_first=is_first):
            start = self.skip_space()
            key, self.at = self._decode(self._text, start)
            if not isinstance(key, str) or self._text[start] != '"':
                raise ValueError("a key is not text")
            name = self._text[start : self.at]
            self._past(":")
            inner = wanted.members.get(key)
            self.skip_space()
            if inner is None:
                self._pass(depth + 1)
            else:
                yield f"{before}{name}:"
                yield from self.value(inner, depth + 1, may_shorten=self._lengths is not None)
                if self._length is not None:
                    yield f",{json.dumps(f'{self._lengths}{key}')}:{self._length}"
                    self._length = None
                before = ","
            is_first = False
        yield "}"

    def _list(self, wanted: WantedParts, depth: int, *, may_shorten: bool) -> Iterator[str]:
        is_short = may_shorten and wanted.every is None
        first_kept = max((place + 1 for place in wanted.items if place >= 0), default=0)
        before = ""
        yield "["
        self.at += 1
        index, is_more = 0, self._text[self.skip_space()] != "]"
        self.at += not is_more
        # Only behind the last item is it known which ones count from there.
        held: deque[_HeldItem] = deque()
        most_held = -min((0, *wanted.items))
        while is_more:
            inner = wanted.item(index)
            held.append(_HeldItem(self.skip_space(), "".join(self._item(inner, depth))))
            if len(held) > most_held:
                made = held.popleft().made
                if not is_short or index - most_held < first_kept:
                    # Apart: of many items that nobody asks for, each is the same two texts.
                    yield before
                    yield made
                    before = ","
            found = _NEXT.match(self._text, self.at)
            if found is None:
                raise ValueError("a list has no end")
            self.at, is_more = found.end(), found[1] == ","
            index += 1
        end = self.at
        for place, item in enumerate(held, -len(held)):
            if place in wanted.items:
                self.at = item.start
                inner = wanted.items[place].beside(wanted.item(index + place))
                item.made = "".join(self.value(inner, depth + 1))
            yield before
            yield item.made
            before = ","
        self.at = end
        self._length = index if is_short else None
        yield "]"

    def _item(self, inner: WantedParts | None, depth: int) -> Iterator[str]:
        if inner is not None:
            yield from self.value(inner, depth + 1)
        else:
            self._pass(depth + 1)
            # The shortest value there is: SQLite holds the outline once for each field that it looks up.
            yield "0"

    def _pass(self, depth: int) -> None:
        """Go past a value that nothing is kept of."""
        if depth < _WALKED:
            for _ in self.value(None, depth):
                pass
        else:
            self.at = self._decode(self._text, self.at)[1]

    def _more(self, closing: str, *, is_first: bool) -> bool:
        """Tell whether another member or item follows, and go to it."""
        if self._text[self.skip_space()] == closing:
            self.at += 1
            return False
        if not is_first:
            self._past(",")
        return True

    def _past(self, sign: str) -> None:
        if self._text[self.skip_space()] != sign:
            raise ValueError(f"{sign} is missing")
        self.at += 1


def _without_constant(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else "null"
