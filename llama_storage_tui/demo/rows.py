"""The demo's rows: the same at every start but for their times, which count back from the present."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from llama_storage_tui.demo.book import AUTHORIZED, TABLES, Book, Row, answered, asked, attributes
from llama_storage_tui.demo.stories import ANSWERS, LLAMA, OWNERS, QUESTIONS, cases, everyday

SPAN: Final = 172_000
"""Seconds from the first of the demo's everyday rows to its present: two days."""


def _hex(source: random.Random, digits: int = 24) -> str:
    return f"{source.getrandbits(digits * 4):0{digits}x}"


def tables(now: int) -> Iterator[tuple[str, str, list[Row]]]:
    """Yield each table: its name, its columns as SQL, its rows. `now` is the present, in epoch seconds."""
    start = now - SPAN
    source = random.Random(20251113)  # noqa: S311 - made-up data, not keys
    book = Book(source)
    cases(book, everyday(book, start))
    _small_talk(book, start)
    _leave_behind(book, start)
    for name, rows in book.tables.items():
        yield name, TABLES[name], rows
    yield (
        "openai_files",
        (
            "id VARCHAR PRIMARY KEY, filename VARCHAR, purpose VARCHAR, bytes INTEGER, created_at INTEGER, expires_at INTEGER, "
            f"file_path VARCHAR, {AUTHORIZED}"
        ),
        [_file(source, index, start) for index in range(9)],
    )
    yield (
        "prompts",
        (
            "id VARCHAR PRIMARY KEY, prompt_id VARCHAR, version INTEGER, is_default BOOLEAN, created_at INTEGER, prompt_data JSON, "
            f"{AUTHORIZED}"
        ),
        [_prompt(source, index, start) for index in range(5)],
    )
    yield (
        "batches",
        f"id VARCHAR PRIMARY KEY, created_at INTEGER, status VARCHAR, batch_data JSON, {AUTHORIZED}",
        [],
    )
    # What a server of 0.4 left behind: no newer one reads it.
    yield (
        "openai_responses",
        f"id VARCHAR PRIMARY KEY, created_at INTEGER, response_object JSON, model VARCHAR, {AUTHORIZED}",
        [
            (f"resp_{_hex(source)}", start - 9_000_000 + index, "{}", LLAMA, "null", "", None)
            for index in range(37)
        ],
    )


def _small_talk(book: Book, start: int) -> None:
    """Write conversations that no response belongs to, as a client of the conversations API makes them."""
    for index in range(20):
        owner, at = OWNERS[index % len(OWNERS)], start + index * 6_000
        conversation = book.converse(at, owner, f"case {index}")
        for turn in range(6):
            texts = QUESTIONS if turn % 2 == 0 else ANSWERS
            text = texts[(index + turn // 2) % len(texts)]
            item = (asked if turn % 2 == 0 else answered)(text) | {"id": book.new_id("msg_")}
            row = (conversation, item["id"], at + turn, turn, json.dumps(item), None)
            book.put("conversation_items", (*row, attributes(owner), owner))


def _leave_behind(book: Book, start: int) -> None:
    """Write items of conversations that somebody has deleted by hand, and forgot the items."""
    source = random.Random(20251112)  # noqa: S311 - as above, and apart: the ids of everything else stay what they are
    for number, left in enumerate((5, 2)):
        conversation, at = f"conv_{_hex(source, 48)}", start - 5_000_000 + number * 90_000
        for turn in range(left):
            item = (asked if turn % 2 == 0 else answered)(QUESTIONS[turn]) | {"id": f"msg_{_hex(source, 48)}"}
            row = (conversation, item["id"], at + turn * 60, turn, json.dumps(item), None)
            book.put("conversation_items", (*row, attributes(OWNERS[0]), OWNERS[0]))


def _file(source: random.Random, index: int, start: int) -> Row:
    name = ("invoices-october.pdf", "incident.md", "Protokoll München.docx")[index % 3]
    id_ = f"file-{_hex(source)}"
    return (
        id_,
        name,
        "assistants",
        source.randrange(2_000, 900_000),
        start + index * 60,
        None,
        f"files/{id_}",
        "null",
        "",
        None,
    )


def _prompt(source: random.Random, index: int, start: int) -> Row:
    prompt, version = f"pmpt_{_hex(source)}", index % 3 + 1
    data = {
        "prompt_id": prompt,
        "version": version,
        "prompt": "Answer in {{language}}.",
        "variables": ["language"],
    }
    return f"{prompt}:{version}", prompt, version, True, start + index, json.dumps(data), "null", "", None


def keys(now: int) -> Iterator[tuple[str, str, str | None]]:
    """Yield each key with its value and its expiry. `now` is the present, in epoch seconds."""
    lock = "registry:skill_lock"
    expiry = datetime.fromtimestamp(now - SPAN + 89_200, UTC).isoformat(timespec="microseconds")
    for key, document in _documents(lock):
        yield key, json.dumps(document), expiry if key == lock else None


def _documents(lock: str) -> Iterator[tuple[str, object]]:
    """Yield each key with its document, that of a lock among them."""
    source = random.Random(11)  # noqa: S311 - made-up data, not keys
    for model in ("llama-3.3-70b", "qwen2.5-7b-instruct", "nomic-embed-text"):
        body: dict[str, object] = {
            "type": "model",
            "identifier": f"vllm/{model}",
            "provider_id": "vllm",
            "owner": None,
            "source": "via_register_api",
        }
        yield f"registry:distributions:registry:v10::model:vllm/{model}", body
    for index in range(6):
        store = f"vs_{_hex(source, 16)}"
        body = {
            "type": "vector_store",
            "identifier": store,
            "provider_id": "faiss",
            "embedding_dimension": 768,
        }
        yield f"registry:distributions:registry:v10::vector_store:{store}", body
        named = {"identifier": store, "name": f"handbook {index}"}
        yield f"vector_io::faiss:vector_stores:v3::{store}", named
        index_bytes = base64.b64encode(source.randbytes(12_000)).decode()
        chunks = {str(number): json.dumps({"content": ANSWERS[number % 7]}) for number in range(20)}
        found = {"chunk_by_index": chunks, "faiss_index": index_bytes}
        yield f"vector_io::faiss:faiss_index:v3::{store}", found
    for index in range(4):
        skill = f"skill-{_hex(source, 16)}"
        yield f"registry:skill:{skill}", {"id": skill, "name": f"skill {index}", "latest_version": "1"}
    yield lock, 1
    # Keys without a namespace, as servers before 1.0 wrote them.
    for index in range(12):
        prompt = f"pmpt_{_hex(source, 48)}"
        yield f"prompts:v1:{prompt}:default", 1
        old = {"prompt_id": prompt, "prompt": f"Old prompt {index}", "version": 1}
        yield f"prompts:v1:{prompt}:1", old
