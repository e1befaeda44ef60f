"""An open kv_mongodb backend: it can be tested, and its rows cannot be browsed."""

from __future__ import annotations

from dataclasses import dataclass

from llama_storage_tui.backends.mongodb.probe import probe
from llama_storage_tui.backends.unsupported import UnsupportedReader
from llama_storage_tui.model.data import Probe
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.target import MongoTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoReader(UnsupportedReader):
    """Satisfies `protocols.Reader`; whatever is asked but a test raises BackendError."""

    target: MongoTarget
    timeouts: Timeouts

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Connect and describe; there is nothing more thorough than that."""
        del thorough
        return await probe(self.target, timeouts=self.timeouts)


def mongo_reader(target: MongoTarget, *, timeouts: Timeouts) -> MongoReader:
    """Return the reader of a target."""
    return MongoReader(
        "Browsing MongoDB is not built in: its backends are shown, checked and tested, and their passwords changed.",
        target=target,
        timeouts=timeouts,
    )
