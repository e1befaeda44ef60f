"""The list of backends: each with the state of its test, and how much refers to it and is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.model.catalog import Backend, Catalog, Reference
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.services.probe import ProbeResult
from llama_storage_tui.text import age, plural
from llama_storage_tui.tui.style.glyphs import ProbeState, Shown, Tone, severity_glyph, state_mark
from llama_storage_tui.tui.style.wording import latency, size
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

if TYPE_CHECKING:
    # Names of annotations only: the first screen reads nothing yet.
    from llama_storage_tui.services.overview.holdings import BackendHoldings

COLUMNS: Final = (
    ListColumn("Status", width=10),
    ListColumn("Backend", most=28, least=10, cuts_middle=True),
    ListColumn("Type", most=14, is_wide_only=True),
    ListColumn("Location", grows=True, least=8, cuts_middle=True, is_wide_only=True),
    ListColumn("Answer", most=20, least=10, cuts_middle=True),
    ListColumn("Size", most=8, is_number=True),
    ListColumn("Newest", most=10, is_number=True),
    ListColumn("Refs", width=4, is_number=True),
    ListColumn("Findings", most=12),
)
_AHEAD: Final = 300.0
"""Seconds that a clock may be ahead of this machine's."""


@dataclass(frozen=True, slots=True)
class BackendRow:
    """One backend as the screen knows it; `backend` is None where something refers to a name that no entry has."""

    name: str
    backend: Backend | None
    references: tuple[Reference, ...]
    findings: tuple[Finding, ...]
    state: ProbeState = ProbeState.UNTESTED
    result: ProbeResult | None = None
    holdings: BackendHoldings | None = None
    """What lies in it, once that was looked at."""


class BackendList(Listing):
    """The backends of a catalog, one row each."""

    def show_backends(self, rows: Sequence[BackendRow], now: float) -> None:
        """Replace the rows; `now` is what ages are counted from."""
        self.show(COLUMNS, [_cells(row, now) for row in rows], [row.name for row in rows])


def _cells(row: BackendRow, now: float) -> tuple[Shown, ...]:
    backend = row.backend
    return (
        state_mark(row.state) if backend is not None else Shown("✗ missing", Tone.BAD),
        Shown(row.name or "(none named)"),
        Shown(backend.type if backend is not None else "–", Tone.MUTED),
        Shown(backend.location if backend is not None else "not defined in storage.backends", Tone.MUTED),
        _answer(row),
        _size(row),
        age_shown(None if row.holdings is None else row.holdings.newest, now),
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


def _size(row: BackendRow) -> Shown:
    if row.result is None:
        return Shown("–", Tone.MUTED)
    # Imported here: what it brings is there by the time that a test has answered.
    from llama_storage_tui.services.overview.holdings import size_of

    found = size_of(row.result)
    return Shown(size(found), Tone.MUTED if found is None else Tone.PLAIN)


def age_shown(time: float | None, now: float) -> Shown:
    """Return how long ago a time was; a dash where there is none."""
    if time is None:
        return Shown("–", Tone.MUTED)
    return Shown("in future" if time > now + _AHEAD else age(max(0.0, now - time)))


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
    return replace(row, state=before.state, result=before.result, holdings=before.holdings)
