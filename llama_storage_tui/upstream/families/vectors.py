"""Vector stores: as the API sees them, as their providers registered them, with files, chunks and batches of files."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import KeyLayout, Link, RecordFamily, Relation, TableLayout
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

PERSISTENCE: Final = r"providers\.vector_io\[\d+\]\.config\.(persistence|kvstore)"

_KINDS: Final = (
    "v3::",
    "sqlite_vec:v3::",
    "milvus:v3::",
    "chroma:v3::",
    "qdrant:v3::",
    "pgvector:v3::",
    "weaviate:v3::",
    "elasticsearch:v3::",
    "infinispan:v3::",
    "oci26ai:v1::",
    "neo4j:v1::",
)
"""What a provider puts between `vector_stores:` and the id."""

_STATUS: Final = (text("status"), json("last error", "last_error"))

VECTOR_FAMILIES: Final = (
    RecordFamily(
        "vector-stores",
        "Vector stores",
        "Vector stores as the API shows them. From ogx 1.0 on in tables where a metadata_store is set, else among keys.",
        (
            TableLayout("vector_stores", document="store_data", time=None),
            KeyLayout(PERSISTENCE, ("openai_vector_stores:v3::{id}",)),
        ),
        (
            CREATED,
            text("name"),
            text("status"),
            number("files", "file_counts", "total"),
            size("bytes", "usage_bytes"),
            text("provider", "metadata", "provider_id"),
            OWNER,
        ),
        (
            json("file counts", "file_counts"),
            time("last active", "last_active_at"),
            time("expires", "expires_at"),
            json("expires after", "expires_after"),
            json("chunking", "chunking_strategy"),
            json("metadata"),
            *ACCESS,
        ),
        (
            Link("provider", None, (("metadata", "provider_id"),)),
            Link("its files", "vector-store-files", (("id",),), of="store"),
            Link("its batches of files", "vector-store-file-batches", (("id",),), of="store"),
            Link("registration", "registry", (("id",),), template="vector_store:{}"),
            Link("file", "files", (("file_ids",),)),
        ),
    ),
    RecordFamily(
        "vector-store-files",
        "Files in vector stores",
        "One file in one vector store. The ID is STORE:FILE.",
        (
            TableLayout("vector_store_files", document="file_data", time=None),
            KeyLayout(PERSISTENCE, ("openai_vector_stores_files:v3::{id}",)),
        ),
        (
            CREATED,
            text("store", "vector_store_id"),
            text("filename"),
            text("status"),
            size("bytes", "usage_bytes"),
            OWNER,
        ),
        (
            *_STATUS,
            json("attributes"),
            json("chunking", "chunking_strategy"),
            *ACCESS,
        ),
        (
            Link("vector store", "vector-stores", (("@parts", 0),)),
            Link("file", "files", (("@parts", 1),)),
            Link("its chunks", "vector-store-chunks", (("@id",),), of="file"),
        ),
        (
            Relation("store", ("store_id",), "openai_vector_stores_files:v3::"),
            # Among keys the id begins with the store's.
            Relation("used file", ("file_id",)),
        ),
    ),
    RecordFamily(
        "vector-store-chunks",
        "Chunks of files in vector stores",
        "The text that is found, piece by piece, with its embedding. The ID is STORE:FILE:NUMBER.",
        (
            TableLayout("vector_store_file_contents", document="chunk_data", time=None),
            KeyLayout(PERSISTENCE, ("openai_vector_stores_files_contents:v3::{id}",)),
        ),
        (
            text("store", "@parts", 0),
            text("file", "@parts", 1),
            text("number", "@parts", 2),
            long("text", "content"),
        ),
        (
            json("metadata"),
            json("of the chunk", "chunk_metadata"),
            text("embedding model", "embedding_model"),
            number("dimensions", "embedding_dimension"),
            json("embedding"),
            OWNER,
            *ACCESS,
        ),
        (
            Link("vector store", "vector-stores", (("@parts", 0),)),
            Link("file in the store", "vector-store-files", (("@parts", 0), ("@parts", 1)), template="{}:{}"),
            Link("file", "files", (("@parts", 1),)),
        ),
        (Relation("file", ("store_id", "file_id"), "openai_vector_stores_files_contents:v3::"),),
    ),
    RecordFamily(
        "vector-store-file-batches",
        "Batches of files for vector stores",
        "Files that are put into a vector store together.",
        (
            TableLayout("vector_store_file_batches", document="batch_data", time=None),
            KeyLayout(PERSISTENCE, ("openai_vector_stores_file_batches:v3::{id}",)),
        ),
        (
            CREATED,
            text("store", "vector_store_id"),
            text("status"),
            number("done", "file_counts", "completed"),
            number("failed", "file_counts", "failed"),
            number("total", "file_counts", "total"),
            OWNER,
        ),
        (
            json("file counts", "file_counts"),
            time("expires", "expires_at"),
            json("files", "file_ids"),
            *ACCESS,
        ),
        (
            Link("vector store", "vector-stores", (("vector_store_id",),)),
            Link("file", "files", (("file_ids",),)),
        ),
        (Relation("store", ("store_id",)),),
    ),
    RecordFamily(
        "vector-store-registrations",
        "Vector stores of providers",
        "What each vector_io provider keeps of the stores that are its own: without it a store is lost at the next start.",
        (KeyLayout(PERSISTENCE, tuple(f"vector_stores:{kind}{{id}}" for kind in _KINDS)),),
        (
            text("identifier"),
            text("name", "vector_store_name"),
            text("provider", "provider_id"),
            text("embedding model", "embedding_model"),
            number("dimensions", "embedding_dimension"),
            OWNER,
        ),
        (text("name there", "provider_resource_id"), text("source"), *ACCESS),
        (
            Link("provider", None, (("provider_id",),)),
            Link("vector store", "vector-stores", (("identifier",),)),
            Link("registration", "registry", (("identifier",),), template="vector_store:{}"),
            Link("embedding model", "registry", (("embedding_model",),), template="model:{}"),
        ),
    ),
    RecordFamily(
        "memory-stores",
        "Vector stores of memories",
        "Which vector store holds the memories of a namespace (from ogx 1.2).",
        (TableLayout("default_memory_vector_stores"),),
        (
            CREATED,
            text("namespace"),
            text("store", "vector_store_id"),
            text("provider", "provider_id"),
            OWNER,
        ),
        (time("updated", "updated_at"), *ACCESS),
        (
            Link("vector store", "vector-stores", (("vector_store_id",),)),
            Link("provider", None, (("provider_id",),)),
        ),
    ),
    RecordFamily(
        "memories",
        "Memories",
        "What servers remember of conversations (from ogx 1.2).",
        (TableLayout("memory_records"),),
        (
            CREATED,
            text("of", "owner_id"),
            text("conversation", "conversation_id"),
            text("response", "response_id"),
            OWNER,
        ),
        (time("updated", "updated_at"), *ACCESS),
        (
            Link("vector store", "vector-stores", (("vector_store_id",),)),
            Link("file", "files", (("file_id",),)),
            Link("response", "responses", (("response_id",),)),
            Link("conversation", "conversations", (("conversation_id",),)),
        ),
    ),
)
