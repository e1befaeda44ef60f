"""The responses as one user would get them, and who may read a single one."""

from __future__ import annotations

from collections import Counter

from llama_storage_tui.model.access import Decision, Ownership, Viewer
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.responses import ResponseSummary
from llama_storage_tui.model.transcript import StoredResponse
from llama_storage_tui.services.access import TableAccess, WhoReport, engine_of
from llama_storage_tui.services.responses.categories import without_store
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import cell_text
from llama_storage_tui.upstream.policy.judge import Judge


class ViewAs:
    """Tells which responses a server of the config's version would give to one user, and counts what it did not.

    Raises ConfigError where the config's rules cannot be known. Called in one thread, for any number of listings.
    """

    def __init__(self, catalog: Catalog, viewer: Viewer) -> None:
        self.viewer = viewer
        self._catalog = catalog
        self._judges: dict[TablePlace, Judge] = {}
        self._failing: Counter[str] = Counter()
        self._uncertain: Counter[str] = Counter()
        self._needs_store = without_store(catalog.version.chosen) is not None
        self._without_store = 0

    def __call__(self, summary: ResponseSummary) -> Decision:
        """Tell whether the user gets a response, and why not."""
        ownership = Ownership(
            summary.owner,
            summary.access_attributes,
            summary.tenant,
            has_tenant_column=summary.has_tenant_column,
        )
        decision = self._judge(summary.place).decide(cell_text(summary.id), ownership)
        if decision.fails:
            self._failing[decision.because] += 1
        if decision.depends_on is not None:
            self._uncertain[decision.depends_on] += 1
        if decision.hiding is None and self._needs_store and not summary.has_store:
            self._without_store += 1
        return decision

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the listing would not show by itself: rows that make a server's own fail, answers that depend on chance."""
        number, version = self._without_store, str(self._catalog.version.chosen)
        return (
            *_reasons(NoticeKind.LISTING_FAILS, self._failing),
            *([Notice(NoticeKind.LISTING_FAILS_WITHOUT_STORE, of=version, count=number)] if number else []),
            *_reasons(NoticeKind.LISTING_DEPENDS, self._uncertain),
        )

    def _judge(self, place: TablePlace) -> Judge:
        if place not in self._judges:
            self._judges[place] = _access(self._catalog, place).judge(self.viewer)
        return self._judges[place]


def who_may_read(session: Session, response: StoredResponse, viewer: Viewer | None = None) -> WhoReport:
    """Report who may read a response, and whether the viewer may; raises ConfigError where the rules cannot be known."""
    catalog, row = session.catalog, response.row
    ownership = Ownership(
        owner=cell_text(row.get("owner_principal")),
        attributes=cell_text(row.get("access_attributes")),
        tenant=cell_text(row.get("tenant_id")),
        has_tenant_column="tenant_id" in row,
    )
    return _access(catalog, response.place).who(cell_text(row.get("id")), ownership, viewer)


def _access(catalog: Catalog, place: TablePlace) -> TableAccess:
    backend = catalog.backend(place.backend)
    engine = engine_of(None if backend is None else backend.target)
    return TableAccess(catalog.access, catalog.version.chosen, engine, place.table)


def _reasons(kind: NoticeKind, reasons: Counter[str]) -> list[Notice]:
    return [Notice(kind, why=why.removesuffix("."), count=count) for why, count in reasons.items()]
