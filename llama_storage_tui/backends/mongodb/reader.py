"""The reader of a MongoDB collection: a connection test, and its keys."""

from __future__ import annotations

from llama_storage_tui.backends.mongodb.keys import MongoKeyValueReader
from llama_storage_tui.backends.mongodb.probe import MongoProber
from llama_storage_tui.backends.mongodb.target import MongoTarget
from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.reader import OpenReader
from llama_storage_tui.model.limits import Timeouts


def mongo_reader(target: MongoTarget, timeouts: Timeouts) -> Reader:
    """Return the reader of a target."""
    return OpenReader(
        where=target.location,
        prober=MongoProber(target, timeouts),
        key_value_reader=None if target.collection is None else lambda: MongoKeyValueReader(target, timeouts),
    )
