"""Stored objects with their secrets masked: tokens of MCP tools and connectors, headers, passwords in addresses. Pure functions.

What is masked is told by a value's name, as in configs. Free text is left alone but for what cannot be anything else: text
of strangers is full of colons and at signs.
"""

from __future__ import annotations

import json
import re
from typing import Final

from llama_storage_tui.config.masking import is_secret_name
from llama_storage_tui.secrets import MASK
from llama_storage_tui.services.values import is_too_deep, parse_json

_USERINFO: Final = re.compile(r"(?P<before>\b[a-zA-Z][\w+.-]{0,20}://[^\s/@:]{0,200}:)[^\s/@]{1,500}(?=@)")
_BEARER: Final = re.compile(r"(?i)(?P<before>\bbearer\s+)[\w.~+/=-]{8,}")
_DEEPEST: Final = 60


def masked(value: object, name: str = "", *, depth: int = 0) -> object:
    """Return a value with every secret inside masked; `name` is the key or column that it stands under."""
    if depth > _DEEPEST:
        return MASK
    if name and is_secret_name(name) and _is_weighty(value, name):
        return MASK
    if isinstance(value, dict):
        hides = name.lower().endswith("headers")
        return {
            key: MASK if hides and item not in (None, "") else masked(item, str(key), depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item, name, depth=depth + 1) for item in value]
    return _masked_text(value, name, depth) if isinstance(value, str) else value


def _is_weighty(value: object, name: str) -> bool:
    """Tell whether a value under a secret's name can be one: nothing, and numbers of tokens, are none."""
    if value is None or value in ("", [], {}) or isinstance(value, bool):
        return False
    return isinstance(value, str | dict | list | bytes) or "token" not in name.lower()


def _masked_text(text: str, name: str, depth: int) -> str:
    """Mask inside JSON that stands in a text, and what is a secret wherever it stands."""
    if text[:1] in ("{", "[") and (found := parse_json(text)) is not None:
        inside = masked(found.data, name, depth=depth + 1)
        if inside != found.data:
            return json.dumps(inside, ensure_ascii=False)
    elif text[:1] in ("{", "[") and is_too_deep(text):
        return MASK  # what cannot be looked through may hold anything
    return _BEARER.sub(rf"\g<before>{MASK}", _USERINFO.sub(rf"\g<before>{MASK}", text))
