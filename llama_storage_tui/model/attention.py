"""What of the stored responses deserves a look: categories, and how many responses are in each."""

from __future__ import annotations

from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.records import Condition
from llama_storage_tui.model.statistics import Sample
from llama_storage_tui.model.version import Version


class CategoryName(StrEnum):
    """The reasons to look at a response, by their stable names."""

    FAILED = "failed"
    INCOMPLETE = "incomplete"
    STUCK = "stuck"
    """Queued or in progress for longer than the thresholds say."""
    UNPARSABLE = "unparsable"
    """Its document is invalid JSON."""
    NO_OBJECT = "no-object"
    """Its document is NULL, or JSON that is not an object."""
    NO_STORE = "no-store"
    """It has no field `store`, which the version requires."""
    NO_OWNER = "no-owner"
    NO_TENANT = "no-tenant"
    EMPTY_OUTPUT = "empty-output"
    """Completed, with no output item."""
    VERY_LARGE = "very-large"
    NO_TIME = "no-time"
    """Its `created_at` is missing or not a number."""
    FUTURE_TIME = "future-time"
    UNKNOWN_STATUS = "unknown-status"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on a response is stuck (seconds since it was made), large (bytes), of the future (seconds ahead of now)."""

    stuck_after: float = 900.0
    large: int = 1_000_000
    ahead: float = 300.0


@dataclass(frozen=True, slots=True)
class Category:
    """One reason to look, and how it is found.

    `conditions` must all hold; `Query.conditions` takes them, which opens the category as a list. `column` is one that a table
    needs for it.
    """

    name: CategoryName
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
class Attention(Sample):
    """What was found so far; `version` and `thresholds` are those that the categories were made for."""

    version: Version
    thresholds: Thresholds
    categories: tuple[CategoryCount, ...]
