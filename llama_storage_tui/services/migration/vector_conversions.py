"""What is done to the keys of vector stores: chunks and indexes in the form of 0.4 and later, rows in place of keys. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.transfer import Convert, Item, MoveKeys, MoveMostKeys, NotConvertibleError
from llama_storage_tui.services.migration.conversions import (
    moved_key,
    raw_key,
    text_of,
    unowned,
    vector_store,
)
from llama_storage_tui.services.migration.json_splice import JsonObject, json_object
from llama_storage_tui.upstream.data_kinds import CHUNKS, STORE_HEADS
from llama_storage_tui.upstream.registered import FAISS_INDEX

_LIST = "vector_stores:"
"""How a provider's own list of its stores begins from 0.3 on."""

CHUNK_DATA: Final = "chunk_data"
"""The column of `vector_store_file_contents` that holds the chunk."""


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


def is_chunk_in_form(text: str) -> bool:
    """Tell whether a stored chunk is as 0.4 and later demand it; True also of what is no JSON object, which nothing mends."""
    try:
        return chunk(text) == text
    except NotConvertibleError:
        return True


def chunk_in_form(cells: dict[str, Cell]) -> None:
    """Give the chunk of a row what 0.4 and later demand of it: a step."""
    text = cells.get(CHUNK_DATA)
    if isinstance(text, str):
        cells[CHUNK_DATA] = chunk(text)


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
            raise NotConvertibleError("a chunk of the index is not text")
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

    if only is not None:
        return convert
    changing = (FAISS_INDEX, CHUNKS) if fixes_chunks else ()
    heads = tuple(old + head for head in (_LIST, FAISS_INDEX, *STORE_HEADS) if head not in changing)
    return MoveMostKeys(MoveKeys(old, new), heads, convert)


def _store_of(key: str, value: Cell) -> str:
    """Return the vector store that a key belongs to: its id stands in the key, or in a batch's own JSON."""
    if key.startswith("openai_vector_stores_file_batches:"):
        return json_object(value).string("vector_store_id") or ""
    rest = key.rpartition("::")[2] if key.startswith("vector_") else key.partition("::")[2]
    return rest.partition(":")[0] if key.startswith("openai_vector_stores_files") else rest


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
            return ({**made[head](key.removeprefix(head), json_object(value)), **unowned(tenant)},)

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
        "chunk_data": chunk(found.text),
    }


def _batch_row(id_: str, found: JsonObject) -> dict[str, Cell]:
    expires = found.value("expires_at") or "0"
    return {
        "id": id_,
        "store_id": found.string("vector_store_id") or "",
        "batch_data": found.text,
        "expires_at": int(expires) if re.fullmatch(r"-?\d{1,18}", expires) else 0,
    }
