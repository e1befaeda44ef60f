"""What of the stored responses deserves a look: categories, and how many responses are in each."""

from __future__ import annotations

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.records import Condition
from llama_storage_tui.text import plural


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on a response is stuck (seconds since it was made), large (bytes), of the future (seconds ahead of now)."""

    stuck_after: float = 900.0
    large: int = 1_000_000
    ahead: float = 300.0


@dataclass(frozen=True, slots=True)
class Category:
    """One reason to look: a stable name, a title for a row, why it deserves a look, what to do next, and how it is found.

    `conditions` must all hold; `ResponseQuery.conditions` takes them, which opens the category as a list. `column` is one that a
    table needs for it.
    """

    name: str
    title: str
    why: str
    next_step: str
    conditions: tuple[Condition, ...]
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One response of a category."""

    place: TablePlace
    id: Cell


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How many responses are in a category, of `rows` that were looked at; `is_exact` where those are all.

    `examples` are the last stored ones.
    """

    category: Category
    count: int
    rows: int
    is_exact: bool
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Attention:
    """What was found so far, over every table of responses.

    `rows` were looked at, of about `estimated_rows`; `is_exact` where those are all that could be read; `done` of `total`
    positions say how far a count of everything is. `notices` tell what was not looked at.
    """

    categories: tuple[CategoryCount, ...]
    rows: int
    estimated_rows: int
    is_exact: bool
    done: int
    total: int
    notices: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        """What the counts are of, in words."""
        if self.is_exact:
            return f"in all {plural(self.rows, 'response')}"
        return f"in the last {plural(self.rows, 'response')} stored"
