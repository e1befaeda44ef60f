"""Findings, the version that a config is judged for, and what both front ends say of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from llama_storage_tui.model.finding import Finding, Rule, Stage

WHEN: Final = {Stage.LOAD: "at load", Stage.START: "at start", Stage.NEVER: "never"}
"""When a server reports what a finding is about."""


def place_of(finding: Finding) -> str:
    """Return where a finding is, with its line where it has one."""
    return finding.where + (f", line {finding.line}" if finding.line is not None else "")


def reported(finding: Finding) -> str:
    """Say when a server reports it."""
    return f"Reported by the server: {WHEN[finding.stage]}"


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings, the worst first, otherwise as they are."""
    return sorted(findings, key=lambda found: found.severity.rank)


def rule_sentences(rule: Rule, finding: Finding) -> tuple[str, ...]:
    """Return what a finding's rule says beyond the finding itself."""
    # Imported here: a finding is shown without the rules of everything else.
    from llama_storage_tui.services.rule_book import releases

    scope = "" if rule.since is None and rule.until is None else f" Releases: {releases(rule)}."
    first = f"Rule: {rule.title}.{scope}"
    return (first,) if finding.help == rule.help else (first, rule.advice)
