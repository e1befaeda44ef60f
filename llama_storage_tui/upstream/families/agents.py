"""Agents of the agents API with their sessions and turns (up to 0.6; a config of 0.7 or 0.8 still leads to the keys)."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import KeyLayout, Link, RecordFamily, RecordPart, Relation, Show
from llama_storage_tui.upstream.families.parts import ACCESS, CREATED, OWNER, json, long, text, time

STATES: Final = r"providers\.(agents|responses)\[\d+\]\.config\.(persistence\.agent_state|persistence_store)"

AGENT_FAMILIES: Final = (
    RecordFamily(
        "agents",
        "Agents",
        "Agents of the agents API: their model, instructions and tools.",
        (KeyLayout(STATES, ("agent:{id}",)),),
        (
            CREATED,
            RecordPart("name", (("name",), ("agent_config", "name"))),
            RecordPart("model", (("model",), ("agent_config", "model"))),
            OWNER,
        ),
        (
            RecordPart("instructions", (("instructions",), ("agent_config", "instructions")), Show.LONG),
            json("tool groups", "toolgroups"),
            json("sampling", "sampling_params"),
            *ACCESS,
        ),
        (Link("its sessions", "agent-sessions", (("@id",),), of="agent"),),
    ),
    RecordFamily(
        "agent-sessions",
        "Sessions of agents",
        "One conversation with an agent. The ID is AGENT:SESSION.",
        (KeyLayout(STATES, ("session:{id}",), shape=r"[^:]+:[^:]+"),),
        (time("started", "started_at"), text("name", "session_name"), text("agent", "@parts", 0), OWNER),
        (text("session", "session_id"), text("vector store", "vector_store_id"), *ACCESS),
        (
            Link("agent", "agents", (("@parts", 0),)),
            Link("its turns", "agent-turns", (("@id",),), of="session"),
            Link("vector store", "vector-stores", (("vector_store_id",),)),
        ),
        (Relation("agent", head="session:"),),
    ),
    RecordFamily(
        "agent-turns",
        "Turns of sessions",
        "One question and its answer, with the steps between. The ID is AGENT:SESSION:TURN.",
        (KeyLayout(STATES, ("session:{id}",), shape=r"[^:]+:[^:]+:[^:]+"),),
        (
            time("started", "started_at"),
            time("completed", "completed_at"),
            long("asked", "input_messages", 0, "content"),
            long("answered", "output_message", "content"),
        ),
        (
            json("input", "input_messages"),
            json("steps"),
            json("output", "output_message"),
            json("attachments", "output_attachments"),
        ),
        (
            Link("session", "agent-sessions", (("@parts", 0), ("@parts", 1)), template="{}:{}"),
            Link("agent", "agents", (("@parts", 0),)),
            Link(
                "turns of the session", "agent-turns", (("@parts", 0), ("@parts", 1)), "{}:{}", of="session"
            ),
        ),
        (Relation("session", head="session:"),),
    ),
)
