"""Changes that were left half done: what this user's journals and the markers beside the files say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from llama_storage_tui.config.locate import config_path
from llama_storage_tui.errors import PendingError, StorageToolError
from llama_storage_tui.files.journal import Journal, Journals
from llama_storage_tui.files.markers import Marker, read_marker
from llama_storage_tui.services.catalog import home_of
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.roll_forward import next_command


@dataclass(frozen=True, slots=True)
class Pending:
    """Journals of this user that concern a config, markers of other users' changes, and journals that were set aside."""

    journals: tuple[Journal, ...] = ()
    markers: tuple[Marker, ...] = ()
    damaged: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.journals or self.markers)

    @property
    def command(self) -> str | None:
        """The command that finishes the first of this user's changes."""
        return next_command(self.journals[0]) if self.journals else None

    def sentences(self) -> Iterator[str]:
        """Yield a sentence for each."""
        for journal in self.journals:
            is_open = journal.state == "waiting"
            begun = f"{'waits for you' if is_open else 'is pending'} since {journal.created} (journal {journal.id})"
            then = "write the new password where it could not, then confirm it" if is_open else "finish it"
            yield f"A password change of {journal.role} {begun}; {then} with: {next_command(journal)}"
        yield from self.sentences_of_others()

    def sentences_of_others(self) -> Iterator[str]:
        """Yield a sentence for each change of another user, and for each journal that was set aside."""
        for marker in self.markers:
            yield (
                f"A password change of {marker.path} is pending (journal {marker.file} of {marker.owner}); that user"
                " finishes it with: llama-storage-tui rotate RUN_CONFIG --recover"
            )
        for path in self.damaged if self else ():
            yield (
                f"The journal {path} is damaged. Keep it, and what stands beside the files with .llama-storage-tui in its name: the"
                " new password may stand nowhere else. If it is of this change, find out which password logs in and put it into"
                " every file; move those away once all of that is done"
            )

    def error(self) -> PendingError:
        """Return the error for a command that cannot go on."""
        journal = self.journals[0].id if self.journals else self.markers[0].journal
        return PendingError(next(self.sentences()), where=journal)


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


def notices(request: LoadRequest) -> tuple[str, ...]:
    """Return what every command on a config has to say first; never fails."""
    try:
        return tuple(look(request).sentences())
    except (StorageToolError, OSError):
        return ()


def _real_paths(request: LoadRequest) -> tuple[Path, ...]:
    named = [Path(name) for name in request.env_files]
    config = config_path(request.config, environ=request.environ, home=home_of(request.environ))
    if config is not None:
        named.insert(0, config)
    return tuple(path.resolve() for path in named)


def _concerns(journal: Journal, paths: tuple[Path, ...]) -> bool:
    also = journal.request["also"]
    configs = (journal.request["config"], *(also if isinstance(also, list) else ()))
    known = set(journal.paths) | {Path(str(name)).resolve() for name in configs}
    return not known.isdisjoint(paths)
