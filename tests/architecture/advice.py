"""Collects the sentences of the program that can make somebody change, remove or restart something."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[2] / "llama_storage_tui"

_VERBS: Final = (
    "remove|delete|drop|mend|fix|repair|overwrite|replace|rename|move|recreate|rebuild|restore|recover|truncate|clear|reset|revoke"
    "|convert|unregister|restart|start|stop|undo|adopt|chmod|unset|kill|put back|set"
)
_ADVICE: Final = re.compile(
    rf"(?:^|[.:;,] |\b(?:and|or|then|to|you|rather than|nothing) )(?:{_VERBS})\b"
    r"|\b(?:ALTER|VACUUM|DELETE|UPDATE|INSERT|DROP|REINDEX|TRUNCATE|RELOAD)\b|\.recover\b|that writes here"
    r"|\b(?:keeps using these rows|begins empty|begins without|index is converted|make them symbolic)\b|(?-i:^Keep )|--(?:undo|recover|adopt|server-only)\b",
    re.IGNORECASE,
)

_STATEMENT: Final = re.compile(
    r"\s*(?:SELECT|WITH \w+ AS|CREATE TABLE|INSERT (?:OR IGNORE )?INTO|DELETE FROM|UPDATE (?:…|changed) (?:AS t )?SET|DROP TABLE IF EXISTS)\b"
)
"""What this program says to a database, which is nothing that somebody reads: an advised change begins with a sentence."""


def advice() -> Iterator[tuple[str, str]]:
    """Yield (place, sentence) for each text of the package that advises something of the kind; `…` stands for what is filled in."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).parts[0] == "demo":
            continue
        for line, text in _texts(ast.parse(path.read_text())):
            if len(text.split()) > 2 and _ADVICE.search(text) and not _STATEMENT.match(text):
                yield f"{path.relative_to(PACKAGE)}:{line}", text


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each text of a module that is neither a docstring nor a part of another text."""
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            left_out.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values),
            )
