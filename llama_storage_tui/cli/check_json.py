"""The JSON of `check` on one config, without pydantic: to import it and to build its models takes as long as all else `check` does.

`CheckDocument` says the same and is what `schema check` prints; a test holds the two together.
"""

from __future__ import annotations

from typing import Any, Final

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Finding

_STARTS: Final = {True: "ok", False: "fail", None: None}


def check_json(catalog: Catalog) -> dict[str, Any]:
    """Return the document of a config that was checked."""
    version, verdict = catalog.version, catalog.verdict
    return {
        "config": catalog.config,
        "version": {
            "guess": str(version.guess),
            "range": [str(version.low), None if version.below is None else str(version.below)],
            "because": [*version.because],
            "for": str(version.chosen),
        },
        "verdict": {
            "load": "accept" if verdict.loads else "reject",
            "start": _STARTS[verdict.starts],
        },
        "findings": [_finding(finding) for finding in catalog.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "stage": finding.stage.value,
        "where": finding.where,
        "line": finding.line,
        "message": finding.message,
        "help": None if finding.help is None else help_words(finding.help),
    }
