"""The texts of the package, read once for all tests that ask for them, and only when one does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

PACKAGE: Final = Path(__file__).parents[2] / "llama_storage_tui"


class Text(NamedTuple):
    """A text of a module that is neither a docstring nor a part of another; `…` stands for what is filled in."""

    path: Path
    line: int
    text: str

    @property
    def room(self) -> str:
        """The first folder of the package, or the module in none."""
        return self.path.parts[0]

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.path}:{self.line}"


@cache
def texts() -> tuple[Text, ...]:
    """Return every text of the package."""
    return tuple(
        Text(path.relative_to(PACKAGE), line, text)
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in _texts([*ast.walk(ast.parse(path.read_text(encoding="utf-8")))])
    )


def _texts(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    left_out: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Expr):
            left_out.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
    for node in nodes:
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
            yield node.lineno, "".join(parts)
