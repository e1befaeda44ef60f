"""Secrets in stored objects are masked by their names; what people write is left as it is."""

from __future__ import annotations

import json

import pytest

from llama_storage_tui.secrets import MASK
from llama_storage_tui.services.records.masking import masked

TOKEN = "sk-very-secret-1234567890"


@pytest.mark.parametrize(
    "stored",
    [
        {"authorization": TOKEN},
        {"tools": [{"type": "mcp", "headers": {"X-Odd": TOKEN, "Authorization": f"Bearer {TOKEN}"}}]},
        {"api_key": TOKEN},
        {"deep": {"password": [TOKEN, {"x": TOKEN}]}},
        {"credentials": {"user": TOKEN}},
        {"payload": json.dumps({"request": {"api_token": TOKEN}})},
        {"url": f"https://operator:{TOKEN}@mcp.example.com/sse"},
        {"error": f"401 for 'Bearer {TOKEN}'"},
        {"moderation_headers": TOKEN},
    ],
    ids=str,
)
def test_a_secret_is_masked_wherever_it_stands(stored: object) -> None:
    shown = masked(stored)
    assert TOKEN not in json.dumps(shown)
    assert MASK in json.dumps(shown)


@pytest.mark.parametrize(
    "stored",
    [
        {"total_tokens": 12, "token_count": 800, "chunk_tokenizer": "cl100k", "cached_tokens": 7},
        {"content": "Write: me@example.com, or call 10:30 @ noon"},
        {"headers": {"X-Empty": ""}, "password": None, "api_key": ""},
        {"url": "https://mcp.example.com/sse?x=1"},
        {"arguments": '{"city": "München"}'},
        {"metadata": {"owner": "a:b@c"}},
    ],
    ids=str,
)
def test_what_is_no_secret_is_left_as_it_is(stored: object) -> None:
    assert masked(stored) == stored


def test_a_value_that_is_nested_without_end_is_cut_and_not_followed() -> None:
    deep: object = TOKEN
    for _ in range(5_000):
        deep = [deep]
    assert MASK in repr(masked(deep))[:2_000]


def test_the_value_of_a_secret_column_is_masked() -> None:
    assert masked(TOKEN, "access_token") == MASK
