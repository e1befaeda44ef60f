"""What the demo's users asked of their models: an everyday lot, and at its end the cases worth looking into."""

from __future__ import annotations

import json
from typing import Any, Final

from llama_storage_tui.demo.book import Book, Item, Told, answered, asked

LLAMA: Final = "vllm/llama-3.3-70b"
QWEN: Final = "vllm/qwen2.5-7b-instruct"
ALICE, BOB, INGEST = "alice", "bob", "system:serviceaccount:team-a:ingest"
OWNERS: Final = ("", ALICE, BOB, INGEST)
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
HOSTILE: Final = "\x1b]52;c;aGVsbG8=\x07\x1b[31mred\x1b[0m [bold]markup[/bold] \u202etxt.exe"
"""What a stranger may have stored: it must reach no terminal as it is."""
INSTRUCTIONS: Final = (
    "You are the assistant of the accounting desk. Answer in the language of the question. Look invoices up with the tools "
    "you are given before you name a sum, and say where a figure comes from."
)
EVERYDAY: Final = 300


def everyday(book: Book, start: int) -> int:
    """Write chains of one to five turns, a few of them failed or incomplete; return the time after the last."""
    after: Told | None = None
    at = start
    for index in range(EVERYDAY):
        at += 431 + book.source.randrange(200)
        choice = index % len(QUESTIONS)
        fields: dict[str, Any] = {"status": "completed"}
        if index % 71 == 17:
            fields = _failed("server_error", "upstream model timed out after 60 s")
        elif index % 83 == 29:
            fields = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
        output = (
            [] if fields["status"] == "failed" else [answered(HOSTILE if index == 210 else ANSWERS[choice])]
        )
        owner = after.owner if after else OWNERS[index // 5 % len(OWNERS)]
        told = book.respond(
            at,
            [asked(QUESTIONS[choice])],
            output,
            model=after.model if after else (LLAMA, QWEN)[index // 5 % 2],
            owner=owner,
            after=after,
            **fields,
        )
        after = told if index % 5 and fields["status"] == "completed" else None
    return at


def _failed(code: str, message: str) -> dict[str, Any]:
    return {"status": "failed", "error": {"code": code, "message": message}}


def cases(book: Book, at: int) -> None:
    """Write what is worth looking into, the last of it the newest."""
    _gone_parent(book, at + 300)
    _odd_rows(book, at + 600)
    _searches(book, at + 1_500)
    _invoices(book, at + 3_000)
    _tickets(book, at + 9_000)
    _failures(book, at + 12_000)


def _call(book: Book, name: str, **arguments: object) -> Item:
    return {
        "type": "function_call",
        "id": book.new_id("fc_"),
        "call_id": f"call_{book.source.getrandbits(80):020x}",
        "name": name,
        "arguments": json.dumps(arguments),
        "status": "completed",
    }


def _output(call: Item, result: object) -> Item:
    text = result if isinstance(result, str) else json.dumps(result)
    return {"type": "function_call_output", "call_id": call["call_id"], "output": text}


def _invoices(book: Book, at: int) -> None:
    """Write a chain with a tool in a conversation, a fork in it, and a branch that somebody else went on with."""
    conversation = book.converse(at - 5, ALICE, "invoices of October")
    shared: dict[str, Any] = {"owner": ALICE, "instructions": INSTRUCTIONS, "conversation": conversation}
    search = _call(book, "search_invoices", period="2025-10", state="open")
    tools = [{"type": "function", "name": "search_invoices", "parameters": {"type": "object"}}]
    first = book.respond(at, [asked(QUESTIONS[0])], [search], tools=tools, **shared)
    found = {"open": ["2025-1043", "2025-1051", "2025-1066", "2025-1070"], "sum": 18240, "currency": "EUR"}
    second = book.respond(
        at + 2, [_output(search, found)], [answered(ANSWERS[0])], after=first, tools=tools, **shared
    )
    third = book.respond(
        at + 95,
        [asked("Write a reminder for 2025-1051, polite but firm.")],
        [
            answered(
                "Subject: invoice 2025-1051\n\nDear Ms Okafor,\n\nour records show 4,310 euros due since 14 October."
            )
        ],
        after=second,
        **shared,
    )
    del shared["conversation"]
    detail = _call(book, "get_invoice", number="2025-1066")
    # The fork: asked of the second again, not of the third.
    branch = book.respond(
        at + 240, [asked("And what is 2025-1066 about?")], [detail], after=second, tools=tools, **shared
    )
    broken = "ConnectionError: invoices.internal:5432 refused the connection"
    book.respond(
        at + 260,
        [_output(detail, broken)],
        [answered("I could not look the invoice up: the invoice service does not answer.")],
        after=branch,
        tools=tools,
        **shared,
    )
    fourth = book.respond(
        at + 400,
        [asked("Shorter, and in German.")],
        [
            answered(
                "Betreff: Rechnung 2025-1051\n\nSehr geehrte Frau Okafor,\n\nseit dem 14. Oktober sind 4.310 Euro offen."
            )
        ],
        after=third,
        owner=ALICE,
        keeps_messages=False,
    )
    book.respond(
        at + 2_000,
        [asked("Bob here: which reminders went out today?")],
        [answered("One: the reminder for invoice 2025-1051.")],
        after=fourth,
        owner=BOB,
    )


def _tickets(book: Book, at: int) -> None:
    """Write MCP calls: tools listed, an approval asked and given, a call that failed."""
    arguments = json.dumps({"project": "OPS", "title": "Nightly job late", "priority": "high"})
    listed = {
        "type": "mcp_list_tools",
        "id": book.new_id("mcpl_"),
        "server_label": "tickets",
        "tools": [
            {"name": "create_ticket", "input_schema": {"type": "object"}},
            {"name": "find_tickets", "input_schema": {"type": "object"}},
        ],
    }
    request = {
        "type": "mcp_approval_request",
        "id": book.new_id("approval_"),
        "server_label": "tickets",
        "name": "create_ticket",
        "arguments": arguments,
    }
    first = book.respond(
        at,
        [asked("Open a ticket: the nightly job was late again.")],
        [listed, request],
        model=QWEN,
        owner=INGEST,
    )
    approval = {"type": "mcp_approval_response", "approval_request_id": request["id"], "approve": True}
    failed = {
        "type": "mcp_call",
        "id": book.new_id("mcp_"),
        "server_label": "tickets",
        "name": "create_ticket",
        "arguments": arguments,
        "output": None,
        "error": "401 Unauthorized: the token of this connection has expired",
    }
    book.respond(
        at + 40,
        [approval],
        [failed, answered("I could not open the ticket: the ticket system refused the request (401).")],
        model=QWEN,
        owner=INGEST,
        after=first,
    )


def _searches(book: Book, at: int) -> None:
    """Write reasoning, a web search, a file search with citations, and a refusal."""
    reasoning = {
        "type": "reasoning",
        "id": book.new_id("rs_"),
        "summary": [{"type": "summary_text", "text": "Compare both changelogs, then name what was removed."}],
    }
    web = {
        "type": "web_search_call",
        "id": book.new_id("ws_"),
        "status": "completed",
        "action": {"type": "search", "query": "release 4.2 changelog"},
    }
    file = {
        "type": "file_search_call",
        "id": book.new_id("fs_"),
        "status": "completed",
        "queries": ["login page removal"],
        "results": [
            {
                "file_id": "file-0001",
                "filename": "release-4.2.md",
                "score": 0.87,
                "text": "The old login page is gone; bookmarks to /login are redirected.",
            },
            {
                "file_id": "file-0002",
                "filename": "migration.md",
                "score": 0.41,
                "text": "Export the audit log first.",
            },
        ],
    }
    cited = answered(ANSWERS[6])
    cited["content"][0]["annotations"] = [
        {"type": "file_citation", "file_id": "file-0001", "filename": "release-4.2.md", "index": 31}
    ]
    book.respond(at, [asked(QUESTIONS[6])], [reasoning, web, file, cited], owner=BOB, model=QWEN)
    refusal = answered(
        "", content=[{"type": "refusal", "refusal": "I cannot help with somebody else's password."}]
    )
    book.respond(
        at + 60, [asked("What is the password of the build server?")], [refusal], owner=BOB, model=QWEN
    )


def _gone_parent(book: Book, at: int) -> None:
    gone = Told("resp_00000000-dead-4bee-8000-00000000gone", at - 90_000, LLAMA, ALICE, ())
    book.respond(
        at,
        [asked("As I said yesterday: please use the new template.")],
        [answered("I will.")],
        after=gone,
        owner=ALICE,
    )


def _odd_rows(book: Book, at: int) -> None:
    """Write rows that no server of today would: without an owner, cut off, without output, very large."""
    book.respond(at, [asked(QUESTIONS[4])], [answered(ANSWERS[4])], owner=None)
    book.respond(at + 30, [asked(QUESTIONS[1])], [], owner=BOB)
    log = "02:14:07 WARN  replication lag 41 s, writes refused\n" * 24_000
    book.respond(at + 60, [asked(f"Explain this log:\n{log}")], [answered(ANSWERS[1])], owner=INGEST)
    cut = '{"id": "resp_cut", "object": "response", "status": "compl'
    book.put("responses", (book.new_id("resp_"), at + 90, cut, LLAMA, None, None, "null", "", None))


def _failures(book: Book, at: int) -> None:
    """Write what fails and what hangs."""
    book.respond(
        at,
        [asked("Translate the attached contract into French.")],
        [
            answered(
                "ENTRE LES SOUSSIGNÉS : la société Nordlicht GmbH, dont le siège social est",
                status="incomplete",
            )
        ],
        owner=ALICE,
        status="incomplete",
        incomplete_details={"reason": "max_output_tokens"},
        max_output_tokens=256,
    )
    book.respond(
        at + 130,
        [asked(QUESTIONS[4])],
        [],
        owner=INGEST,
        model=QWEN,
        **_failed(
            "rate_limit_exceeded", "429 from http://vllm-1:8000/v1: too many requests, retry after 20 s"
        ),
    )
    book.respond(
        at + 300,
        [asked("Read all invoices of 2024 and sum them by month.")],
        [],
        owner=ALICE,
        status="in_progress",
    )
    book.respond(at + 360, [asked("The same for 2023.")], [], owner=ALICE, status="queued")
    book.respond(
        at + 900,
        [asked(QUESTIONS[1])],
        [],
        owner=BOB,
        **_failed("server_error", "upstream model timed out after 60 s"),
    )
    book.respond(at + 960, [asked(QUESTIONS[1])], [answered(ANSWERS[1])], owner=BOB)
