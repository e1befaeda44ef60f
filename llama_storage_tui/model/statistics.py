"""How stored responses ended, over time: counts by status, tokens and durations, for each hour, model and owner."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.notices import Notice

UNKNOWN = "unknown"
"""The status of a response that has none, or one that no server writes."""
UNREADABLE = "unreadable"
"""The status of a row that is no response: broken JSON, or JSON of another kind."""


class StatisticsBy(StrEnum):
    """What responses are counted for."""

    HOUR = "hour"
    MODEL = "model"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class StatisticsGroup:
    """Some responses: how many, with which statuses, tokens in all, and how long those took that say when they were completed.

    `name` is the model or the owner (None: NULL), `start` the hour's begin in epoch seconds (None: no time is stored). `p50` and
    `p95` are seconds, None where no response has a duration; `newest` is the last `created_at` of each status.
    """

    name: str | None = None
    start: float | None = None
    responses: int = 0
    statuses: Mapping[str, int] | None = None
    tokens: int = 0
    durations: int = 0
    p50: float | None = None
    p95: float | None = None
    newest: Mapping[str, float] | None = None

    def count(self, *statuses: str) -> int:
        """Return how many responses have one of these statuses."""
        return sum((self.statuses or {}).get(each, 0) for each in statuses)

    def last(self, status: str) -> float | None:
        """Return when the last response of a status was made."""
        return (self.newest or {}).get(status)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was looked at so far, over every table of responses: `rows`, of about `estimated_rows`; `is_exact` where those are all.

    `done` of `total` positions say how far a look at everything is. `notices` tell what was not looked at.
    """

    rows: int
    estimated_rows: int
    is_exact: bool
    done: int
    total: int
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class ResponseStatistics(Sample):
    """What was counted so far.

    `hours` come in their order, `models` and `owners` the most used first. `stuck` are queued or in progress for long.
    """

    whole: StatisticsGroup
    hours: tuple[StatisticsGroup, ...]
    models: tuple[StatisticsGroup, ...]
    owners: tuple[StatisticsGroup, ...]
    stuck: int

    def groups(self, by: StatisticsBy) -> tuple[StatisticsGroup, ...]:
        """Return the groups of one kind."""
        return {
            StatisticsBy.HOUR: self.hours,
            StatisticsBy.MODEL: self.models,
            StatisticsBy.OWNER: self.owners,
        }[by]

    def since(self, time: float) -> tuple[StatisticsGroup, ...]:
        """Return the hours that began at a time or later."""
        return tuple(each for each in self.hours if each.start is not None and each.start >= time)

    def reaches(self, time: float) -> bool:
        """Tell whether everything that was made since a time is among the rows that were looked at, as far as their order tells."""
        return self.is_exact or any(each.start is not None and each.start < time for each in self.hours)
