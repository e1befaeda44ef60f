"""From a stored row to a transcript. Pure functions; nothing raises for what is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.transcript import Side, Transcript
from llama_storage_tui.services.responses.head import read_head
from llama_storage_tui.services.responses.items import joined, read_items
from llama_storage_tui.services.responses.messages import read_messages
from llama_storage_tui.services.responses.tolerant_json import as_mapping, as_text, load, type_name

OBJECT: Final = "response_object"

INCREMENTAL: Final = "incremental"
"""What ogx writes from 1.1 on as input_storage_mode where the input holds only what was new."""


def read_transcript(row: Mapping[str, Cell]) -> Transcript:
    """Read a row of a responses table; what is missing or broken stands in the transcript's problems."""
    problems: list[str] = []
    stored = read_object(row.get(OBJECT), problems)
    fields = as_mapping(stored)
    head = read_head(fields, row, problems)
    input_ = read_items(fields.get("input"), Side.INPUT, problems)
    output = read_items(fields.get("output"), Side.OUTPUT, problems)
    if stored is not None:
        problems += [f"{name} is missing" for name in ("input", "output") if fields.get(name) is None]
    state, messages = read_messages(fields.get("messages"), problems)
    together = joined((*input_, *output))
    return Transcript(
        head=head,
        instructions=as_text(fields.get("instructions")),
        input=together[: len(input_)],
        output=together[len(input_) :],
        messages=messages,
        messages_state=state,
        is_incremental=fields.get("input_storage_mode") == INCREMENTAL,
        problems=tuple(problems),
        stored=stored,
    )


def read_object(cell: Cell, problems: list[str]) -> Mapping[str, object] | None:
    """Parse a stored object; None, and a problem, where there is none."""
    match cell:
        case None:
            problems.append(f"{OBJECT} is NULL: nothing is stored but the columns")
            return None
        case bytes():
            return _from_bytes(cell, problems)
        case str():
            return _from_text(cell, problems)
        case _:
            problems.append(f"{OBJECT} is {type_name(cell)}, not a JSON object")
            return None


def _from_bytes(content: bytes, problems: list[str]) -> Mapping[str, object] | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        problems.append(f"{OBJECT} is {len(content):,} bytes that are not UTF-8 text")
        return None
    problems.append(f"{OBJECT} is stored as bytes, not as text")
    return _from_text(text, problems)


def _from_text(text: str, problems: list[str]) -> Mapping[str, object] | None:
    try:
        value = _parse(text, problems)
    except json.JSONDecodeError as error:
        problems.append(f"{OBJECT} is not JSON: {error.msg} at character {error.pos + 1:,} of {len(text):,}")
        return None
    except ValueError:
        problems.append(f"{OBJECT} is not JSON: it holds a number of too many digits")
        return None
    except RecursionError:
        problems.append(f"{OBJECT} is nested too deeply to be read")
        return None
    if isinstance(value, str):
        problems.append(f"{OBJECT} is a JSON text, not an object: a server cannot read it")
        return _encoded_twice(value, problems)
    if not isinstance(value, dict):
        problems.append(f"{OBJECT} is {type_name(value)}, not an object: a server cannot read it")
        return None
    return value


def _encoded_twice(text: str, problems: list[str]) -> Mapping[str, object] | None:
    try:
        value = _parse(text, problems)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    problems.append("the text is a JSON object itself, encoded twice: it is shown as if it were stored once")
    return value


def _parse(text: str, problems: list[str]) -> object:
    odd: set[str] = set()

    def constant(word: str) -> float:
        odd.add(word)
        return float(word)

    value = load(text, constant)
    problems += [
        f"it holds {word}, which is not JSON: Python reads it, PostgreSQL does not" for word in sorted(odd)
    ]
    return value
