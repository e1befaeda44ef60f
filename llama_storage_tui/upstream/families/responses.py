"""Responses: what clients asked of a model, with everything that it answered."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import (
    FamilyFilter,
    Link,
    Match,
    RecordFamily,
    RecordPart,
    Show,
    TableLayout,
)
from llama_storage_tui.model.records import Measure
from llama_storage_tui.upstream.families.filters import MODEL, OWNED_BY, PERIOD, contains, equals
from llama_storage_tui.upstream.families.parts import column, counted, inside, said, stored
from llama_storage_tui.upstream.resuming import STATUSES

DOCUMENT: Final = "response_object"
"""The column that holds a response, in every version."""

_PATHS: Final = r"providers\..+\.(persistence\.responses|responses_store)"

CACHED_MESSAGES: Final = TableLayout(
    "conversation_messages", id="conversation_id", time=None, paths=_PATHS, needed=("messages",)
)
"""The chat messages that the responses provider keeps ready for the next turn of a conversation, beside the responses."""

RESPONSES: Final = RecordFamily(
    "responses",
    "Responses",
    "What clients asked of a model, with everything that it answered.",
    (TableLayout(None, document=DOCUMENT, paths=_PATHS, needed=("id", "created_at", DOCUMENT)),),
    (
        column("created_at", show=Show.TIME),
        inside("status"),
        stored("model"),
        column("owner", "owner_principal", show=Show.OWNER),
        counted("input_items", "@document", "input"),
        counted("output_items", "@document", "output"),
        inside("total_tokens", "usage", "total_tokens", show=Show.NUMBER),
        inside("error"),
        inside("incomplete", "incomplete_details", "reason"),
    ),
    asked=(
        column("access_attributes"),
        # Tenants came with ogx 1.2, the link with 1.1, owners with 0.3.
        column("tenant", "tenant_id"),
        column("previous", "previous_response_id"),
        inside("stored_previous", "previous_response_id"),
        inside("conversation"),
        inside("conversation_id", "conversation", "id"),
        inside("error_code", "error", "code"),
        inside("error_message", "error", "message"),
        RecordPart("shape", (("@document",),), measure=Measure.SHAPE),
        inside("store"),
        *said("@document", "input"),
        # The first ones: a response's items all stand in one conversation, and one item that is found there tells which.
        RecordPart("output_ids", (("@document", "output"),), measure=Measure.EACH, each=("id",), most=100),
    ),
    links=(
        Link("continues", "responses", (("previous_response_id",),)),
        Link("conversation", "conversations", (("conversation", "id"),)),
        Link("conversation", "conversations", (("conversation",),)),
    ),
    own_filters=(
        equals("status", ("@document", "status"), hint=", ".join(STATUSES), choices=STATUSES),
        MODEL,
        OWNED_BY,
        # No column and no document says it for most of them: it is told by their items.
        FamilyFilter("conversation", Match.LOOKED_UP, hint="conv_…"),
        *PERIOD,
        contains(DOCUMENT),
    ),
    kept_where="config.persistence.responses of a provider names a SQL backend",
    command="responses",
    masks=False,
    # 0.2.24 writes `resp-`, 0.3.5 and later `resp_`.
    id_heads=("resp_", "resp-"),
)
