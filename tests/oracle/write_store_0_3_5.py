"""Make a small store with llama-stack 0.3.5's own classes: run by hand, in an environment with that package.

    PYTHONPATH=. python tests/oracle/write_store_0_3_5.py FOLDER

FOLDER gets kvstore.db and sql_store.db; the contents of files go to FILES_STORAGE_DIR.
"""

# mypy: ignore-errors
# The packages are not installed where this is checked.

from __future__ import annotations

import asyncio
import json
import sys
from io import BytesIO
from pathlib import Path

from fastapi import UploadFile
from llama_stack.apis.agents.openai_responses import OpenAIResponseMessage, OpenAIResponseObject
from llama_stack.apis.batches.batches import BatchObject
from llama_stack.apis.files import OpenAIFilePurpose
from llama_stack.apis.inference import OpenAIChatCompletion, OpenAIUserMessageParam
from llama_stack.apis.vector_io import Chunk, ChunkMetadata
from llama_stack.apis.vector_stores import VectorStore
from llama_stack.core.datatypes import ModelWithOwner, VectorStoreWithOwner

from tests.oracle.record_migration import Stores

MODEL = "openai/gpt-4o-mini"
STORE = "vs_5d9b5f83-3b1b-4b7d-9d5e-2f0f3d2f6c11"
DIMENSION = 4


def said(number: int, text: str, role: str = "assistant") -> OpenAIResponseMessage:
    kind = "output_text" if role == "assistant" else "input_text"
    return OpenAIResponseMessage(
        id=f"msg_{number}", role=role, content=[{"type": kind, "text": text}], status="completed"
    )


async def write_responses(stores: Stores) -> None:
    store = await stores.responses()
    usages = (
        None,
        {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8},
        {
            "input_tokens": 3,
            "output_tokens": 5,
            "total_tokens": 8,
            "input_tokens_details": {"cached_tokens": 2},
        },
    )
    for number, usage in enumerate(usages):
        response = OpenAIResponseObject(
            id=f"resp_{number}",
            created_at=1790000000 + number,
            model=MODEL,
            output=[said(number, f"Über {number} — “naïve” 🙂")],
            status="completed",
            usage=usage,
            temperature=0.1,
        )
        question = said(100 + number, f"Question {number}?", "user")
        await store.store_response_object(
            response, [question], [OpenAIUserMessageParam(content=f"Question {number}?")]
        )


async def write_rows(stores: Stores) -> None:
    completions = await stores.completions()
    for number in range(2):
        completion = OpenAIChatCompletion(
            id=f"chatcmpl-{number}",
            created=1790000100 + number,
            model=MODEL,
            choices=[
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": f"Answer {number} ü"},
                }
            ],
        )
        await completions.store_chat_completion(completion, [OpenAIUserMessageParam(content="Hello")])
    conversations = await stores.conversations()
    for number in range(2):
        made = await conversations.create_conversation(metadata={"topic": f"t{number}"})
        for turn in range(3):
            await conversations.add_items(
                made.id, [said(10 * number + turn, f"Item {turn}", "user" if turn % 2 == 0 else "assistant")]
            )
    files = await stores.files()
    await files.openai_upload_file(
        UploadFile(BytesIO(b"contents\n"), filename="notes ü.txt"), OpenAIFilePurpose.ASSISTANTS
    )


async def write_keys(stores: Stores) -> None:
    prompts = await stores.prompts()
    for number in range(2):
        made = await prompts.create_prompt(f"Hello {{{{ name }}}} — {number}", ["name"])
        for _ in range(2 + number):
            made = await prompts.update_prompt(
                made.prompt_id, f"Later {made.version}", made.version, [], set_as_default=number == 0
            )
    batch = BatchObject(
        id="batch_0123456789abcdef",
        object="batch",
        completion_window="24h",
        created_at=1790000300,
        endpoint="/v1/chat/completions",
        input_file_id="file-1",
        status="completed",
        metadata={"team": "ü"},
    )
    batches = await stores.kv("batches", "")
    await batches.set(f"batch:{batch.id}", json.dumps(batch.to_dict()))
    registry = await stores.registry()
    await registry.register(
        ModelWithOwner(
            identifier=MODEL,
            provider_resource_id="gpt-4o-mini",
            provider_id="openai",
            metadata={"limit": 12345678901234567890},
        )
    )
    await registry.register(VectorStoreWithOwner(**_store()))


def _store() -> dict[str, object]:
    return {
        "identifier": STORE,
        "provider_resource_id": STORE,
        "provider_id": "faiss",
        "embedding_model": "openai/embed",
        "embedding_dimension": DIMENSION,
        "vector_store_name": "notes",
    }


async def write_vectors(stores: Stores) -> None:
    faiss = await stores.faiss()
    await faiss.register_vector_store(VectorStore(**_store()))
    chunks = [
        Chunk(
            content=f"Text {number} ü",
            metadata={"document_id": "file-1"},
            embedding=[0.1 * number, 1.0, 0.0, -0.5],
            chunk_metadata=ChunkMetadata(
                document_id="file-1",
                chunk_embedding_model="openai/embed",
                chunk_embedding_dimension=DIMENSION,
            ),
        )
        for number in range(3)
    ]
    await faiss.insert_chunks(STORE, chunks)
    info = {
        "id": STORE,
        "object": "vector_store",
        "created_at": 1790000400,
        "name": "notes",
        "usage_bytes": 0,
        "file_counts": {"completed": 1, "cancelled": 0, "failed": 0, "in_progress": 0, "total": 1},
        "status": "completed",
        "expires_after": None,
        "expires_at": None,
        "last_active_at": 1790000400,
        "file_ids": ["file-1"],
        "chunking_strategy": None,
        "metadata": {"provider_id": "faiss", "provider_vector_store_id": STORE},
    }
    await faiss._save_openai_vector_store(STORE, info)
    file = {
        "id": "file-1",
        "object": "vector_store.file",
        "attributes": {},
        "chunking_strategy": {"type": "auto"},
        "created_at": 1790000401,
        "status": "completed",
        "usage_bytes": 0,
        "vector_store_id": STORE,
    }
    await faiss._save_openai_vector_store_file(
        STORE, "file-1", file, [chunk.model_dump() for chunk in chunks]
    )


async def write(folder: Path) -> None:
    """Write everything."""
    stores = Stores(folder)
    await write_responses(stores)
    await write_rows(stores)
    await write_keys(stores)
    await write_vectors(stores)


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
