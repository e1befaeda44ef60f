"""What is wrong with a config, and what a server would say to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters.

    Error: the server would not load or start. Warning: it accepts, and rows are lost, shared or hidden. Info: worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Stage(StrEnum):
    """When a server of the chosen version would notice."""

    LOAD = "load"
    START = "start"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about the config: `rule` is a stable kebab-case name, `where` a path in it, `line` its line from 1."""

    rule: str
    severity: Severity
    stage: Stage
    where: str
    message: str
    help: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a server would do: load the file or not; start or not for a static reason (None where it does not load)."""

    loads: bool
    starts: bool | None
