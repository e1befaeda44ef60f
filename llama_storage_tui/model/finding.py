"""What is wrong with a config, and what a server would say to it."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Protocol

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Dated
from llama_storage_tui.next_steps import Advice, Help, Step


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


class HasPlace(Protocol):
    """What stands at a path of the config, in a line of the file."""

    @property
    def path(self) -> str: ...  # noqa: D102 - as in the catalog
    @property
    def line(self) -> int | None: ...  # noqa: D102 - as in the catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Dated):
    """One kind of finding, as an operator looks it up: what it is about, how much it matters, what to do.

    `severity` and `stage` are those of most findings; `also` names the others, which depend on the config or the version. What no
    server reports, which most rules are about, names no stage.
    """

    id: str
    """A stable kebab-case name, the `rule` of its findings."""
    severity: Severity
    stage: Stage = Stage.NEVER
    title: str
    """One sentence without a full stop."""
    advice: str
    """What to do about it: whole sentences. A finding that knows more says it in its own help."""
    step: Step | None = None
    """What this program can do about it, beside the advice."""
    also: tuple[tuple[Severity, Stage], ...] = ()

    @property
    def help(self) -> Help:
        """What to do about it, with the step."""
        return self.advice if self.step is None else Advice(self.advice, self.step)

    def found(
        self,
        where: str,
        message: str,
        *,
        help: Help | None = None,  # noqa: A002 - the word of the interface
        line: int | None = None,
        severity: Severity | None = None,
        stage: Stage | None = None,
    ) -> Finding:
        """Return a finding; the rule's advice stands in for a help of its own."""
        return Finding(
            self.id, severity or self.severity, stage or self.stage, where, message, help or self.help, line
        )

    def found_on(
        self,
        subject: HasPlace,
        message: str,
        help: Help | None = None,  # noqa: A002 - the word of the interface
        *,
        severity: Severity | None = None,
        stage: Stage | None = None,
    ) -> Finding:
        """Return a finding on a backend or a reference as a whole."""
        return self.found(subject.path, message, help=help, line=subject.line, severity=severity, stage=stage)


stops_load = partial(Rule, severity=Severity.ERROR, stage=Stage.LOAD)
stops_start = partial(Rule, severity=Severity.ERROR, stage=Stage.START)
warns = partial(Rule, severity=Severity.WARNING)
informs = partial(Rule, severity=Severity.INFO)
"""Make the usual rules: of what no server loads, or starts with; and of what none reports, that matters or is worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about the config: `rule` is a stable kebab-case name, `where` a path in it, `line` its line from 1."""

    rule: str
    severity: Severity
    stage: Stage
    where: str
    message: str
    help: Help | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a server would do: load the file or not; start or not for a static reason (None where it does not load)."""

    loads: bool
    starts: bool | None
