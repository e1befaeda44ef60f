"""Which document answers which command: what `schema COMMAND` prints."""

from __future__ import annotations

from llama_storage_tui.cli.data_documents import (
    GetDocument,
    KeysDocument,
    NamespacesDocument,
    RowsDocument,
    TablesDocument,
    TestDocument,
)
from llama_storage_tui.cli.documents import CheckDocument, Document, ErrorDocument, ShowDocument

DOCUMENTS: dict[str, type[Document]] = {
    "check": CheckDocument,
    "show": ShowDocument,
    "test": TestDocument,
    "namespaces": NamespacesDocument,
    "keys": KeysDocument,
    "get": GetDocument,
    "tables": TablesDocument,
    "rows": RowsDocument,
    "error": ErrorDocument,
}
