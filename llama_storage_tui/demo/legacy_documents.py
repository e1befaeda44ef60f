"""The longer documents of the legacy demo, in the form of llama-stack 0.2.24."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from llama_storage_tui.demo.stories import ANSWERS, LLAMA, QUESTIONS

Json = dict[str, Any]

EMBEDDING: Final = "vllm/nomic-embed-text"
DIMENSIONS: Final = 8


def agent_documents(session: str, turn: str, at: str, index: int) -> tuple[Json, Json, Json]:
    """Return an agent, its session and the one turn of that: a question and its answer."""
    agent: Json = {
        "model": LLAMA,
        "instructions": "You answer for the helpdesk.",
        "name": None,
        "max_infer_iters": 10,
        "enable_session_persistence": True,
        "toolgroups": [],
        "created_at": at,
    }
    told: Json = {
        "session_id": session,
        "session_name": f"call {index}",
        "turns": [],
        "started_at": at,
        "vector_db_id": None,
        "owner": None,
        "identifier": f"call {index}",
        "type": "session",
    }
    answer: Json = {
        "role": "assistant",
        "content": ANSWERS[index],
        "stop_reason": "end_of_turn",
        "tool_calls": [],
    }
    spoken: Json = {
        "turn_id": turn,
        "session_id": session,
        "input_messages": [{"role": "user", "content": QUESTIONS[index], "context": None}],
        "steps": [],
        "output_message": answer,
        "output_attachments": [],
        "started_at": at,
        "completed_at": at,
    }
    return agent, told, spoken


def chunk_document(id_: str, file: str, name: str, text: str, at: int, vector: Sequence[float]) -> Json:
    """Return a chunk as 0.2 stores it: its id under stored_chunk_id and in chunk_metadata, not as chunk_id."""
    return {
        "content": text,
        "metadata": {"document_id": file, "filename": name},
        "embedding": list(vector),
        "stored_chunk_id": id_,
        "chunk_metadata": {
            "chunk_id": id_,
            "document_id": file,
            "source": None,
            "created_timestamp": at,
            "updated_timestamp": at,
            "chunk_window": f"0-{len(text)}",
            "chunk_tokenizer": "DEFAULT_TIKTOKEN_TOKENIZER",
            "chunk_embedding_model": EMBEDDING,
            "chunk_embedding_dimension": DIMENSIONS,
            "content_token_count": len(text.split()),
            "metadata_token_count": 1,
        },
    }
