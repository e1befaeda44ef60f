"""Changing one member of a stored JSON object and leaving every other character as it is.

A document that is parsed and written again comes out otherwise: numbers beyond a float's precision, `1.0` and `1e0`, escapes,
duplicate keys, NaN. So members are found by where they stand in the text, and text is put in their place.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from llama_storage_tui.model.transfer import NotConvertibleError

# Numbers stay text: nobody looks at them, and Python refuses integers of more than 4,300 digits.
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_SPACE: Final = re.compile(r"[ \t\n\r]*")


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
        member = self.last(name)
        if member is not None:
            return self.text[: member.start] + value + self.text[member.end :]
        if not self.members:
            at = self.text.index("{") + 1
            return f'{self.text[:at]}"{name}": {value}{self.text[at:]}'
        first, last = self.members[0], self.members[-1]
        # As the servers write: ", " and ": " in most documents, neither blank in those of pydantic.
        between = self.text[first.key_end : first.start]
        comma = ", " if between.strip() != between else ","
        return f'{self.text[: last.end]}{comma}"{name}"{between}{value}{self.text[last.end :]}'

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
        raise NotConvertibleError("the stored value is no text")
    try:
        members, end = _scan(text)
    except (ValueError, IndexError):
        raise NotConvertibleError("the stored text is no JSON object") from None
    except RecursionError:
        raise NotConvertibleError("the stored JSON is nested too deeply") from None
    if _skip(text, end) != len(text):
        raise NotConvertibleError("the stored text goes on after its JSON object")
    return JsonObject(text, tuple(members))


def _scan(text: str) -> tuple[list[Member], int]:
    at = _skip(text, 0)
    if text[at] != "{":
        raise ValueError
    at = _skip(text, at + 1)
    members: list[Member] = []
    if text[at] == "}":
        return members, at + 1
    while True:
        if text[at] != '"':
            raise ValueError
        name, key_end = _DECODER.raw_decode(text, at)
        colon = _skip(text, key_end)
        if text[colon] != ":":
            raise ValueError
        start = _skip(text, colon + 1)
        _, end = _DECODER.raw_decode(text, start)
        members.append(Member(name, at, key_end, start, end))
        at = _skip(text, end)
        if text[at] == "}":
            return members, at + 1
        if text[at] != ",":
            raise ValueError
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()
