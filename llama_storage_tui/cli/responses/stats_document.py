"""The JSON of `responses RUN_CONFIG stats`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from llama_storage_tui.cli.documents import Document, From, Made, Notices
from llama_storage_tui.model.statistics import StatisticsGroup
from llama_storage_tui.services.values import iso


def group_name(group: StatisticsGroup) -> str | None:
    """Return what a group is called: the begin of its hour, or its model or owner."""
    return group.name if group.start is None else iso(datetime.fromtimestamp(group.start, UTC))


class StatsBody(Document):
    """Some responses: `statuses` counts them by status; `durations` is how many have one, `p50` and `p95` are seconds of those."""

    responses: int
    statuses: dict[str, int]
    tokens: int
    durations: int
    p50: float | None
    p95: float | None


class StatsGroupBody(StatsBody):
    """The responses of an hour (`name` is its begin; null: no time is stored), of a model or of an owner (null: NULL)."""

    name: Annotated[str | None, Made(group_name)]


class StatsDocument(Document):
    """The answer of `responses RUN_CONFIG stats`: `rows` were counted, from the last stored on; `exact` where those are all.

    `stuck` are queued or in progress for more than a quarter of an hour.
    """

    by: Literal["hour", "model", "owner"]
    groups: list[StatsGroupBody]
    whole: Annotated[StatsBody, From("seen.whole")]
    stuck: Annotated[int, From("seen.stuck")]
    rows: Annotated[int, From("seen.rows")]
    estimated_rows: Annotated[int, From("seen.estimated_rows")]
    exact: Annotated[bool, From("seen.is_exact")]
    notices: Annotated[Notices, From("seen.notices")]
