"""Small values are declared with `llama_storage_tui.deferred.dataclass`: the standard library's own costs a start half a millisecond each."""

from __future__ import annotations

import ast
from pathlib import Path

import llama_storage_tui

PACKAGE = Path(llama_storage_tui.__file__).parent


def test_no_module_takes_dataclass_from_the_standard_library() -> None:
    taken = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "deferred.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (
            (isinstance(node, ast.ImportFrom) and node.module == "dataclasses")
            and any(name.name == "dataclass" for name in node.names)
        )
        or (isinstance(node, ast.Import) and any(name.name == "dataclasses" for name in node.names))
    ]
    assert taken == []
