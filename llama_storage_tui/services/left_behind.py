"""What the chosen version does not reach, and what accumulates: the findings of the data, then the space of everything stored."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.finding import Finding, Stage
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.services.accumulation import StoredSpace, stored_spaces
from llama_storage_tui.services.inspection import inspect_data
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.upgrade_inspection import DATA_NOT_CHECKED


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """Findings of the data (those of `check` that read the stores), and each namespace and table, by backend."""

    findings: tuple[Finding, ...]
    spaces: tuple[StoredSpace, ...]
    notices: tuple[Notice, ...] = ()
    is_final: bool = False

    @property
    def is_all_read(self) -> bool:
        """Whether every store that is there was read; one that no server has made yet leaves nothing behind."""
        return all(notice.kind is NoticeKind.STORE_NOT_THERE for notice in self.notices)


async def left_behind(session: Session) -> AsyncGenerator[LeftBehind, None]:
    """Yield what is stored, which costs a page of each place, then again with the findings of the data.

    Nothing is raised for a backend that cannot be read, or whose store is not there: a notice says so.
    """
    spaces: list[StoredSpace] = []
    notices: list[Notice] = []
    for backend in session.catalog.backends:
        try:
            spaces += await stored_spaces(session, backend)
        except BackendError as error:
            if error.failure is FailureKind.MISSING_FILE:
                notices.append(Notice(NoticeKind.STORE_NOT_THERE, backend.name, backend.location))
            else:
                notices.append(Notice(NoticeKind.BACKEND_NOT_READ, backend.name, why=error.message))
    yield LeftBehind((), tuple(spaces), tuple(notices))
    found = tuple(
        finding
        for finding in await inspect_data(session)
        if finding.rule not in (DATA_NOT_CHECKED.id, "not-created") or finding.stage is not Stage.NEVER
    )
    yield LeftBehind(found, tuple(spaces), tuple(notices), is_final=True)
