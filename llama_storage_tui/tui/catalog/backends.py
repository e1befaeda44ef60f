"""The list of backends: each with the state of its test, and how much refers to it and is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend, Catalog, Reference
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.services.probe import ProbeResult
from llama_storage_tui.text import plural
from llama_storage_tui.tui.style.glyphs import ProbeState, Shown, Tone, severity_glyph, state_mark
from llama_storage_tui.tui.style.wording import latency
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

COLUMNS: Final = (
    ListColumn("Status", width=10),
    ListColumn("Backend", most=28, least=10),
    ListColumn("Type", most=14, is_wide_only=True),
    ListColumn("Location", grows=True, least=8, cuts_middle=True),
    ListColumn("Answer", most=20),
    ListColumn("Refs", width=4, is_number=True),
    ListColumn("Findings", most=12),
)


@dataclass(frozen=True, slots=True)
class BackendRow:
    """One backend as the screen knows it; `backend` is None where something refers to a name that no entry has."""

    name: str
    backend: Backend | None
    references: tuple[Reference, ...]
    findings: tuple[Finding, ...]
    state: ProbeState = ProbeState.UNTESTED
    result: ProbeResult | None = None


class BackendList(Listing):
    """The backends of a catalog, one row each."""

    def show_backends(self, rows: Sequence[BackendRow]) -> None:
        """Replace the rows."""
        self.show(COLUMNS, [_cells(row) for row in rows], [row.name for row in rows])


def _cells(row: BackendRow) -> tuple[Shown, ...]:
    backend = row.backend
    return (
        state_mark(row.state) if backend is not None else Shown("✗ missing", Tone.BAD),
        Shown(row.name or "(none named)"),
        Shown(backend.type if backend is not None else "–", Tone.MUTED),
        Shown(backend.location if backend is not None else "not defined in storage.backends", Tone.MUTED),
        _answer(row),
        Shown(str(len(row.references)) if row.references else "–"),
        worst(row.findings),
    )


def _answer(row: BackendRow) -> Shown:
    if row.result is None:
        return Shown("–", Tone.MUTED)
    if row.result.probe is not None:
        return Shown(latency(row.result.probe.latency_ms))
    failure = row.result.error.failure.value if row.result.error is not None else "failed"
    return Shown(failure, Tone.BAD)


def worst(findings: Sequence[Finding]) -> Shown:
    """Return the number of the worst findings with their severity's word; a dash where there is none."""
    if not findings:
        return Shown("–", Tone.MUTED)
    severity = min((finding.severity for finding in findings), key=lambda found: found.rank)
    glyph = severity_glyph(severity)
    number = sum(finding.severity is severity for finding in findings)
    word = {"error": "error", "warning": "warn", "info": "info"}[severity.value]
    return Shown(
        f"{glyph.text} {plural(number, word) if word == 'error' else f'{number} {word}'}", glyph.tone
    )


def backend_rows(catalog: Catalog) -> tuple[BackendRow, ...]:
    """Return a row for each backend, and one for each name that is referred to and has no entry."""
    references: dict[str, list[Reference]] = {backend.name: [] for backend in catalog.backends}
    for reference in catalog.references:
        references.setdefault(reference.backend or "", []).append(reference)
    findings = catalog.findings_by_backend()
    entries = {backend.name: backend for backend in catalog.backends}
    return tuple(
        BackendRow(name, entries.get(name), tuple(found), findings.get(name, ()))
        for name, found in references.items()
    )


def with_answer(row: BackendRow, before: BackendRow | None) -> BackendRow:
    """Return a row with what a test of the same place answered."""
    if (
        before is None
        or before.backend is None
        or row.backend is None
        or before.backend.target != row.backend.target
    ):
        return row
    return replace(row, state=before.state, result=before.result)
