"""Work that servers keep: jobs, interactions, batches of messages."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import KeyLayout, Link, RecordFamily, RecordPart, TableLayout
from llama_storage_tui.upstream.families.filters import MODEL, OWNED_BY, PERIOD, contains, equals
from llama_storage_tui.upstream.families.parts import ACCESS, CREATED, OWNER, json, long, number, text, time

MESSAGE_STORES: Final = r"providers\.messages\[\d+\]\.config\.kvstore"

WORK_FAMILIES: Final = (
    RecordFamily(
        "jobs",
        "Jobs",
        "The job queue (from ogx 1.3), on sql_default. No access rules hold for it: whoever reads the table reads every payload.",
        (TableLayout("jobs", id="job_id"),),
        (
            CREATED,
            text("status"),
            text("api"),
            text("method"),
            text("provider", "provider_id"),
            number("attempts"),
            OWNER,
        ),
        (
            long("error"),
            number("attempts allowed", "max_attempts"),
            time("updated", "updated_at"),
            text("leased by", "lease_owner"),
            time("lease ends", "lease_expires_at"),
            time("cleaned up", "cleaned_at"),
            text("cleaned up by", "cleanup_owner"),
            time("clean-up lease ends", "cleanup_lease_expires_at"),
            RecordPart("tenant", (("owner_tenant_id",),)),
            json("asked by", "authenticated_user"),
            json("payload"),
            json("result"),
        ),
        (
            Link("owner", None, (("owner_principal",),)),
            Link("provider", None, (("provider_id",),)),
            Link("file", "files", (("payload", "request", "file_id"),)),
        ),
        own_filters=(equals("status", hint="queued, running, failed, …"), equals("api"), OWNED_BY, *PERIOD),
    ),
    RecordFamily(
        "interactions",
        "Interactions",
        "What the interactions API stored (from ogx 1.0).",
        (
            TableLayout(
                None, document="interaction_data", paths=r"providers\.interactions\[\d+\]\.config\.store"
            ),
        ),
        (
            CREATED,
            text("model"),
            long("asked", "messages", 0, "content"),
            long("answered", "output_text"),
            OWNER,
        ),
        (json("messages"), *ACCESS),
        own_filters=(MODEL, OWNED_BY, *PERIOD, contains("interaction_data")),
    ),
    RecordFamily(
        "message-batches",
        "Batches of messages",
        "Batches of the messages API (from ogx 1.1).",
        (KeyLayout(MESSAGE_STORES, ("msgbatch:{id}",)),),
        (
            CREATED,
            text("status", "processing_status"),
            number("done", "request_counts", "succeeded"),
            number("failed", "request_counts", "errored"),
            number("running", "request_counts", "processing"),
        ),
        (
            json("request counts", "request_counts"),
            time("ended", "ended_at"),
            time("expires", "expires_at"),
            OWNER,
            *ACCESS,
        ),
        (Link("results", "message-batch-results", (("@id",),)),),
    ),
    RecordFamily(
        "message-batch-results",
        "Results of batches of messages",
        "What a batch of the messages API gave. The ID is the batch's.",
        (KeyLayout(MESSAGE_STORES, ("msgbatch_results:{id}",)),),
        (text("batch", "@id"),),
        (json("results", "@document"),),
        (Link("batch", "message-batches", (("@id",),)),),
    ),
)
