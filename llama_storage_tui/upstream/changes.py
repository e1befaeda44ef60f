"""What changed between releases, one name for each change: the first release that has it.

What is a table of its own (fields of the run config, providers, places of rows) is dated there. Read from the packages of
llama-stack 0.2.12 to 0.7.3 and ogx 0.8.0 to 1.5.0.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Dated, Version

EXPRESSION_OPERATORS: Final = Version(0, 2, 13)
"""`${env.X:=default}` and `${env.X:+value}` in place of `${env.X:default}` and `${env.X+value}`."""
PROMPTS_FILE: Final = Version(0, 2, 21)
"""A server keeps prompts in a file of its own, which no config names, until they have a store."""
CATALOG: Final = Version(0, 3)
"""`storage.backends`, and references to it in place of inline stores."""
INFERENCE_TABLE_COUNTS: Final = Version(0, 3, 5)
"""The inference store keeps its rows in the table that the config names, no longer in chat_completions."""
STORAGE_OPTIONAL: Final = Version(0, 4)
"""`storage` may be left out, and inline stores of 0.2 are ignored."""
PROMPTS_STORE: Final = Version(0, 4)
"""Prompts have a store of their own, no longer a namespace on the backend of the metadata."""
BASE_URLS: Final = Version(0, 4)
"""Inference providers have their server's address in `base_url`, whole."""
SAFETY_SETTINGS: Final = Version(0, 4)
"""`safety` at the top level."""
SEVERAL_WORKERS: Final = Version(0, 4)
"""`server.workers` is obeyed."""
ATTRIBUTES_ANY: Final = Version(0, 4)
"""The default policy lets read whoever shares one attribute with the owner; before, every category had to match."""
OWNERLESS_HIDDEN: Final = Version(0, 4)
"""Rows whose owner is NULL are filtered out for everybody."""
FAILED_KEPT: Final = Version(0, 4)
"""A response that fails is stored."""
FAISS_CHUNK_IDS: Final = Version(0, 4)
"""A chunk of a faiss index needs `chunk_id`, and a start reads them (EmbeddedChunk in llama_stack_api/vector_io.py)."""
PGVECTOR_CREATES_EXTENSION: Final = Version(0, 4, 3)
"""The pgvector provider creates the extension `vector`; before, a server stops where it is not installed."""
RESPONSES_TABLE_COUNTS: Final = Version(0, 5)
"""Responses are kept in the table that the config names, no longer in openai_responses."""
DEFAULT_PATH_EXPANDED: Final = Version(0, 5, 1)
"""The default path of SQLite files is expanded (llama-stack issue 4896)."""
RESPONSES_SAY_STORED: Final = Version(0, 5)
"""A stored response must have the field `store`."""
CONNECTORS: Final = Version(0, 5)
"""`connectors` at the top level, no longer in `registered_resources`."""
DISTRO_NAME: Final = Version(0, 5)
"""`distro_name` in place of `image_name`, which is deprecated and still read."""
EMPTY_AUTH_DISABLES: Final = Version(0, 6)
"""An authentication provider whose type resolves to nothing is left out."""
SQL_OPENED_LATE: Final = Version(0, 6, 1)
"""SQL stores are opened by their first query, no longer by the start."""
SQL_ENGINE_MADE_LATE: Final = Version(0, 7)
"""The URL of a SQL store is read at its first use, no longer at the start."""
SQL_POOL_SETTINGS: Final = Version(0, 7)
"""`pool_size` and `max_overflow` of sql_postgres."""
AGENTS_RENAMED: Final = Version(0, 7)
"""The API agents is called responses, and providers meta-reference are called builtin."""
TOOL_GROUPS_NOT_READ: Final = Version(0, 7)
"""A start registers no tool groups of the config."""
FILE_PATHS_CHECKED: Final = Version(0, 7)
"""A file whose path lies outside of its provider's folder is refused (inline/files/localfs/files.py)."""
AGENTS_REMOVED: Final = Version(0, 7)
"""The agents API is gone: its agents, sessions and turns are read by nothing."""
EVALUATION_REMOVED: Final = Version(0, 8)
"""The APIs of datasets, scoring and evaluation are gone."""
OGX: Final = Version(0, 8)
"""The package, the default names of databases and tables, and the folder ~/.llama are renamed to ogx."""
MODELS_NAMED_BY_ID: Final = Version(0, 8)
"""A model is registered under its provider and `model_id`, whatever its `provider_model_id` is."""
SAFETY_REMOVED: Final = Version(1, 0)
"""The safety API, its shields and `safety` at the top level are gone."""
SQL_PROMPTS: Final = Version(1, 0)
"""Prompts, connectors and batches lie in SQL stores."""
NAMESPACES_IN_SQLITE: Final = Version(1, 0)
"""kv_sqlite writes namespaces into its keys."""
BUILTIN_INTERACTIONS: Final = Version(1, 0)
"""The builtin interactions provider fills in its own store."""
QUOTA_REMOVED: Final = Version(1, 0)
"""`server.quota` is gone."""
KV_POSTGRES_POOLED: Final = Version(1, 0)
"""kv_postgres connects with asyncpg and a pool, no longer with psycopg2 and one connection."""
CONNECTORS_READ_AT_START: Final = Version(1, 0)
"""A start queries the connectors and the stores of vectors."""
TOOL_GROUPS_REMOVED: Final = Version(1, 0)
"""Tool groups are registered no more."""
PGVECTOR_WITHOUT_PASSWORD: Final = Version(1, 0, 3)
"""The pgvector provider has no built-in password any more."""
SQL_URL_ESCAPED: Final = Version(1, 0, 3)
"""sql_postgres builds its URL from parameters, no longer from text (ogx issue 5936)."""
EXPIRY_INDEXED: Final = Version(1, 0, 3)
"""kv_postgres runs CREATE INDEX IF NOT EXISTS at every start."""
ITEMS_HAVE_POSITIONS: Final = Version(1, 1)
"""Items of a conversation are listed by `sort_order` alone, no longer by their time."""
PGVECTOR_POOLED: Final = Version(1, 1)
"""The pgvector provider has a pool, no longer one connection."""
DIMENSION_PROBED: Final = Version(1, 1)
"""The default embedding model may lack an embedding_dimension: it is asked for when it is needed."""
TENANCY: Final = Version(1, 2)
"""`server.tenancy`, and the SQL metadata store that vector providers then need."""
TLS_REQUIRED: Final = Version(1, 2)
"""The run command stops without a certificate, unless `server.insecure` or `--insecure` is set."""
EXPANDED_TWICE: Final = Version(1, 2)
"""Each worker expands the file again that the run command wrote expanded."""
TENANTS_DEMANDED: Final = Version(1, 4)
"""A server with local_api_key under tenancy multi exits (`validate_auth_security`)."""
JOBS_READ_AT_START: Final = Version(1, 3)
"""A start queries the jobs."""
SQL_TLS: Final = Version(1, 4)
"""sql_postgres has `ssl_mode` and `ca_cert_path`, and connects with asyncpg's defaults."""
ITEMS_KEYED_BY_CONVERSATION: Final = Version(1, 5)
"""conversation_items is keyed by conversation and id, and the rows of the table before it are copied."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DatedFromCatalog(Dated):
    """What the tables of this room date: releases before the catalog had none of it in this form."""

    since: Version | None = CATALOG
