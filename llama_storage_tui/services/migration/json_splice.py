"""Changing one member of a stored JSON object and leaving every other character as it is.

A document that is parsed and written again comes out otherwise: numbers beyond a float's precision, `1.0` and `1e0`, escapes,
duplicate keys, NaN. So members are found by where they stand in the text, and text is put in their place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.transfer import NotConvertibleError

# Numbers stay text: nobody looks at them, and Python refuses integers of more than 4,300 digits.
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_EMPTY: Final = re.compile(r"[ \t\n\r]*\}")
_KEY: Final = re.compile(r'[ \t\n\r]*("(?:[^"\\\x00-\x1f]|\\.)*")[ \t\n\r]*:[ \t\n\r]*')
_AFTER: Final = re.compile(r"[ \t\n\r]*([,}])")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object by its places in the text: the key with its quotes, and the value."""

    name: str
    key_start: int
    key_end: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class JsonObject:
    """A stored object: its text, and its members in the order of the text, duplicates included."""

    text: str
    members: tuple[Member, ...]

    def last(self, name: str) -> Member | None:
        """Return the member of that name that counts for a server: of several, the last one."""
        return next((each for each in reversed(self.members) if each.name == name), None)

    def value(self, name: str) -> str | None:
        """Return the text of a value; None where the object has no such member."""
        member = self.last(name)
        return None if member is None else self.text[member.start : member.end]

    def string(self, name: str) -> str | None:
        """Return a value that is a string; None where it is none."""
        text = self.value(name)
        if text is None or not text.startswith('"'):
            return None
        return str(_DECODER.raw_decode(text)[0])

    def with_value(self, name: str, value: str) -> str:
        """Return the text with the JSON `value` under a name: in place of the one that counts, else behind all others."""
        return self.with_values({name: value})

    def with_values(self, values: Mapping[str, str]) -> str:
        """Return the text with several JSON values, each as `with_value` puts it."""
        text, members = self.text, {name: self.last(name) for name in values}
        added = [f'"{name}"{self._colon}{values[name]}' for name, member in members.items() if member is None]
        if added:
            at = self.members[-1].end if self.members else text.index("{") + 1
            text = f"{text[:at]}{self._comma if self.members else ''}{self._comma.join(added)}{text[at:]}"
        there = [(member, values[name]) for name, member in members.items() if member is not None]
        for member, value in sorted(there, key=lambda each: each[0].start, reverse=True):
            text = f"{text[: member.start]}{value}{text[member.end :]}"
        return text

    @property
    def _colon(self) -> str:
        return self.text[self.members[0].key_end : self.members[0].start] if self.members else ": "

    @property
    def _comma(self) -> str:
        # As the servers write: a blank behind both in most documents, behind neither in those of pydantic.
        return ", " if self._colon.strip() != self._colon else ","

    def renamed(self, old: str, new: str) -> str:
        """Return the text with a member under another name, unless there is one of the new name already."""
        if self.last(new) is not None:
            return self.text
        text = self.text
        for member in reversed(self.members):
            if member.name == old:
                text = f'{text[: member.key_start]}"{new}"{text[member.key_end :]}'
        return text


def json_object(text: object) -> JsonObject:
    """Find the members of a stored object; raises NotConvertibleError for anything else."""
    if not isinstance(text, str):
        raise NotConvertibleError("the stored value is not text")
    try:
        members, end = _scan(text)
    except (ValueError, IndexError):
        raise NotConvertibleError("the stored text is not a JSON object") from None
    except RecursionError:
        raise NotConvertibleError("the stored JSON is nested too deeply") from None
    if text[end:].strip(" \t\n\r"):
        raise NotConvertibleError("the stored text continues after its JSON object")
    return JsonObject(text, tuple(members))


def _scan(text: str) -> tuple[list[Member], int]:
    start = _SPACE.match(text)
    at = start.end() if start else 0
    if text[at] != "{":
        raise ValueError
    members: list[Member] = []
    empty = _EMPTY.match(text, at + 1)
    if empty:
        return members, empty.end()
    at += 1
    while True:
        key = _KEY.match(text, at)
        if key is None:
            raise ValueError
        name = key[1]
        _, end = _DECODER.raw_decode(text, key.end())
        members.append(
            Member(
                str(json.loads(name)) if "\\" in name else name[1:-1],
                key.start(1),
                key.end(1),
                key.end(),
                end,
            )
        )
        after = _AFTER.match(text, end)
        if after is None:
            raise ValueError
        at = after.end()
        if after[1] == "}":
            return members, at
