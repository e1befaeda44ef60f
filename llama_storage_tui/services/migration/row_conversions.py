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
            raise NotConvertibleError("the version in the key is not a number")
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


def response_form(
    column: str, *, has_store: bool = False, has_usage_details: bool = False, has_parallel: bool = False
) -> Step:
    """Return the step that gives a stored response what a later model demands of it, and looks inside only where it has to.

    `has_store`: `"store": true` where that is missing or null: it is stored, so it was asked to be. `has_usage_details`: how many
    tokens of the usage were cached, and spent on reasoning. `has_parallel`: parallel_tool_calls is true where it is null.
    """

    def step(cells: dict[str, Cell]) -> None:
        text = text_of(cells, column)
        lacks_store = has_store and '"store"' not in text
        looks_inside = (
            (has_store and not lacks_store)
            # Most texts lack the name, which is told faster than by the expression.
            or (has_usage_details and '"usage"' in text and _USAGE_OBJECT.search(text))
            or (has_parallel and '"parallel_tool_calls"' in text and _NULL_PARALLEL.search(text))
        )
        if not looks_inside:
            if lacks_store:
                cells[column] = _with_store_behind(text)
            return
        found = json_object(text)
        values: dict[str, str] = {}
        if has_store and found.value("store") in (None, "null"):
            values["store"] = "true"
        usage = found.value("usage") if has_usage_details else None
        if usage is not None and usage.startswith("{"):
            values["usage"] = _usage(usage)
        if has_parallel and found.value("parallel_tool_calls") == "null":
            values["parallel_tool_calls"] = "true"
        if values:
            cells[column] = found.with_values(values)

    return step


def _with_store_behind(text: str) -> str:
    body = text.rstrip(" \t\r\n")
    if body.startswith("{") and body.endswith("}") and len(body) > 2:
        return f'{body[:-1]}, "store": true}}{text[len(body) :]}'
    return json_object(text).with_value("store", "true")


_USAGE_OBJECT: Final = re.compile(r'"usage":\s*\{')
_NULL_PARALLEL: Final = re.compile(r'"parallel_tool_calls":\s*null')
_NO_TOKENS: Final = {
    "input_tokens_details": ("cached_tokens", '{"cached_tokens": 0}'),
    "output_tokens_details": ("reasoning_tokens", '{"reasoning_tokens": 0}'),
}


def _usage(text: str) -> str:
    found = json_object(text)
    values: dict[str, str] = {}
    for name, (counted, none) in _NO_TOKENS.items():
        details = found.value(name)
        if details is None or details == "null":
            values[name] = none
        elif details.startswith("{"):
            inside = json_object(details)
            if inside.value(counted) in (None, "null"):
                values[name] = inside.with_value(counted, "0")
    return found.with_values(values)


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
