"""What is done to prompts, connectors and batches that become rows, and to rows themselves. Pure functions."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Final

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.transfer import Convert, Item, NotConvertibleError
from llama_storage_tui.services.migration.conversions import OWNER, TENANT, Step, raw_key, text_of, unowned
from llama_storage_tui.services.migration.json_splice import json_object


def prompt_row(old: str, defaults: Mapping[str, str], tenant: str | None = None) -> Convert:
    """Return the conversion of prompts to rows; `defaults` has the number of each prompt's default version.

    The number stands under a key of its own, which becomes no row: `is_default` of a stored version says nothing.
    """

    def convert(item: Item) -> Sequence[Item]:
        prompt, colon, number = raw_key(item, old).removeprefix("prompts:v1:").rpartition(":")
        if not colon:
            raise NotConvertibleError("the key names no version")
        if number == "default":
            return ()
        if not number.isascii() or not number.isdecimal():
            raise NotConvertibleError("the version in the key is no number")
        value = text_of(item, "value")
        json_object(value)
        return (
            {
                "id": f"{prompt}:{number}",
                "prompt_id": prompt,
                "version": int(number),
                "is_default": defaults.get(prompt) == number,
                # No server before 1.0 stored when, and none reads it.
                "created_at": None,
                "prompt_data": value,
                **unowned(tenant),
            },
        )

    return convert


_CONNECTOR: Final = ("connector_type", "url", "server_label", "server_name", "server_description")


def connector_row(old: str, tenant: str | None = None) -> Convert:
    """Return the conversion of connectors to rows."""

    def convert(item: Item) -> Sequence[Item]:
        identifier = raw_key(item, old).removeprefix("connectors:v1:")
        value = text_of(item, "value")
        found = json_object(value)
        return (
            {
                "id": identifier,
                **{name: found.string(name) for name in _CONNECTOR},
                "connector_data": value,
                **unowned(tenant),
            },
        )

    return convert


def batch_row(old: str, tenant: str | None = None) -> Convert:
    """Return the conversion of batches to rows."""

    def convert(item: Item) -> Sequence[Item]:
        value = text_of(item, "value")
        found = json_object(value)
        created = found.value("created_at") or ""
        return (
            {
                "id": raw_key(item, old).removeprefix("batch:"),
                "created_at": int(created) if re.fullmatch(r"-?\d{1,18}", created) else None,
                "status": found.string("status"),
                "batch_data": value,
                **unowned(tenant),
            },
        )

    return convert


def with_store(column: str) -> Step:
    """Return the step that adds `"store": true` to a response that lacks it: it is stored, so it was asked to be."""

    def step(cells: dict[str, Cell]) -> None:
        text = text_of(cells, column)
        if '"store"' in text:
            found = json_object(text)
            if found.value("store") in (None, "null"):
                cells[column] = found.with_value("store", "true")
            return
        body = text.rstrip(" \t\r\n")
        if body.startswith("{") and body.endswith("}") and len(body) > 2:
            cells[column] = f'{body[:-1]}, "store": true}}{text[len(body) :]}'
        else:
            cells[column] = json_object(text).with_value("store", "true")

    return step


_USAGE: Final = {
    "input_tokens_details": '{"cached_tokens": 0}',
    "output_tokens_details": '{"reasoning_tokens": 0}',
}
_COUNTS: Final = {"input_tokens_details": "cached_tokens", "output_tokens_details": "reasoning_tokens"}


def with_usage_details(column: str) -> Step:
    """Return the step that fills in what servers from 0.5 on demand of the usage: how many tokens were cached and reasoned."""

    def step(cells: dict[str, Cell]) -> None:
        text = text_of(cells, column)
        if '"usage"' not in text:
            return
        found = json_object(text)
        usage = found.value("usage")
        if usage is None or not usage.startswith("{"):
            return
        changed = _usage(usage)
        if changed != usage:
            cells[column] = found.with_value("usage", changed)

    return step


def _usage(text: str) -> str:
    found = json_object(text)
    for name, none in _USAGE.items():
        details = found.value(name)
        if details is None or details == "null":
            found = json_object(found.with_value(name, none))
        elif details.startswith("{"):
            inside = json_object(details)
            if inside.value(_COUNTS[name]) in (None, "null"):
                found = json_object(found.with_value(name, inside.with_value(_COUNTS[name], "0")))
    return found.text


def without_null(column: str, name: str, value: str) -> Step:
    """Return the step that writes a default where a member is null and later servers take no null."""
    null = re.compile(f'"{re.escape(name)}":\\s*null')

    def step(cells: dict[str, Cell]) -> None:
        text = text_of(cells, column)
        if null.search(text):
            found = json_object(text)
            if found.value(name) == "null":
                cells[column] = found.with_value(name, value)

    return step


def public(cells: dict[str, Cell]) -> None:
    """Make a row without an owner everybody's: a step."""
    if OWNER in cells and cells[OWNER] is None:
        cells[OWNER] = ""


def of_tenant(tenant: str) -> Step:
    """Return the step that gives a row to a tenant where it has none."""

    def step(cells: dict[str, Cell]) -> None:
        if cells.get(TENANT) is None:
            cells[TENANT] = tenant

    return step


def is_inside(path: str, folder: str) -> bool:
    """Tell whether a path lies in a folder by its text; where one is relative and one is not, that cannot be told, so yes."""
    path, folder = posixpath.normpath(path), posixpath.normpath(folder)
    is_comparable = posixpath.isabs(path) == posixpath.isabs(folder)
    return not is_comparable or path == folder or path.startswith(folder.rstrip("/") + "/")


def in_folder(folder: str, old: str | None) -> Step:
    """Return the step that names a file's place inside `folder`: as it lay inside `old`, else by its own name."""

    def step(cells: dict[str, Cell]) -> None:
        path = cells.get("file_path")
        if not isinstance(path, str) or not path or is_inside(path, folder):
            return
        inside = old is not None and posixpath.isabs(path) == posixpath.isabs(old) and is_inside(path, old)
        name = posixpath.relpath(path, old) if inside and old is not None else posixpath.basename(path)
        if name in ("", ".", ".."):
            raise NotConvertibleError("its file_path names no file")
        cells["file_path"] = posixpath.join(folder, name)

    return step
