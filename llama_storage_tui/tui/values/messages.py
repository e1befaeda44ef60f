"""What the screens of namespaces, keys, tables and rows are told: a page, a count, a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.tui.messages import Opening

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.model.data import Count, Cursor, KeyPage, Namespace, RowPage, RowQuery
    from llama_storage_tui.services.browse import TableEntry
    from llama_storage_tui.tui.values.viewables import PreparedView, Subject


@dataclass(eq=False)
class NamespacesLoaded(Message):
    """A backend's namespaces were counted; the last one holds the unassigned keys."""

    namespaces: tuple[Namespace, ...]


@dataclass(eq=False)
class KeysLoaded(Message):
    """A page of keys arrived, for the prefix and the cursor that it was asked with."""

    prefix: str
    after: Cursor | None
    page: KeyPage


@dataclass(eq=False)
class TablesLoaded(Message):
    """A backend's tables were listed."""

    tables: tuple[TableEntry, ...]


@dataclass(eq=False)
class RowsLoaded(Message):
    """A page of rows arrived, for the query and the cursor that it was asked with."""

    query: RowQuery
    after: Cursor | None
    page: RowPage


@dataclass(eq=False)
class RowsCounted(Message):
    """The selected rows were counted."""

    count: Count


@dataclass(eq=False)
class SubjectOpened(Opening):
    """The operator opens a value or a record."""

    subject: Subject


@dataclass(eq=False)
class SubjectLoaded(Message):
    """A value or a record is here and made ready to be shown."""

    shown: PreparedView
