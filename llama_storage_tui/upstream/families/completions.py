"""Chat completions: what models were sent, and what they answered."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import RecordFamily, Show, TableLayout
from llama_storage_tui.upstream.families.filters import MODEL, OWNED_BY, PERIOD, contains
from llama_storage_tui.upstream.families.parts import column, counted, said, stored, text

COMPLETIONS: Final = RecordFamily(
    "completions",
    "Chat completions",
    "What models were sent, and what they answered.",
    (
        TableLayout(
            None,
            time="created",
            paths=r"storage\.stores\.inference|inference_store(\.sql_store_config)?",
            needed=("id", "created", "choices", "input_messages"),
        ),
    ),
    (
        # By the clock of whoever runs the model.
        column("created", show=Show.TIME),
        stored("model"),
        column("owner", "owner_principal", show=Show.OWNER),
        counted("messages", "input_messages"),
        text("finish_reason", "choices", 0, "finish_reason"),
        counted("tool_calls", "choices", 0, "message", "tool_calls"),
    ),
    asked=(
        column("tenant", "tenant_id"),
        column("access_attributes"),
        counted("choices"),
        *said("input_messages"),
    ),
    own_filters=(MODEL, OWNED_BY, *PERIOD, contains("choices", "input_messages")),
    plural="chat completions",
    kept_where="storage.stores.inference is enabled and names a SQL backend",
    command="completions",
    masks=False,
    # Whoever runs the model makes them: these are what most do.
    id_heads=("chatcmpl-", "chatcmpl_"),
)
