"""What is registered with a server: models, tool groups, vector stores, datasets; connectors, skills."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import KeyLayout, Link, RecordFamily, Relation, TableLayout
from llama_storage_tui.upstream.families.filters import OWNED_BY, equals
from llama_storage_tui.upstream.families.parts import ACCESS, CREATED, OWNER, json, text

SKILL_STORES: Final = r"providers\.skills\[\d+\]\.config\.persistence"

_REGISTERED: Final = (
    text("type"),
    text("identifier"),
    text("provider", "provider_id"),
    text("name there", "provider_resource_id"),
    text("source"),
    OWNER,
)

REGISTRY_FAMILIES: Final = (
    RecordFamily(
        "registry",
        "Registered objects",
        "Models, tool groups, vector stores and the like, from the config and registered at run time. The ID is TYPE:NAME.",
        (
            KeyLayout(r"storage\.stores\.metadata", ("distributions:registry:v10::{id}",)),
            KeyLayout(r"metadata_store", ("distributions:registry:v9::{id}",)),
        ),
        _REGISTERED,
        (
            text("model type", "model_type"),
            text("embedding model", "embedding_model"),
            text("vector store name", "vector_store_name"),
            text("purpose"),
            json("mcp endpoint", "mcp_endpoint"),
            json("arguments", "args"),
            json("metadata"),
            *ACCESS,
        ),
        (
            Link("provider", None, (("provider_id",),)),
            Link("embedding model", "registry", (("embedding_model",),), template="model:{}"),
            Link("vector store", "vector-stores", (("vector_store_name",), ("identifier",)), template="{1}"),
        ),
        (Relation("type", head="distributions:registry:v10::"),),
        (
            equals("type", hint="model, tool_group, vector_store, …"),
            equals("provider", ("provider_id",)),
            OWNED_BY,
        ),
    ),
    RecordFamily(
        "datasets",
        "Datasets of providers",
        "What the datasetio providers keep of each dataset (before 0.8).",
        (
            KeyLayout(
                r"providers\.datasetio\[\d+\]\.config\.kvstore", ("localfs_datasets:{id}", "datasets:{id}")
            ),
        ),
        _REGISTERED,
        (text("purpose"), json("source", "source"), json("metadata"), *ACCESS),
        (
            Link("provider", None, (("provider_id",),)),
            Link("registered as", "registry", (("identifier",),), template="dataset:{}"),
        ),
    ),
    RecordFamily(
        "benchmarks",
        "Benchmarks",
        "What the eval provider keeps of each benchmark (before 0.8).",
        (KeyLayout(r"providers\.eval\[\d+\]\.config\.kvstore", ("benchmarks:{id}",)),),
        (*_REGISTERED, text("dataset", "dataset_id")),
        (json("scoring functions", "scoring_functions"), json("metadata"), *ACCESS),
        (
            Link("provider", None, (("provider_id",),)),
            Link("dataset", "registry", (("dataset_id",),), template="dataset:{}"),
        ),
    ),
    RecordFamily(
        "connectors",
        "Connectors",
        "MCP servers by name. Before ogx 1.0 they were in a key-value store; no release copied them to the table.",
        (
            TableLayout("connectors", document="connector_data", time=None),
            KeyLayout(r"storage\.stores\.connectors", ("connectors:v1:{id}",)),
        ),
        (
            text("type", "connector_type"),
            text("url"),
            text("label", "server_label"),
            text("server", "server_name"),
            OWNER,
        ),
        (text("description", "server_description"), *ACCESS),
    ),
    RecordFamily(
        "skills",
        "Skills",
        "Skills by name (from ogx 1.1): each has versions, and a file for each version.",
        (KeyLayout(SKILL_STORES, ("skill:{id}",)),),
        (
            CREATED,
            text("name"),
            text("default version", "default_version"),
            text("latest version", "latest_version"),
            OWNER,
        ),
        (text("description"), *ACCESS),
        (
            Link("versions", "skill-versions", (("@id",),), of="skill"),
            Link("default version", "skill-versions", (("@id",), ("default_version",)), template="{}:{}"),
            Link("files of versions", "skill-files", (("@id",),)),
        ),
    ),
    RecordFamily(
        "skill-versions",
        "Versions of skills",
        "One version of a skill. The ID is SKILL:VERSION.",
        (KeyLayout(SKILL_STORES, ("skill_version:{id}",)),),
        (CREATED, text("skill", "skill_id"), text("version"), text("name")),
        (text("description"),),
        (
            Link("skill", "skills", (("skill_id",),)),
            Link("files of versions", "skill-files", (("skill_id",),)),
        ),
        (Relation("skill", head="skill_version:"),),
    ),
    RecordFamily(
        "skill-files",
        "Files of skills",
        "Which file holds which version of a skill. The ID is the skill's.",
        (KeyLayout(SKILL_STORES, ("skill_files:{id}",)),),
        (text("skill", "@id"), json("files", "@document")),
        (),
        (Link("skill", "skills", (("@id",),)), Link("file", "files", (("@values",),))),
    ),
)
