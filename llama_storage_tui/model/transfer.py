"""Stored data on its way from one place to another: what is brought where, in which form, and what became of it.

Keys and rows travel alike, as an `Item` of cells by column; a key-value item has the columns KEY_COLUMNS. Cells are as they are
stored: JSON is the stored text, byte for byte, and NULL is None, so that NULL and JSON `null` stay apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell, KeySelection
from llama_storage_tui.model.target import Target

KEY_COLUMNS: Final = ("key", "value", "expiration")

Item = Mapping[str, Cell]
"""One key or row: its cells by column."""


class NotConvertibleError(Exception):
    """An item that cannot be brought: the reason, for people, without its values. It stays where it is."""


Convert = Callable[[Item], Sequence[Item]]
"""Turns an item of the source into items of the target, none where it is not wanted there; pure, raises NotConvertibleError."""


@dataclass(frozen=True, slots=True)
class KeepRows:
    """The conversion of rows that arrive as they are: an engine may do it by itself."""

    def __call__(self, item: Item) -> Sequence[Item]:
        """Return the item."""
        return (item,)


@dataclass(frozen=True, slots=True)
class MoveKeys:
    """The conversion of keys that begin with `old` to keys that begin with `new` instead: an engine may do it by itself.

    `expiry` gives their times of expiry in the target's form; None keeps them as they are.
    """

    old: str
    new: str
    expiry: Callable[[Cell], Cell] | None = field(default=None, repr=False)

    def key(self, key: Cell) -> str:
        """Return the new key; raises NotConvertibleError where it is another."""
        if not isinstance(key, str):
            raise NotConvertibleError("key is not text")
        if not key.startswith(self.old):
            raise NotConvertibleError("the key does not begin with its namespace")
        return self.new + key[len(self.old) :]

    def __call__(self, item: Item) -> Sequence[Item]:
        """Return the item under its new key; raises NotConvertibleError where its key is another."""
        made = {**item, "key": self.key(item.get("key"))}
        if self.expiry is not None and made.get("expiration") is not None:
            made["expiration"] = self.expiry(made["expiration"])
        return (made,)


@dataclass(frozen=True, slots=True)
class MoveTexts(MoveKeys):
    """As `MoveKeys`, of keys whose values are texts: an engine that does it by itself looks for others first."""

    def __call__(self, item: Item) -> Sequence[Item]:
        """Return the item under its new key; raises NotConvertibleError where its key or its value is another."""
        if not isinstance(item.get("value"), str):
            raise NotConvertibleError("value is not text")
        return MoveKeys.__call__(self, item)


@dataclass(frozen=True, slots=True)
class MoveMostKeys:
    """The conversion of keys most of which only get another beginning: an engine may bring those by itself.

    Keys that begin with one of `heads` are moved by `move`; `convert` makes the same of them, and what it does of all others.
    """

    move: MoveKeys
    heads: tuple[str, ...]
    convert: Convert

    def __call__(self, item: Item) -> Sequence[Item]:
        """Return what an item becomes; raises NotConvertibleError."""
        return self.convert(item)


class StoredKind(StrEnum):
    """What a server stores in a column; each engine has its own type for it."""

    STRING = "string"
    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ColumnSchema:
    """A column as a server creates it."""

    name: str
    kind: StoredKind
    is_nullable: bool = True
    is_primary_key: bool = False


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table as servers of a version create it, in their order of columns; `indexes` are name and columns."""

    name: str
    columns: tuple[ColumnSchema, ...]
    indexes: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class TransferPlace:
    """Where items are or go: a key-value table or collection with the keys meant (`keys`), or a table (`keys` None).

    `schema` is what is created where the target has no such table; None leaves that to the engine's key-value table.
    """

    target: Target = field(repr=False)
    backend: str
    """The backend's name, or what stands for it where no config names it."""
    location: str
    container: str
    keys: KeySelection | None = None
    schema: TableSchema | None = None


@dataclass(frozen=True, slots=True)
class TransferItem:
    """One thing of a plan: all items of `source` go to `target`, each by `convert`.

    `identity` are the columns that tell one item of the target from another.
    """

    what: str
    """Unique in its plan: `responses`, `files of provider localfs`."""
    source: TransferPlace
    target: TransferPlace
    convert: Convert = field(repr=False, compare=False)
    identity: tuple[str, ...]
    reason: str
    """Why it is brought, as a sentence: where the server of the version reads, and in which form."""


@dataclass(frozen=True, slots=True)
class Stays:
    """What is left where it is: what, how many (None where that was not counted), why."""

    what: str
    count: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """A store that could not be looked at: its backend, where it is, and why. Nothing of it is in the plan, nor goes to it."""

    backend: str
    location: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlanChoices:
    """What only an operator can decide: that rows without an owner were public, and whose the rows without a tenant are."""

    public_rows: bool = False
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class DataPlan:
    """What has to be brought for a version to see it, what stays where it is, and sentences to read beforehand."""

    items: tuple[TransferItem, ...] = ()
    stays: tuple[Stays, ...] = ()
    notices: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    """The files of the config that wrote the data which are not there, or are empty."""
    unseen: tuple[Unseen, ...] = ()


class OnConflict(StrEnum):
    """What is done with an item that is there in another form."""

    STOP = "stop"
    KEEP = "keep"
    REPLACE = "replace"
