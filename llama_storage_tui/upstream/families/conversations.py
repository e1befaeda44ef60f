"""Conversations, and the items of which they consist."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import RecordFamily, Show, TableLayout
from llama_storage_tui.upstream.families.filters import OWNED_BY, PERIOD
from llama_storage_tui.upstream.families.parts import column, stored

_PATHS: Final = r"storage\.stores\.conversations"

TABLE: Final = "openai_conversations"

ROWS: Final = TableLayout(TABLE, paths=_PATHS, needed=("id", "created_at"))

ITEMS: Final = TableLayout("conversation_items", paths=_PATHS, needed=("conversation_id",))
"""Items by their conversation; `upstream/item_upgrade.py` tells what ogx 1.5 made of those of earlier servers."""

CONVERSATIONS: Final = RecordFamily(
    "conversations",
    "Conversations",
    "What clients keep their turns in: a list of items for each.",
    (ROWS,),
    (
        column("created_at", show=Show.TIME),
        column("owner", "owner_principal", show=Show.OWNER),
        stored("metadata"),
    ),
    asked=(column("tenant", "tenant_id"), column("access_attributes")),
    own_filters=(OWNED_BY, *PERIOD),
    kept_where="storage.stores.conversations names a SQL backend",
    command="conversations",
    masks=False,
    id_heads=("conv_",),
)
