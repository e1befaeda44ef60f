"""What each list was filtered by when it was left: kept for as long as the app runs, and never written anywhere."""

from __future__ import annotations

from typing import TypeVar

Question = TypeVar("Question")


class Remembered:
    """Questions by the list that they were asked of: a config, and names that tell its lists apart."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, ...], object] = {}

    def keep(self, list_: tuple[str, ...], question: object) -> None:
        """Keep what a list was asked, in place of what it was asked before."""
        self._asked[list_] = question

    def recall(self, list_: tuple[str, ...], otherwise: Question) -> Question:
        """Return what a list was asked, `otherwise` where that is nothing, or nothing of that kind."""
        found = self._asked.get(list_)
        return found if isinstance(found, type(otherwise)) else otherwise
