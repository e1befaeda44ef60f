"""The rows of the demo's legacy deployment, in the form of llama-stack 0.2.24: one SQLite file for each store.

The same at every start but for their times and the folder of the files.
"""

from __future__ import annotations

import base64
import json
import random
import struct
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.demo.legacy_documents import (
    DIMENSIONS,
    EMBEDDING,
    Json,
    agent_documents,
    chunk_document,
)
from llama_storage_tui.demo.stories import ALICE, ANSWERS, BOB, LLAMA, QUESTIONS

Keys = list[tuple[str, object]]
"""Keys that never expire, with their documents."""
Row = tuple[object, ...]

RESPONSES: Final = 90
COMPLETIONS: Final = 140
DAY: Final = 86_400
AUTHORIZED: Final = "access_attributes JSON, owner_principal VARCHAR, PRIMARY KEY (id)"
PEOPLE: Final = {
    ALICE: {"roles": ["support", "admin"], "teams": ["helpdesk"]},
    BOB: {"roles": ["support"], "teams": ["billing"]},
}
OWNERS: Final = (None, ALICE, BOB)
"""Who asked; None without authentication, whose rows 0.2 stores with the owner NULL."""


@dataclass(frozen=True, slots=True)
class LegacyFile:
    """A SQLite file of the deployment: its path in the folder, its table with columns, and the rows."""

    path: str
    table: str
    columns: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class LegacyBody:
    """The body of an uploaded file."""

    id: str
    name: str
    purpose: str
    text: str


KEYS: Final = "key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP"


class LegacyBook:
    """Writes what a server of 0.2.24 would have stored until `now`."""

    def __init__(self, now: int, files: str) -> None:
        self._random = random.Random(20240924)  # noqa: S311 - made-up data, not keys
        self._now = now
        self._files = files
        self.bodies = [self._body(index) for index in range(5)]
        self._stores = [f"vs_{self._uuid()}" for _ in range(2)]

    def stores(self) -> Iterator[LegacyFile]:
        """Yield every SQLite file."""
        key_values = {
            "registry.db": self._registry(),
            "faiss_store.db": self._vectors(),
            "agents_store.db": self._agents(),
            "batches.db": self._batches(),
            "localfs_datasetio.db": self._datasets(),
            "home/distributions/helpdesk/prompts.db": self._prompts(),
        }
        for path, keys in key_values.items():
            rows = [(key, json.dumps(document), None) for key, document in keys]
            yield LegacyFile(path, "kvstore", KEYS, rows)
        yield LegacyFile(
            "files_metadata.db",
            "openai_files",
            "id VARCHAR, filename VARCHAR, purpose VARCHAR, bytes INTEGER, created_at INTEGER, expires_at INTEGER, "
            f"file_path VARCHAR, {AUTHORIZED}",
            [self._file(index, body) for index, body in enumerate(self.bodies)],
        )
        yield LegacyFile(
            "responses_store.db",
            "openai_responses",
            f"id VARCHAR, created_at INTEGER, response_object JSON, model VARCHAR, {AUTHORIZED}",
            [*self._responses()],
        )
        yield LegacyFile(
            "inference_store.db",
            "chat_completions",
            f"id VARCHAR, created INTEGER, model VARCHAR, choices JSON, input_messages JSON, {AUTHORIZED}",
            [self._completion(index) for index in range(COMPLETIONS)],
        )

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(digits * 4):0{digits}x}"

    def _at(self, index: int, of: int) -> int:
        """Return the time of one of several things, the last of them an hour ago, the first 40 days before."""
        return self._now - 3_600 - 40 * DAY * (of - 1 - index) // max(of - 1, 1)

    def _owned(self, index: int) -> tuple[str, str | None]:
        owner = OWNERS[index % len(OWNERS)]
        return json.dumps(PEOPLE[owner] if owner is not None else None), owner

    # Tables

    def _responses(self) -> Iterator[Row]:
        history: list[Json] = []
        for index in range(RESPONSES):
            at, id_ = self._at(index, RESPONSES), f"resp-{self._uuid()}"
            choice = index // 3 % len(QUESTIONS)
            # Each of the three asks chains of three turns; 0.2 copies the whole history into every input.
            chain = index // 9
            history = history if index % 9 >= len(OWNERS) else []
            asked = {
                "role": "user",
                "type": "message",
                "id": None,
                "status": None,
                "content": QUESTIONS[choice],
            }
            answer = {
                "role": "assistant",
                "type": "message",
                "id": f"msg_{self._uuid()}",
                "status": "completed",
                "content": [{"type": "output_text", "text": ANSWERS[choice], "annotations": []}],
            }
            document = {
                "created_at": at,
                "error": None,
                "id": id_,
                "model": LLAMA,
                "object": "response",
                "output": [answer],
                "parallel_tool_calls": False,
                "previous_response_id": None,
                "status": "completed",
                "temperature": None if chain % 2 else 0.2,
                "text": {"format": {"type": "text"}},
                "top_p": None,
                "truncation": None,
                "user": None,
                "input": [*history, asked],
            }
            history = [*history, asked, answer]
            yield (id_, at, json.dumps(document), LLAMA, *self._owned(index))

    def _completion(self, index: int) -> Row:
        choice = index % len(QUESTIONS)
        message = {"role": "assistant", "content": ANSWERS[choice], "name": None, "tool_calls": None}
        choices = [{"message": message, "finish_reason": "stop", "index": 0, "logprobs": None}]
        asked = [
            {"role": "system", "content": "You are terse.", "name": None},
            {"role": "user", "content": QUESTIONS[choice], "name": None},
        ]
        at = self._at(index, COMPLETIONS)
        return (
            f"chatcmpl-{self._hex(24)}",
            at,
            LLAMA,
            json.dumps(choices),
            json.dumps(asked),
            *self._owned(index),
        )

    def _body(self, index: int) -> LegacyBody:
        names = ("handbook.txt", "refunds.txt", "Protokoll München.txt", "batch.jsonl", "answers.jsonl")
        purpose = ("assistants", "assistants", "assistants", "batch", "batch")[index]
        return LegacyBody(f"file-{self._hex(32)}", names[index], purpose, f"{ANSWERS[index]}\n" * 12)

    def _file(self, index: int, body: LegacyBody) -> Row:
        at = self._at(index, len(self.bodies))
        path = f"{self._files}/{body.id}"
        size = len(body.text.encode())
        return (body.id, body.name, body.purpose, size, at, at + 365 * DAY, path, *self._owned(index))

    # Keys

    def _registry(self) -> Keys:
        head = "distributions:registry:v9::"
        objects: list[Json] = [
            {
                "identifier": LLAMA,
                "provider_resource_id": "llama-3.3-70b",
                "provider_id": "vllm",
                "type": "model",
                "metadata": {},
                "model_type": "llm",
            },
            {
                "identifier": EMBEDDING,
                "provider_resource_id": "nomic-embed-text",
                "provider_id": "vllm",
                "type": "model",
                "metadata": {"embedding_dimension": DIMENSIONS},
                "model_type": "embedding",
            },
            {
                "identifier": "builtin::rag",
                "provider_resource_id": "builtin::rag",
                "provider_id": "rag-runtime",
                "type": "tool_group",
                "mcp_endpoint": None,
                "args": None,
            },
            {
                "identifier": "faq-evaluation",
                "provider_resource_id": "faq-evaluation",
                "provider_id": "localfs",
                "type": "dataset",
                "purpose": "eval/messages-answer",
                "metadata": {},
            },
            *(self._vector_db(number) for number in range(len(self._stores))),
        ]
        common = {"owner": None, "source": "via_register_api"}
        return [(f"{head}{each['type']}:{each['identifier']}", each | common) for each in objects]

    def _vector_db(self, number: int) -> Json:
        store = self._stores[number]
        return {
            "identifier": store,
            "provider_resource_id": store,
            "provider_id": "faiss",
            "type": "vector_db",
            "embedding_model": EMBEDDING,
            "embedding_dimension": DIMENSIONS,
            "vector_db_name": ("handbook", "refunds")[number],
        }

    def _vectors(self) -> Keys:
        found: Keys = []
        for number, store in enumerate(self._stores):
            body, at = self.bodies[number], self._at(number, len(self.bodies))
            chunks = [
                self._chunk(body, text, at) for text in (ANSWERS[number], ANSWERS[number + 2], ANSWERS[6])
            ]
            file = {
                "id": body.id,
                "object": "vector_store.file",
                "attributes": {},
                "chunking_strategy": {"type": "auto"},
                "created_at": at,
                "status": "completed",
                "usage_bytes": 0,
                "vector_store_id": store,
                "filename": body.name,
            }
            contents = f"openai_vector_stores_files_contents:v3::{store}:{body.id}"
            found += [
                (f"vector_dbs:v3::{store}", self._vector_db(number)),
                (f"openai_vector_stores:v3::{store}", self._vector_store(store, number, at)),
                (f"openai_vector_stores_files:v3::{store}:{body.id}", file),
                (f"faiss_index:v3::{store}", _index(chunks)),
                *((f"{contents}:{place}", chunk) for place, chunk in enumerate(chunks)),
            ]
        return found

    def _vector_store(self, store: str, number: int, at: int) -> Json:
        return {
            "id": store,
            "object": "vector_store",
            "created_at": at,
            "name": ("handbook", "refunds")[number],
            "usage_bytes": 0,
            "file_counts": {"completed": 1, "cancelled": 0, "failed": 0, "in_progress": 0, "total": 1},
            "status": "completed",
            "expires_after": None,
            "expires_at": None,
            "last_active_at": at,
            "file_ids": [self.bodies[number].id],
            "chunking_strategy": None,
            "metadata": {"provider_id": "faiss", "provider_vector_db_id": store},
        }

    def _chunk(self, body: LegacyBody, text: str, at: int) -> Json:
        """Return a chunk as 0.2 stores it: its id under stored_chunk_id and in chunk_metadata, not as chunk_id."""
        id_ = self._uuid()
        vector = [round(self._random.uniform(-1, 1), 6) for _ in range(DIMENSIONS)]
        return chunk_document(id_, body.id, body.name, text, at, vector)

    def _agents(self) -> Keys:
        found: Keys = []
        for index in range(2):
            agent, session, turn = self._uuid(), self._uuid(), self._uuid()
            at = datetime.fromtimestamp(self._at(index, 4), UTC).isoformat().replace("+00:00", "Z")
            about, told, spoken = agent_documents(session, turn, at, index)
            found += [
                (f"agent:{agent}", about),
                (f"session:{agent}:{session}", told),
                (f"session:{agent}:{session}:{turn}", spoken),
                (f"num_infer_iters_in_turn:{agent}:{session}:{turn}", 1),
            ]
        return found

    def _batches(self) -> Keys:
        found: Keys = []
        for index in range(3):
            at, id_ = self._at(index, 3), f"batch_{self._hex(16)}"
            batch = {
                "id": id_,
                "completion_window": "24h",
                "created_at": at,
                "endpoint": "/v1/chat/completions",
                "input_file_id": self.bodies[3].id,
                "object": "batch",
                "status": "completed",
                "completed_at": at + 40,
                "metadata": {"night": str(index)},
                "output_file_id": self.bodies[4].id,
                "request_counts": {"completed": 12, "failed": 0, "total": 12},
            }
            found.append((f"batch:{id_}", batch))
        return found

    def _datasets(self) -> Keys:
        data = {
            "identifier": "faq-evaluation",
            "provider_resource_id": "faq-evaluation",
            "provider_id": "localfs",
            "type": "dataset",
            "owner": None,
            "source": {"type": "rows", "rows": [{"question": QUESTIONS[0], "answer": ANSWERS[0]}]},
            "purpose": "eval/messages-answer",
            "metadata": {},
        }
        return [("localfs_datasets:faq-evaluation", data)]

    def _prompts(self) -> Keys:
        found: Keys = []
        for index in range(4):
            prompt, versions = f"pmpt_{self._hex(48)}", 1 + index % 3
            for version in range(1, versions + 1):
                body = {
                    "prompt_id": prompt,
                    "prompt": f"Answer question {index} in {{{{ language }}}}, draft {version}.",
                    "version": version,
                    "variables": ["language"],
                    "is_default": False,
                }
                found.append((f"prompts:v1:{prompt}:{version}", body))
            found.append((f"prompts:v1:{prompt}:default", max(versions - 1, 1)))
        return found


def _index(chunks: Sequence[Json]) -> Json:
    """Return what faiss_index:v3:: holds: chunks as JSON inside JSON, and the index of faiss as bytes in a NumPy file."""
    vectors = [value for chunk in chunks for value in chunk["embedding"]]
    # IndexFlatL2: dimension, number, two unused numbers, whether it is trained, the metric, then the vectors.
    head = (b"IxF2", DIMENSIONS, len(chunks), 1 << 20, 1 << 20, 1, 1, len(vectors))
    index = struct.pack("<4siqqqbiq", *head)
    index += struct.pack(f"<{len(vectors)}f", *vectors)
    about = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(index)},), }}".ljust(117) + "\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(about)) + about.encode() + index
    return {
        "chunk_by_index": {str(place): json.dumps(chunk) for place, chunk in enumerate(chunks)},
        "faiss_index": base64.b64encode(array).decode(),
    }
