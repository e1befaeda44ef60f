"""The JSON of `check` on one config, without pydantic: to import it and to build its models is a fifth of what `check` takes.

`CheckDocument`, which `schema check` prints, takes its values from here, so that a key is filled in one place; it holds them to the
keys and types of the schema.
"""

from __future__ import annotations

from typing import Any, Final

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Finding, Verdict
from llama_storage_tui.model.version import VersionGuess

_STARTS: Final = {True: "ok", False: "fail", None: None}


def check_json(catalog: Catalog) -> dict[str, Any]:
    """Return the document of a config that was checked, with its findings and those of its data."""
    return {
        "config": catalog.config,
        "version": version_json(catalog.version),
        "verdict": verdict_json(catalog.verdict),
        "findings": [finding_json(finding) for finding in catalog.findings],
    }


def version_json(version: VersionGuess) -> dict[str, Any]:
    """Return the server version that was guessed or chosen, with the range that is possible and the reasons."""
    return {
        "guess": str(version.guess),
        "range": [str(version.low), None if version.below is None else str(version.below)],
        "because": [*version.because],
        "for": str(version.chosen),
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return what a server of that version does with the file; `start` is null where that cannot be told."""
    return {"load": "accept" if verdict.loads else "reject", "start": _STARTS[verdict.starts]}


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return one finding, with what to do in the words of commands."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "stage": finding.stage.value,
        "where": finding.where,
        "line": finding.line,
        "message": finding.message,
        "help": None if finding.help is None else help_words(finding.help),
    }
