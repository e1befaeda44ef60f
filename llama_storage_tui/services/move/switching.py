"""The last step of a move: the one edit of the config, and its undoing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from glob import escape
from pathlib import Path

from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.replacing import digest
from llama_storage_tui.files.transfer_journal import TransferJournal
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.services.config_writing import config_file, discard_leftovers, replace_config
from llama_storage_tui.services.move.entry import MovingConfig, read_config
from llama_storage_tui.services.requests import LoadRequest

NEW = "{what} appeared after the move began, and was not copied"


def backup_of(load: LoadRequest, journal: TransferJournal) -> Path | None:
    """Return the file that keeps the config as it was before a move; None where there is none."""
    path = config_file(load)
    kept = sorted(path.parent.glob(f"{escape(path.name)}.{_kept_as(journal)}*"))
    return next((each for each in kept if digest(each.read_bytes()) == journal.request["before"]), None)


def _kept_as(journal: TransferJournal) -> str:
    return f"before-move-{journal.id}"


class ConfigSwitch:
    """Satisfies `apply.Ending`: the one edit of the config."""

    def __init__(
        self,
        load: LoadRequest,
        config: MovingConfig,
        items: tuple[TransferItem, ...],
        plan_again: Callable[[], Awaitable[tuple[TransferItem, ...]]],
    ) -> None:
        self._load, self._config = load, config
        self._items, self._plan_again = items, plan_again

    def is_done(self, journal: TransferJournal) -> bool:
        """Tell whether the file is, or was, the edited one: then its former content is kept beside it."""
        del journal
        return read_config(self._load) == self._config.after

    async def finish(self, journal: TransferJournal) -> None:
        """Write the edited config, unless it is there already; raises RefusedError where there is more to bring."""
        self.tidy(journal)
        if not self.is_done(journal):
            # A server makes tables when it first needs them: one that came up meanwhile was in no pass.
            brought = {_meant(each) for each in self._items}
            for item in await self._plan_again():
                if _meant(item) not in brought:
                    raise RefusedError(NEW.format(what=item.what), where=item.source.location)
            replace_config(
                self._load,
                self._config.before,
                self._config.after,
                kept_as=_kept_as(journal),
                writer=journal.id,
            )

    async def revert(self, journal: TransferJournal) -> None:
        """Put the former config back, unless it is there already."""
        if self.is_done(journal):
            replace_config(
                self._load, self._config.after, self._config.before, kept_as=None, writer=journal.id
            )
        self.tidy(journal)
        kept = backup_of(self._load, journal)
        if kept is not None:
            kept.unlink()

    def tidy(self, journal: TransferJournal) -> None:
        """Remove what a killed write of the config left beside it."""
        ours = self._config.before, self._config.after
        discard_leftovers(self._load, ours, kept_as=_kept_as(journal), writer=journal.id)


def places_of(item: TransferItem) -> tuple[str, ...]:
    """Return what an item brings, from where and where to."""
    source, target = item.source, item.target
    return item.what, source.location, source.container, target.location, target.container


def _meant(item: TransferItem) -> tuple[object, ...]:
    return (*places_of(item), item.source.keys, item.target.keys)
