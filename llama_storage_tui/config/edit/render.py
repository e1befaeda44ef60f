"""New YAML as text: plain data, with scalars and comments that are taken over as they were written elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import yaml

from llama_storage_tui.deferred import dataclass

_SAFE: Final = re.compile(r"[A-Za-z0-9_./$~-][\w./:$@+~{}=|-]*(?: [\w./$@+~{}()=|-]+)*", re.ASCII)


MERGE: Final = "<<"
"""The key of a merge: what the mapping behind its alias has, unless another key says otherwise."""


@dataclass(frozen=True, slots=True)
class Written:
    """A scalar as it is written: its value, the text that writes it, and the comments that go with it."""

    value: object
    text: str
    comment: str = ""
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Above:
    """An entry's value, and the comment lines that go above the entry."""

    value: object
    comments: tuple[str, ...]


def plain(value: object) -> object:
    """Return the data that rendering a value writes."""
    if isinstance(value, Written):
        return value.value
    if isinstance(value, Above):
        return plain(value.value)
    if isinstance(value, Mapping):
        result = {key: plain(item) for key, item in value.items() if key != MERGE}
        merged = plain(value.get(MERGE))
        return {**merged, **result} if isinstance(merged, Mapping) else result
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def scalar(value: object, *, is_flow: bool = False, is_json: bool = False) -> str:
    """Write a scalar: plain where that reads back as it is, else quoted."""
    if isinstance(value, Written):
        return value.text
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    text = str(value)
    if is_json:
        return json.dumps(text, ensure_ascii=False)
    if _SAFE.fullmatch(text) and not (is_flow and set(text) & set("{},[]")) and _reads_back(text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text)


@lru_cache(maxsize=1024)
def _reads_back(text: str) -> bool:
    try:
        return bool(yaml.safe_load(f"value: {text}\n") == {"value": text})
    except yaml.YAMLError:
        return False


def flow(value: object, *, is_json: bool = False) -> str:
    """Write a value on one line."""
    if isinstance(value, Above):
        return flow(value.value, is_json=is_json)
    if isinstance(value, Mapping):
        inner = (
            f"{scalar(key, is_flow=True, is_json=is_json)}: {flow(item, is_json=is_json)}"
            for key, item in value.items()
        )
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item, is_json=is_json) for item in value) + "]"
    if (
        isinstance(value, Written)
        and (is_json or set(value.text) & set("{},[]"))
        and value.text[:1] not in "'\""
    ):
        return scalar(value.value, is_flow=True, is_json=is_json)
    return scalar(value, is_flow=True, is_json=is_json)


def entry_lines(key: object, value: object, indent: int) -> Iterator[str]:
    """Yield the lines of a mapping's entry, indented."""
    pad = " " * indent
    if isinstance(value, Above):
        yield from (f"{pad}{line}" for line in value.comments)
        value = value.value
    if isinstance(value, Written):
        yield from (f"{pad}{line}" for line in value.above)
    name = MERGE if key == MERGE else scalar(key)
    if isinstance(value, Mapping) and value:
        yield f"{pad}{name}:"
        yield from mapping_lines(value, indent + 2)
    elif isinstance(value, list | tuple) and value:
        yield f"{pad}{name}:"
        yield from list_lines(value, indent)
    else:
        comment = f"  {value.comment}" if isinstance(value, Written) and value.comment else ""
        yield f"{pad}{name}: {flow(value) if isinstance(value, Mapping | list | tuple) else scalar(value)}{comment}"


def mapping_lines(value: Mapping[object, object], indent: int) -> Iterator[str]:
    """Yield the lines of a mapping's entries."""
    for key, item in value.items():
        yield from entry_lines(key, item, indent)


def list_lines(value: list[object] | tuple[object, ...], indent: int) -> Iterator[str]:
    """Yield the lines of a list's items."""
    for item in value:
        if isinstance(item, Mapping) and item:
            lines = [*mapping_lines(item, indent + 2)]
            yield " " * indent + "- " + lines[0][indent + 2 :]
            yield from lines[1:]
        else:
            yield f"{' ' * indent}- {flow(item)}"
