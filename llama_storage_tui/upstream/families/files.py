"""Files, batches over them, and prompts."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import (
    KeyLayout,
    Link,
    RecordFamily,
    RecordPart,
    Relation,
    Show,
    TableLayout,
)
from llama_storage_tui.upstream.families.filters import OWNED_BY, PERIOD, equals
from llama_storage_tui.upstream.families.parts import (
    ACCESS,
    CREATED,
    OWNER,
    json,
    long,
    number,
    size,
    text,
    time,
)

PROMPT_STORES: Final = r"storage\.stores\.prompts|implicit\.prompts"
BATCH_STORES: Final = r"providers\.batches\[\d+\]\.config\.kvstore"

FILE_FAMILIES: Final = (
    RecordFamily(
        "files",
        "Files",
        "What the files API knows of each file. The contents are kept by the provider: in a folder, in S3, at OpenAI.",
        (TableLayout("openai_files"),),
        (CREATED, text("filename"), text("purpose"), size("bytes"), time("expires", "expires_at"), OWNER),
        (text("stored at", "file_path"), *ACCESS),
        (Link("in vector stores", "vector-store-files", (("id",),), of="used file"),),
        own_filters=(equals("purpose", hint="batch, assistants, …"), OWNED_BY, *PERIOD),
    ),
    RecordFamily(
        "batches",
        "Batches",
        "Batches of requests. Before ogx 1.0 they were in a key-value store; no release copied them to the table.",
        (
            TableLayout("batches", document="batch_data"),
            KeyLayout(BATCH_STORES, ("batch:{id}",)),
        ),
        (
            CREATED,
            text("status"),
            text("endpoint"),
            number("done", "request_counts", "completed"),
            number("failed", "request_counts", "failed"),
            number("total", "request_counts", "total"),
            OWNER,
        ),
        (
            text("model"),
            text("completion window", "completion_window"),
            json("request counts", "request_counts"),
            json("errors"),
            time("in progress", "in_progress_at"),
            time("finalizing", "finalizing_at"),
            time("completed", "completed_at"),
            time("failed at", "failed_at"),
            time("cancelling", "cancelling_at"),
            time("cancelled", "cancelled_at"),
            time("expires", "expires_at"),
            time("expired", "expired_at"),
            text("input file", "input_file_id"),
            text("output file", "output_file_id"),
            text("error file", "error_file_id"),
            json("usage"),
            json("metadata"),
            *ACCESS,
        ),
        (
            Link("input file", "files", (("input_file_id",),)),
            Link("output file", "files", (("output_file_id",),)),
            Link("error file", "files", (("error_file_id",),)),
        ),
        own_filters=(equals("status", hint="completed, failed, …"), OWNED_BY, *PERIOD),
    ),
    RecordFamily(
        "prompts",
        "Prompts",
        "Prompts, a row for each version. Before ogx 1.0 they were in a key-value store; no release copied them to the table.",
        (
            TableLayout("prompts", document="prompt_data"),
            KeyLayout(PROMPT_STORES, ("prompts:v1:{id}",), shape=r"(?s:.+):\d+"),
        ),
        (
            CREATED,
            text("prompt", "prompt_id"),
            number("version"),
            RecordPart("default", (("is_default",),), Show.FLAG),
            long("text", "prompt"),
            OWNER,
        ),
        (json("variables"), *ACCESS),
        (
            Link("versions", "prompts", (("prompt_id",),), of="prompt"),
            Link("default version", "prompt-defaults", (("prompt_id",),)),
        ),
        (Relation("prompt", ("prompt_id",), "prompts:v1:"),),
        own_filters=(OWNED_BY, *PERIOD),
    ),
    RecordFamily(
        "prompt-defaults",
        "Default versions of prompts",
        "Before ogx 1.0 which version is the default stood under a key of its own, and `is_default` of a version said nothing.",
        (KeyLayout(PROMPT_STORES, ("prompts:v1:{id}:default",), shape=r"[^:]+"),),
        (text("prompt", "@id"), number("default version", "value")),
        (),
        (
            Link("default version", "prompts", (("@id",), ("value",)), template="{}:{}"),
            Link("versions", "prompts", (("@id",),), of="prompt"),
        ),
    ),
)
