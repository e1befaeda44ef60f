"""A module is read in one sitting. How long and how branched a function may be, ruff holds (pyproject.toml)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[2] / "llama_storage_tui"
LINES: Final = 400


def test_no_module_is_longer_than_can_be_read_in_one_sitting() -> None:
    lengths = {
        str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")
    }
    assert len(lengths) > 400
    too_long = {name: length for name, length in lengths.items() if length > LINES}
    assert not too_long
