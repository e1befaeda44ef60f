"""Findings: what a server of the chosen version would say to the file, and what it would accept and get wrong.

A check is a function from a View to findings; each finding is of a rule that stands beside it. Rules of the load stage repeat a
server's own verdict and are held against the packages by recorded cases; rules of the start stage name static reasons only, since
nothing is contacted; rules of the stage `never` are what no server reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from types import ModuleType
from typing import Final

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.rules import (
    apis,
    deployment,
    external,
    fields,
    hosting,
    hosts,
    legacy,
    load,
    paths,
    plaintext,
    postgres,
    providers,
    resources,
    serving,
    sharing,
    silent,
    start,
)
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend, Reference
from llama_storage_tui.model.finding import Finding, Rule, Severity, Stage, Verdict
from llama_storage_tui.model.version import Version

_MODULES: Final = (
    load,
    start,
    providers,
    apis,
    external,
    resources,
    serving,
    postgres,
    sharing,
    silent,
    fields,
    paths,
    hosting,
    hosts,
    plaintext,
    legacy,
    deployment,
)

CHECKS: Final[tuple[Callable[[View], Iterator[Finding]], ...]] = tuple(
    check for module in _MODULES for check in module.CHECKS
)


def rules_of(*modules: ModuleType) -> tuple[Rule, ...]:
    """Return the rules that modules define, in their order."""
    return tuple(
        dict.fromkeys(each for module in modules for each in vars(module).values() if isinstance(each, Rule))
    )


RULES: Final = rules_of(*_MODULES)
"""What the checks above speak of, as operators look it up."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings, worst first and then in the order of the file, with the verdict that follows from them."""

    findings: tuple[Finding, ...]
    verdict: Verdict


def found_by(checks: Iterable[Callable[[View], Iterator[Finding]]], view: View) -> Iterator[Finding]:
    """Yield what checks find of rules that are true for the version: `since` and `until` of a rule hold for its findings, too."""
    others = _of_other_versions(view.version)
    return (finding for check in checks for finding in check(view) if finding.rule not in others)


@cache
def _of_other_versions(version: Version) -> frozenset[str]:
    return frozenset(rule.id for rule in RULES if not rule.holds_for(version))


def judge(
    context: Context,
    backends: tuple[Backend, ...],
    references: tuple[Reference, ...],
    *,
    is_legacy: bool = False,
) -> Judgement:
    """Run every check."""
    view = View(context, backends, references, is_legacy=is_legacy)
    findings = dict.fromkeys(found_by(CHECKS, view))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    loads = not any(finding.stage is Stage.LOAD for finding in errors)
    starts = None if not loads else not any(finding.stage is Stage.START for finding in errors)
    ordered = sorted(findings, key=lambda finding: (finding.severity.rank, finding.line or 0, finding.where))
    return Judgement(tuple(ordered), Verdict(loads, starts))
