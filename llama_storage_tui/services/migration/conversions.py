"""What is done to one key or row so that a later version's own readers take it. Pure functions; no value is written anew.

Each is a `Convert` or makes one. What differs is the form alone: a name, a key, a member that has to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.transfer import (
    Convert,
    Item,
    KeepRows,
    MoveKeys,
    MoveMostKeys,
    MoveTexts,
    NotConvertibleError,
)
from llama_storage_tui.services.migration.json_splice import json_object
from llama_storage_tui.upstream.registered import API_OF, REGISTRY_HEAD

Step = Callable[[dict[str, Cell]], None]
"""Changes the cells of one item; raises NotConvertibleError."""

OWNER: Final = "owner_principal"
TENANT: Final = "tenant_id"


def steps(*wanted: Step) -> Convert:
    """Return the conversion that does several steps to each item, one after another; of none, rows stay as they are."""
    if not wanted:
        return KeepRows()

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
        raise NotConvertibleError(f"{column} is not text")
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
    return MoveKeys(old, new)


def unowned(tenant: str | None) -> dict[str, Cell]:
    """Return the cells of a row that is everybody's, as servers write them: keys had no owners."""
    cells: dict[str, Cell] = {"access_attributes": "null", OWNER: ""}
    return cells if tenant is None else {**cells, TENANT: tenant}


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

    stay = (type_ for type_ in API_OF if type_ != "vector_db" and type_ not in gone)
    heads = tuple(f"{old}{REGISTRY_HEAD}{type_}:" for type_ in stay)
    return MoveMostKeys(MoveTexts(old, new), heads, convert)


def vector_store(text: str) -> str:
    """Return a registered vector_db of 0.2 as the vector_store that it is from 0.3 on."""
    found = json_object(text)
    if found.string("type") != "vector_db":
        return text
    renamed = json_object(found.with_value("type", '"vector_store"'))
    return renamed.renamed("vector_db_name", "vector_store_name")
