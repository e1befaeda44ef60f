"""The JSON of `check` on one config and of `show`, without pydantic: to import it and to build models is a third of what they take.

`CheckDocument` and `ShowDocument`, which `schema` prints, take their values from here, so that a key is filled in one place; they
hold them to the keys and types of the schema.
"""

from __future__ import annotations

from typing import Any, Final

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.model.catalog import Backend, Catalog, Credential, Physical, Reference, Setting
from llama_storage_tui.model.finding import Finding, Verdict
from llama_storage_tui.model.version import VersionGuess
from llama_storage_tui.secrets import MASK, Secret
from llama_storage_tui.services.values import to_json

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


def show_json(catalog: Catalog) -> dict[str, Any]:
    """Return the document of what a config holds."""
    return {
        "config": catalog.config,
        "distribution": catalog.distribution,
        "version": version_json(catalog.version),
        "backends": [_backend_json(backend, catalog) for backend in catalog.backends],
        "references": [reference_json(reference) for reference in catalog.references],
    }


def _backend_json(backend: Backend, catalog: Catalog) -> dict[str, Any]:
    return {
        "name": backend.name,
        "type": backend.type,
        "family": backend.family.value,
        "location": backend.location,
        "settings": {setting.name: _setting_json(setting) for setting in backend.settings},
        "credential": _credential_json(backend.credential),
        "references": [reference.path for reference in catalog.references_to(backend.name)],
    }


def _setting_json(setting: Setting) -> object:
    if not setting.is_resolved:
        return setting.expression
    return MASK if isinstance(setting.value, Secret) else to_json(setting.value)


def _credential_json(credential: Credential) -> dict[str, Any]:
    source = credential.source
    return {
        "user": credential.user,
        "field": credential.field,
        "source": {
            "kind": source.kind.value,
            "variable": source.variable,
            "file": source.file,
            "line": source.line,
        },
    }


def reference_json(reference: Reference) -> dict[str, Any]:
    """Return one place that refers to a backend, with where its rows are."""
    return {
        "path": reference.path,
        "kind": reference.kind.value,
        "name": reference.name,
        "enabled": reference.is_enabled,
        "defaulted": reference.is_defaulted,
        "family": reference.family.value,
        "backend": reference.backend,
        "namespace": reference.namespace,
        "table": reference.table,
        "physical": None if reference.physical is None else physical_json(reference.physical),
    }


def physical_json(physical: Physical) -> dict[str, Any]:
    """Return where rows really are."""
    return {
        "container": physical.container,
        "tables": [*physical.tables],
        "prefixes": [*physical.prefixes],
    }
