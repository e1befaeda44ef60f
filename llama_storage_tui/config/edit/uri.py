"""The password inside a `connection_string` or a MongoDB URI, with its percent-encoding."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

_USERINFO: Final = re.compile(
    r"(?:postgres(?:ql)?|mongodb(?:\+srv)?)://[^/?#:@]*:([^/?#]*)@[^/?#@]*(?:[/?#]|$)"
)
_QUERY: Final = re.compile(r"[?&]password=([^&#]*)")
_STRIPPED: Final = re.compile(r"[\t\r\n]")
"""What `urlsplit` silently takes out of a URI, after which offsets mean nothing."""


def password_span(uri: str) -> tuple[int, int] | None:
    """Return where the password stands, still encoded; None where there is none or it cannot be told.

    Userinfo counts before the query, as in asyncpg.
    """
    if _STRIPPED.search(uri):
        return None
    userinfo = _USERINFO.match(uri)
    if userinfo is not None:
        return userinfo.span(1) if userinfo[1] else None
    if is_mongo(uri):
        return None
    queries = list(_QUERY.finditer(uri.partition("#")[0]))
    return queries[0].span(1) if len(queries) == 1 and queries[0][1] else None


def decode_password(uri: str, span: tuple[int, int]) -> str:
    """Return the password at a span."""
    written = uri[slice(*span)]
    has_plus = is_mongo(uri) or uri.find("?") in range(span[0])
    return unquote_plus(written) if has_plus else unquote(written)


def is_mongo(uri: str) -> bool:
    """Tell a MongoDB URI, whose login pymongo decodes as a query is decoded: + is a space."""
    return uri.startswith(("mongodb://", "mongodb+srv://"))


def encode_password(password: str) -> str:
    """Encode for either place; `~` too, which shells expand after a colon."""
    return quote(password, safe="").replace("~", "%7E")
