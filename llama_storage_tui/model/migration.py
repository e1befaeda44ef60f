"""A run config on its way to a later release: what changes, what cannot be carried, and the new text."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version


class BackendLayout(StrEnum):
    """How the inline stores and backends of a config become those of the next."""

    KEEP = "keep"
    """One backend for each file or database that there was."""
    MERGE = "merge"
    """One key-value and one SQL backend."""


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One change of the file.

    `id` is the same whenever the same config is migrated, so that a change can be left out by it. `path` is where it is in the old
    file, or in the new one where it adds something; `line` is the line of the old file; `kind` a stable word; `reason` a sentence.
    """

    id: str
    path: str
    line: int | None
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotCarried:
    """Something of the old file that the new release has no place for, or that somebody has to decide."""

    path: str
    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ConfigMigration:
    """The plan of a config's migration; `text` holds what the file will hold, secrets included, and is never shown.

    `shown` and `shown_old` are the same with every secret masked, for a screen or a diff. They are the embedded document's where
    the file is a manifest; `content` is the whole new file.
    """

    config: str
    before: Version
    after: Version
    layout: BackendLayout
    layout_reason: str
    changes: tuple[ConfigChange, ...]
    not_carried: tuple[NotCarried, ...]
    text: str = field(repr=False)
    shown_old: str = field(repr=False)
    shown: str = field(repr=False)
    old_content: bytes = field(repr=False)
    content: bytes = field(repr=False)
    loads: bool = True
    starts: bool | None = None
    first_line: int | None = 1
    """The line of the file on which the shown texts begin; None where lines do not correspond."""

    @property
    def is_changed(self) -> bool:
        """Whether the new file differs from the old one."""
        return self.content != self.old_content
