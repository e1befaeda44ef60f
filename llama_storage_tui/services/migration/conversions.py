"""What is done to one key or row so that a later version's own readers take it. Pure functions; no value is written anew.

Each is a `Convert` or makes one. What differs is the form alone: a name, a key, a member that has to be there.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.transfer import Convert, Item, NotConvertibleError
from llama_storage_tui.services.migration.json_splice import JsonObject, json_object

Step = Callable[[dict[str, Cell]], None]
"""Changes the cells of one item; raises NotConvertibleError."""

OWNER: Final = "owner_principal"
TENANT: Final = "tenant_id"


def steps(*wanted: Step) -> Convert:
    """Return the conversion that does several steps to each item, one after another."""

    def convert(item: Item) -> Sequence[Item]:
        cells = dict(item)
        for step in wanted:
            step(cells)
        return (cells,)

    return convert


def text_of(item: Item, column: str) -> str:
    """Return a cell that has to be text; raises NotConvertibleError."""
    cell = item.get(column)
    if not isinstance(cell, str):
        raise NotConvertibleError(f"{column} is no text")
    return cell


def raw_key(item: Item, lead: str) -> str:
    """Return a key without its namespace; raises NotConvertibleError where it has another."""
    key = text_of(item, "key")
    if not key.startswith(lead):
        raise NotConvertibleError("the key does not begin with its namespace")
    return key[len(lead) :]


def moved_key(item: Item, key: str, value: Cell | None = None) -> Item:
    """Return an item under another key, with its value and expiry unless another value is given."""
    return {**item, "key": key, "value": item.get("value") if value is None else value}


def with_lead(old: str, new: str) -> Convert:
    """Return the conversion from keys that begin with `old` to keys that begin with `new`."""

    def convert(item: Item) -> Sequence[Item]:
        return (moved_key(item, new + raw_key(item, old)),)

    return convert


# Registered objects


def registered_objects(old: str, new: str, gone: frozenset[str]) -> Convert:
    """Return the conversion of the registry: keys of v9 become v10's, a vector_db a vector_store; types in `gone` are left out."""

    def convert(item: Item) -> Sequence[Item]:
        head, found, rest = raw_key(item, old).partition("::")
        type_, colon, identifier = rest.partition(":")
        if not found or not colon:
            raise NotConvertibleError("the key names no type and identifier")
        if type_ in gone:
            return ()
        value = text_of(item, "value")
        if type_ == "vector_db":
            type_, value = "vector_store", vector_store(value)
        elif head.endswith("v9"):
            # What no server of 0.2 could have parsed, no later one can.
            json_object(value)
        return (moved_key(item, f"{new}distributions:registry:v10::{type_}:{identifier}", value),)

    return convert


def vector_store(text: str) -> str:
    """Return a registered vector_db of 0.2 as the vector_store that it is from 0.3 on."""
    found = json_object(text)
    if found.string("type") != "vector_db":
        return text
    renamed = json_object(found.with_value("type", '"vector_store"'))
    return renamed.renamed("vector_db_name", "vector_store_name")


# Chunks


def chunk(text: str) -> str:
    """Return a stored chunk with what 0.4 and later demand of it: a chunk_id, an object under chunk_metadata, an embedding."""
    found = json_object(text)
    metadata = found.value("chunk_metadata")
    if metadata is None or not metadata.startswith("{"):
        found = json_object(found.with_value("chunk_metadata", "{}"))
    if not found.string("chunk_id"):
        found = json_object(found.with_value("chunk_id", json.dumps(_chunk_id(found))))
    if found.value("embedding") == "null":
        found = json_object(found.with_value("embedding", "[]"))
    return found.text


def _chunk_id(found: JsonObject) -> str:
    """Return the id that a server before 0.4 gives a chunk: the stored one, else one made of the document and the text."""
    inside = json_object(found.value("chunk_metadata"))
    stored = found.string("stored_chunk_id") or inside.string("chunk_id")
    if stored:
        return stored
    metadata = found.value("metadata")
    document = None
    if metadata is not None and metadata.startswith("{"):
        document = json_object(metadata).string("document_id")
    content = found.string("content")
    if content is None:
        content = found.value("content") or ""
    # Without a document the server made up an id at each start: any will do, as long as it is the same each time.
    seed = f"{document or inside.string('document_id') or ''}:{content}"
    return str(uuid.UUID(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:32]))


def faiss_index(text: str) -> str:
    """Return a stored faiss index with each of its chunks, which are JSON in strings, as `chunk` makes them."""
    found = json_object(text)
    place = found.last("chunk_by_index")
    if place is None:
        raise NotConvertibleError("the index has no chunk_by_index")
    chunks = json_object(text[place.start : place.end])
    parts, at = [], 0
    for member in chunks.members:
        written = chunks.text[member.start : member.end]
        if not written.startswith('"'):
            raise NotConvertibleError("a chunk of the index is no text")
        before = json.loads(written)
        after = chunk(before)
        if after != before:
            parts += [chunks.text[at : member.start], json.dumps(after)]
            at = member.end
    parts.append(chunks.text[at:])
    return f"{text[: place.start]}{''.join(parts)}{text[place.end :]}"


def is_faiss_chunk_without_id(start: str) -> bool:
    """Tell whether the first chunk of an index, of which `start` is a beginning, lacks its id."""
    _, found, rest = start.partition('"chunk_by_index":')
    _, colon, rest = rest.lstrip().removeprefix("{").partition(":")
    if not found or not colon:
        return False
    try:
        written, _ = json.JSONDecoder().raw_decode(rest.lstrip())
        return isinstance(written, str) and not json_object(written).string("chunk_id")
    except (ValueError, RecursionError, NotConvertibleError):
        return False


# Prompts, connectors, batches: keys to rows


def _unowned(tenant: str | None) -> dict[str, Cell]:
    """Return the cells of a row that is everybody's, as servers write them: keys had no owners."""
    cells: dict[str, Cell] = {"access_attributes": "null", OWNER: ""}
    return cells if tenant is None else {**cells, TENANT: tenant}


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
                **_unowned(tenant),
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
                **_unowned(tenant),
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
                **_unowned(tenant),
            },
        )

    return convert


# Rows


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
_NO_DETAILS: Final = re.compile(r'"(?:input_tokens_details|output_tokens_details)":\s*\{')


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


# Vector stores


def vector_keys(old: str, new: str, only: Collection[str] | None, *, fixes_chunks: bool) -> Convert:
    """Return the conversion of a provider's keys; `only` are the stores that are its own, None: all.

    `fixes_chunks` is whether the version demands a chunk_id of each chunk.
    """

    def convert(item: Item) -> Sequence[Item]:
        key = raw_key(item, old)
        value = item.get("value")
        if only is not None and _store_of(key, value) not in only:
            return ()
        if key.startswith("vector_dbs:"):
            key, value = (
                f"vector_stores:{key.removeprefix('vector_dbs:')}",
                vector_store(text_of(item, "value")),
            )
        elif fixes_chunks and key.startswith("faiss_index:"):
            value = faiss_index(text_of(item, "value"))
        elif fixes_chunks and key.startswith("openai_vector_stores_files_contents:"):
            value = chunk(text_of(item, "value"))
        return (moved_key(item, new + key, value),)

    return convert


def _store_of(key: str, value: Cell) -> str:
    """Return the vector store that a key belongs to: its id stands in the key, or in a batch's own JSON."""
    if key.startswith("openai_vector_stores_file_batches:"):
        return json_object(value).string("vector_store_id") or ""
    rest = key.rpartition("::")[2] if key.startswith("vector_") else key.partition("::")[2]
    return rest.partition(":")[0] if key.startswith("openai_vector_stores_files") else rest


# Vector stores: keys to rows


def vector_rows(
    old: str, tenant: str | None, heads: Iterable[str], only: Collection[str] | None
) -> Mapping[str, Convert]:
    """Return for each beginning of keys the conversion to the rows that servers from 1.0 on keep in their place."""
    made: dict[str, Callable[[str, JsonObject], dict[str, Cell]]] = {
        "openai_vector_stores:v3::": _store_row,
        "openai_vector_stores_files:v3::": _file_row,
        "openai_vector_stores_files_contents:v3::": _content_row,
        "openai_vector_stores_file_batches:v3::": _batch_row,
    }

    def conversion(head: str) -> Convert:
        def convert(item: Item) -> Sequence[Item]:
            value = text_of(item, "value")
            key = raw_key(item, old)
            if only is not None and _store_of(key, value) not in only:
                return ()
            return ({**made[head](key.removeprefix(head), json_object(value)), **_unowned(tenant)},)

        return convert

    return {head: conversion(head) for head in heads}


def _store_row(id_: str, found: JsonObject) -> dict[str, Cell]:
    return {"id": id_, "store_data": found.text}


def _file_row(id_: str, found: JsonObject) -> dict[str, Cell]:
    store, colon, file = id_.partition(":")
    if not colon:
        raise NotConvertibleError("the key names no file")
    return {"id": id_, "store_id": store, "file_id": file, "file_data": found.text}


def _content_row(id_: str, found: JsonObject) -> dict[str, Cell]:
    store, _, rest = id_.partition(":")
    file, colon, number = rest.rpartition(":")
    if not colon or not number.isascii() or not number.isdecimal():
        raise NotConvertibleError("the key names no file and number")
    return {
        "id": id_,
        "store_id": store,
        "file_id": file,
        "chunk_index": int(number),
        "chunk_data": found.text,
    }


def _batch_row(id_: str, found: JsonObject) -> dict[str, Cell]:
    expires = found.value("expires_at") or "0"
    return {
        "id": id_,
        "store_id": found.string("vector_store_id") or "",
        "batch_data": found.text,
        "expires_at": int(expires) if re.fullmatch(r"-?\d{1,18}", expires) else 0,
    }
