"""v0.2 keys in front of newer servers, and old `${env…}` forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import Path
from llama_storage_tui.config.environment import EXPRESSION
from llama_storage_tui.config.legacy import TOP_LEVEL
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.version import Version

LOOKS_LIKE_ONE: Final = re.compile(r"\$\{env\.[^}]*\}")
"""Left over once the real expressions are gone: lower-case names, the old `${env.X:default}`, shell forms such as `:-`."""


def ignored_legacy_keys(view: View) -> Iterator[Finding]:
    """From 0.4 on the old top-level stores are dropped without a word, and SQLite defaults are used instead."""
    if view.version < Version(0, 4):
        return
    for key in TOP_LEVEL:
        if key in view.context.raw:
            yield view.finding(
                "ignored-legacy-store",
                Severity.WARNING,
                Stage.NEVER,
                (key,),
                f"{key} is of 0.2: {view.version.product} {view.version} ignores it and uses its default SQLite files",
                help="Move it to storage.stores; what lies in the old store is not read.",
            )


def unexpanded_expressions(view: View) -> Iterator[Finding]:
    """Text that looks like an expression and is none."""
    for path, text in _strings(view.context.raw, ()):
        # Up to the last brace, for the same reason as in the expansion.
        if "${env." in text and LOOKS_LIKE_ONE.search(EXPRESSION.sub("", text[: text.rfind("}") + 1])):
            yield view.finding(
                "not-expanded",
                Severity.WARNING if path[:1] == ("storage",) else Severity.INFO,
                Stage.NEVER,
                path,
                "The server does not expand this form and takes it as literal text",
                help="Names are upper-case; a default is written ${env.NAME:=default}.",
            )


def _strings(data: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _strings(value, (*path, key if isinstance(key, int) else str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _strings(value, (*path, index))
    elif isinstance(data, str):
        yield path, data


RULES = (ignored_legacy_keys, unexpanded_expressions)
