"""Changes that were left half done: what this user's journals and the markers beside the files say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llama_storage_tui.config.locate import config_path
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.files.journal import Journal, Journals
from llama_storage_tui.files.markers import Marker, read_marker
from llama_storage_tui.model.pending import DamagedJournal, OtherChange, OwnChange, PendingNotice
from llama_storage_tui.next_steps import Advice
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.roll_forward import next_step


@dataclass(frozen=True, slots=True)
class Pending:
    """Journals of this user that concern a config, markers of other users' changes, and journals that were set aside."""

    journals: tuple[Journal, ...] = ()
    markers: tuple[Marker, ...] = ()
    damaged: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.journals or self.markers)

    @property
    def next_step(self) -> Advice | None:
        """What finishes the first of this user's changes."""
        return next_step(self.journals[0]) if self.journals else None

    def notices(self) -> Iterator[PendingNotice]:
        """Yield what is to be said of each, this user's own changes first."""
        for journal in self.journals:
            yield OwnChange(
                journal.id, journal.role, journal.config, journal.created, is_open=journal.state == "waiting"
            )
        yield from self.notices_of_others()

    def notices_of_others(self) -> Iterator[OtherChange | DamagedJournal]:
        """Yield what is to be said of changes of other users, and of journals that were set aside."""
        for marker in self.markers:
            yield OtherChange(marker.path, marker.file, marker.owner, marker.journal)
        for path in self.damaged if self else ():
            yield DamagedJournal(path)


def look(request: LoadRequest) -> Pending:
    """Return what is pending for a config and its env files; raises RefusedError for a state folder that cannot be trusted."""
    journals = Journals(request.environ)
    paths = _real_paths(request)
    found = tuple(journal for journal in journals.pending() if _concerns(journal, paths))
    own = {journal.id for journal in found}
    markers = tuple(
        marker for path in paths if (marker := read_marker(path)) is not None and marker.journal not in own
    )
    return Pending(found, markers, journals.damaged())


def notices(request: LoadRequest) -> tuple[PendingNotice, ...]:
    """Return what every command on a config has to say first; never fails."""
    try:
        return tuple(look(request).notices())
    except (StorageToolError, OSError):
        return ()


def _real_paths(request: LoadRequest) -> tuple[Path, ...]:
    named = [Path(name) for name in request.env_files]
    config = config_path(request.config, request.environ)
    if config is not None:
        named.insert(0, config)
    return tuple(path.resolve() for path in named)


def _concerns(journal: Journal, paths: tuple[Path, ...]) -> bool:
    also = journal.request["also"]
    configs = (journal.request["config"], *(also if isinstance(also, list) else ()))
    known = set(journal.paths) | {Path(str(name)).resolve() for name in configs}
    return not known.isdisjoint(paths)
