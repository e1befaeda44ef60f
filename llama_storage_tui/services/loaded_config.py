"""A config that was read, whoever read it: it imports nothing that reading needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.model.pending import PendingNotice


@dataclass(frozen=True, slots=True)
class Opened:
    """A config that was read; `judge` works out its findings, None where the catalog has them."""

    catalog: Catalog
    judge: Callable[[], Catalog] | None = None
    pending: tuple[PendingNotice, ...] = ()
    """The password changes of the config that are half done, where that is known already."""
