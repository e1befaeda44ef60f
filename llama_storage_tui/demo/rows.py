"""The demo's rows: the same at every start, so that pictures of them are the same too."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from typing import Any, Final

Row = tuple[object, ...]

START: Final = 1_763_000_000
"""13 November 2025: every time of the demo counts from here."""

OWNERS: Final = ("", "alice", "bob", "system:serviceaccount:team-a:ingest")
MODELS: Final = ("vllm/llama-3.3-70b", "vllm/llama-3.3-70b", "vllm/qwen2.5-7b-instruct")
QUESTIONS: Final = (
    "Which invoices of October are still open?",
    "Summarise the incident report of last night in three sentences.",
    "Wie ist das Wetter in München?",
    "Draft a reply to the customer who asked about the refund.",
    "List the tables that the nightly job touches.",
    "東京の支店の売上を教えてください。",
    "What changed between release 4.1 and 4.2?",
)
ANSWERS: Final = (
    "Four invoices are open: 2025-1043, 2025-1051, 2025-1066 and 2025-1070. Together they come to 18,240 euros.",
    "The primary database failed over at 02:14. Writes were refused for 41 seconds. No data was lost.",
    "In München sind es 7 Grad, am Nachmittag Regen.",
    "Thank you for writing. Your refund was sent on Tuesday and should arrive within three working days.",
    "The nightly job reads orders and customers, and writes daily_totals.",
    "東京支店の十月の売上は四千二百万円です。",
    "Release 4.2 adds the audit export and drops the old login page.",
)
AUTHORIZED: Final = "access_attributes JSON, owner_principal VARCHAR"


def _hex(source: random.Random, digits: int = 24) -> str:
    return f"{source.getrandbits(digits * 4):0{digits}x}"


def _attributes(owner: str) -> str:
    return (
        "null"
        if not owner
        else json.dumps({"roles": ["user"], "teams": ["team-a" if "team-a" in owner else "sales"]})
    )


def tables() -> Iterator[tuple[str, str, list[Row]]]:
    """Yield each table: its name, its columns as SQL, its rows."""
    source = random.Random(20251113)  # noqa: S311 - made-up data, not keys
    responses = list(_responses(source))
    yield (
        "responses",
        (
            "id VARCHAR PRIMARY KEY, created_at INTEGER, response_object JSON, model VARCHAR, "
            f"{AUTHORIZED}, previous_response_id VARCHAR, input_storage_mode VARCHAR"
        ),
        responses,
    )
    yield "conversation_messages", f"conversation_id VARCHAR PRIMARY KEY, messages JSON, {AUTHORIZED}", []
    yield from _conversations(source)
    yield (
        "openai_files",
        (
            "id VARCHAR PRIMARY KEY, filename VARCHAR, purpose VARCHAR, bytes INTEGER, created_at INTEGER, expires_at INTEGER, "
            f"file_path VARCHAR, {AUTHORIZED}"
        ),
        [_file(source, index) for index in range(9)],
    )
    yield (
        "prompts",
        (
            "id VARCHAR PRIMARY KEY, prompt_id VARCHAR, version INTEGER, is_default BOOLEAN, created_at INTEGER, prompt_data JSON, "
            f"{AUTHORIZED}"
        ),
        [_prompt(source, index) for index in range(5)],
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
            (f"resp_{_hex(source)}", START - 9_000_000 + index, "{}", MODELS[0], "null", "")
            for index in range(37)
        ],
    )


def _responses(source: random.Random) -> Iterator[Row]:
    previous: str | None = None
    for index in range(420):
        id_ = f"resp_{_hex(source)}"
        owner = OWNERS[index % 7 % len(OWNERS)]
        created = START + index * 731 + source.randrange(90)
        body = _response(source, id_, index, created, previous)
        mode = "incremental" if previous else None
        yield id_, created, json.dumps(body), body["model"], _attributes(owner), owner, previous, mode
        previous = id_ if index % 6 else None


def _response(
    source: random.Random, id_: str, index: int, created: int, previous: str | None
) -> dict[str, Any]:
    choice = index % len(QUESTIONS)
    status = "failed" if index % 41 == 17 else "incomplete" if index % 53 == 29 else "completed"
    output: list[dict[str, Any]] = []
    if index % 5 == 2:
        call = f"call_{_hex(source, 12)}"
        arguments = json.dumps({"period": "2025-10", "state": "open", "nested": json.dumps({"page": 1})})
        output.append(
            {
                "type": "function_call",
                "id": f"fc_{_hex(source, 12)}",
                "call_id": call,
                "name": "search",
                "arguments": arguments,
            }
        )
    if status != "failed":
        text = ANSWERS[choice]
        if index == 210:
            # What a stranger may have stored: it must reach no terminal as it is.
            text = "\x1b]52;c;aGVsbG8=\x07\x1b[31mred\x1b[0m [bold]markup[/bold] \u202etxt.exe"
        output.append(
            {
                "type": "message",
                "id": f"msg_{_hex(source, 12)}",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": []}],
            }
        )
    tokens = source.randrange(80, 4000), source.randrange(20, 600)
    return {
        "id": id_,
        "object": "response",
        "created_at": created,
        "status": status,
        "model": MODELS[index % len(MODELS)],
        "previous_response_id": previous,
        "error": {"code": "server_error", "message": "upstream model timed out after 60 s"}
        if status == "failed"
        else None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "input": [{"type": "message", "role": "user", "content": QUESTIONS[choice]}],
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 0.7,
        "text": {"format": {"type": "text"}},
        "usage": {"input_tokens": tokens[0], "output_tokens": tokens[1], "total_tokens": sum(tokens)},
    }


def _conversations(source: random.Random) -> Iterator[tuple[str, str, list[Row]]]:
    conversations: list[Row] = []
    items: list[Row] = []
    for index in range(24):
        conversation, owner = f"conv_{_hex(source)}", OWNERS[index % len(OWNERS)]
        created = START + index * 9_000
        conversations.append(
            (conversation, created, "[]", json.dumps({"topic": f"case {index}"}), _attributes(owner), owner)
        )
        for turn in range(6):
            role, text = ("user", QUESTIONS) if turn % 2 == 0 else ("assistant", ANSWERS)
            data = {"type": "message", "role": role, "content": text[(index + turn // 2) % len(text)]}
            item = f"msg_{_hex(source)}"
            items.append(
                (conversation, item, created + turn, json.dumps(data), turn, None, _attributes(owner), owner)
            )
    yield (
        "openai_conversations",
        f"id VARCHAR PRIMARY KEY, created_at INTEGER, items JSON, metadata JSON, {AUTHORIZED}",
        conversations,
    )
    yield (
        "conversation_items",
        (
            "conversation_id VARCHAR, id VARCHAR, created_at INTEGER, item_data JSON, sort_order INTEGER, tenant_id VARCHAR, "
            f"{AUTHORIZED}, PRIMARY KEY (conversation_id, id)"
        ),
        items,
    )


def _file(source: random.Random, index: int) -> Row:
    name = ("invoices-october.pdf", "incident.md", "Protokoll München.docx")[index % 3]
    id_ = f"file-{_hex(source)}"
    return (
        id_,
        name,
        "assistants",
        source.randrange(2_000, 900_000),
        START + index * 60,
        None,
        f"files/{id_}",
        "null",
        "",
    )


def _prompt(source: random.Random, index: int) -> Row:
    prompt, version = f"pmpt_{_hex(source)}", index % 3 + 1
    data = {
        "prompt_id": prompt,
        "version": version,
        "prompt": "Answer in {{language}}.",
        "variables": ["language"],
    }
    return f"{prompt}:{version}", prompt, version, True, START + index, json.dumps(data), "null", ""


def keys() -> Iterator[tuple[str, str, str | None]]:
    """Yield each key with its value and its expiry."""
    source = random.Random(11)  # noqa: S311 - made-up data, not keys
    for model in ("llama-3.3-70b", "qwen2.5-7b-instruct", "nomic-embed-text"):
        body: dict[str, object] = {
            "type": "model",
            "identifier": f"vllm/{model}",
            "provider_id": "vllm",
            "owner": None,
            "source": "via_register_api",
        }
        yield f"registry:distributions:registry:v10::model:vllm/{model}", json.dumps(body), None
    for index in range(6):
        store = f"vs_{_hex(source, 16)}"
        body = {
            "type": "vector_store",
            "identifier": store,
            "provider_id": "faiss",
            "embedding_dimension": 768,
        }
        yield f"registry:distributions:registry:v10::vector_store:{store}", json.dumps(body), None
        yield (
            f"vector_io::faiss:vector_stores:v3::{store}",
            json.dumps({"identifier": store, "name": f"handbook {index}"}),
            None,
        )
        index_bytes = base64.b64encode(source.randbytes(12_000)).decode()
        chunks = {str(number): json.dumps({"content": ANSWERS[number % 7]}) for number in range(20)}
        yield (
            f"vector_io::faiss:faiss_index:v3::{store}",
            json.dumps({"chunk_by_index": chunks, "faiss_index": index_bytes}),
            None,
        )
    for index in range(4):
        skill = f"skill-{_hex(source, 16)}"
        yield (
            f"registry:skill:{skill}",
            json.dumps({"id": skill, "name": f"skill {index}", "latest_version": "1"}),
            None,
        )
    yield "registry:skill_lock", "1", "2025-11-14T03:00:00.000000+00:00"
    # Keys without a namespace, as servers before 1.0 wrote them.
    for index in range(12):
        prompt = f"pmpt_{_hex(source, 48)}"
        yield f"prompts:v1:{prompt}:default", "1", None
        yield (
            f"prompts:v1:{prompt}:1",
            json.dumps({"prompt_id": prompt, "prompt": f"Old prompt {index}", "version": 1}),
            None,
        )
