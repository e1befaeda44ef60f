"""The JSON of `migrate`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from llama_storage_tui.cli.documents import Document, Made
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.migration import ConfigMigration
from llama_storage_tui.services.config_writing import WrittenConfig
from llama_storage_tui.services.migration.config import unified


class ConfigChangeBody(Document):
    """One change: `line` is the old file's; `id` stays the same for the same config."""

    id: str
    path: str
    line: int | None
    kind: str
    reason: str


class NotCarriedBody(Document):
    """What the new release has no place for, or what has to be decided or repaired by hand."""

    path: str
    line: int | None
    reason: str


class ConfigPlanBody(Document):
    """What a config becomes; in `diff` every secret is masked."""

    config: str
    from_: Annotated[str, Made(lambda plan: str(plan.before))] = Field(alias="from")
    to: Annotated[str, Made(lambda plan: str(plan.after))]
    layout: Literal["keep", "merge"]
    layout_reason: str
    changes: list[ConfigChangeBody]
    not_carried: list[NotCarriedBody]
    loads: bool
    starts: bool | None
    """Whether a server of the new release starts with it, as far as the config decides that; null where it does not load."""
    diff: Annotated[str, Made(unified)]


@dataclass(frozen=True, slots=True)
class MigrateAnswer:
    """What `migrate` answers with."""

    plan: ConfigMigration
    written: WrittenConfig | None
    next: str | None


class MigrateDocument(Document):
    """The answer of `migrate`."""

    plan: ConfigPlanBody
    outcome: Annotated[
        Literal["none", "applied"], Made(lambda answer: "none" if answer.written is None else "applied")
    ]
    journal: Annotated[None, Made(lambda _: None)]
    """Always null: the file is replaced at once or not at all."""
    next: str | None
    written: Annotated[str | None, Made(lambda answer: answer.written and str(answer.written.path))]
    backup: Annotated[
        str | None,
        Made(lambda answer: str(answer.written.backup) if answer.written and answer.written.backup else None),
    ]
