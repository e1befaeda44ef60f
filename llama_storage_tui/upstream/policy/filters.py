"""The SQL filter that a server puts before its policy, as a value that either engine's judge can apply to a row."""

from __future__ import annotations

import re
from typing import Final

from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.upstream.policy.dialect import CATEGORIES, Matching, PolicyDialect, PublicRows

_PARAMETER: Final = re.compile(r"(?<![:\w\\]):(\w+)(?![:\w])")
"""What the server's database library takes for a parameter in a statement's text, quoted or not."""

_ESCAPED: Final = re.compile(r"\\(:\w*)(?![:\w])")
"""Where it takes a backslash away."""


@dataclass(frozen=True, slots=True)
class AttributeCondition:
    """One of the viewer's attributes that has values, and what is looked for: LIKE patterns, or the values themselves."""

    key: str
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SqlFilter:
    """Which rows the SQL stage shows.

    A row passes whose owner is one of `owners`, whose attributes are public as `public` says, or whose attributes match the
    `categories`: all of them that the row has with `needs_all`, else any. `is_open` lets everything through. `tenant` is
    demanded first: a text, `""` for nothing passes, None for no demand. With `failure` the statement fails for every row.
    """

    is_open: bool = False
    owners: tuple[str, ...] = ("",)
    public: PublicRows = PublicRows.UNOWNED
    categories: tuple[AttributeCondition, ...] = ()
    needs_all: bool = False
    is_exact: bool = False
    tenant: str | None = None
    failure: str | None = None


def default_filter(dialect: PolicyDialect, viewer: Viewer | None) -> SqlFilter:
    """Return the filter of the default policy, which looks at owners and attributes."""
    public = SqlFilter(public=dialect.public)
    if viewer is None:
        return public
    owners = ("",) if dialect.needs_all_categories else ("", viewer.name)
    found = [(key, values) for key, values in (viewer.attributes or {}).items() if values]
    if not dialect.has_free_keys:
        found = [(key, values) for key, values in found if key in CATEGORIES]
    failure = next(filter(None, (_failure(dialect, key, values) for key, values in found)), None)
    if (
        dialect.matching is Matching.PASTED
        and not dialect.needs_all_categories
        and _has_parameter(viewer.name)
    ):
        failure = f"the name {viewer.name!r} looks like a parameter to the database library"
    return replace(
        public,
        owners=tuple(map(_unescape, owners)) if dialect.matching is Matching.PASTED else owners,
        categories=_categories(dialect, found),
        needs_all=dialect.needs_all_categories,
        is_exact=dialect.matching is Matching.EXACT,
        failure=failure,
    )


def open_filter(dialect: PolicyDialect, viewer: Viewer | None) -> SqlFilter:
    """Return the filter of a policy of one's own: everything for users, what is public for nobody."""
    return SqlFilter(public=dialect.public, is_open=viewer is not None)


def _categories(
    dialect: PolicyDialect, found: list[tuple[str, tuple[str, ...]]]
) -> tuple[AttributeCondition, ...]:
    if dialect.matching is Matching.EXACT:
        return tuple(AttributeCondition(key, values) for key, values in found)
    patterns = {key: [f'%"{value}"%' for value in values] for key, values in found}
    if dialect.matching is Matching.PASTED:
        patterns = {key: list(map(_unescape, values)) for key, values in patterns.items()}
    if dialect.keys_share_parameters:
        bound = {
            (_safe(key), place): text for key, texts in patterns.items() for place, text in enumerate(texts)
        }
        patterns = {
            key: [bound[_safe(key), place] for place in range(len(texts))] for key, texts in patterns.items()
        }
    unquoted = dialect.has_free_keys
    return tuple(
        AttributeCondition(_unescape(key.replace("''", "'")) if unquoted else key, tuple(texts))
        for key, texts in patterns.items()
    )


def _failure(dialect: PolicyDialect, key: str, values: tuple[str, ...]) -> str | None:
    """Say why a statement that has the viewer's own words in it cannot be run."""
    if not dialect.has_free_keys:
        return None
    if "'" in key.replace("''", ""):
        return f"the attribute name {key!r} ends the quoted text that it is pasted into"
    pasted = (key, *values) if dialect.matching is Matching.PASTED else (key,)
    for word in pasted:
        if _has_parameter(word):
            return f"{word!r} looks like a parameter to the database library"
    return None


def _has_parameter(word: str) -> bool:
    return _PARAMETER.search(f'"{word}"') is not None


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _safe(key: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", key)
