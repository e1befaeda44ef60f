"""The steps of a migration one after the other, each on the text that the one before has made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field, replace
from typing import Final

from llama_storage_tui.config.document import Path, show_path
from llama_storage_tui.config.edit.layout import TextLayout
from llama_storage_tui.config.edit.operations import Operation
from llama_storage_tui.config.edit.splice import Splice
from llama_storage_tui.config.edit.structure import edit_structure
from llama_storage_tui.config.environment import Environment
from llama_storage_tui.config.migrate import names, settings, storage
from llama_storage_tui.config.migrate.catalog import make_catalog
from llama_storage_tui.config.migrate.draft import Draft, Proposal, Step
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.migration import BackendLayout, ConfigChange, NotCarried
from llama_storage_tui.model.version import Version

_PLAIN: Final = (
    "Nothing was changed. Write this place as plain YAML, without anchors or tags, then migrate again."
)
STEPS: Final[tuple[Step, ...]] = (
    names.expressions,
    make_catalog,
    names.top_level,
    names.resources,
    names.listed_apis,
    names.apis,
    names.addresses,
    names.registered_connectors,
    names.resource_kinds,
    names.authentication,
    storage.missing_apis,
    settings.vector_settings,
    storage.stores,
    storage.references,
    storage.tables,
    storage.vector_metadata,
    storage.merge,
    settings.default_backends,
    settings.defaults,
    settings.vector_passwords,
    settings.passwords,
    settings.serving,
    names.folders,
)


class Offsets:
    """Where a place of the present text was in the first one."""

    def __init__(self) -> None:
        self._steps: list[tuple[Splice, ...]] = []

    def add(self, splices: tuple[Splice, ...]) -> None:
        """Take over the splices of a step, whose offsets are those of the text before it."""
        self._steps.append(tuple(sorted(splices, key=lambda one: (one.start, one.end))))

    def first(self, offset: int) -> int:
        """Return the offset in the first text; of what was put in, that of where it was put."""
        for splices in reversed(self._steps):
            moved = 0
            for splice in splices:
                if offset < splice.start + moved:
                    break
                if offset < splice.start + moved + len(splice.replacement):
                    offset = splice.start + moved
                    break
                moved += len(splice.replacement) - (splice.end - splice.start)
            offset -= moved
        return offset


@dataclass(frozen=True, slots=True)
class MigratedText:
    """What the steps have made of a text."""

    text: str = field(repr=False)
    changes: tuple[ConfigChange, ...]
    not_carried: tuple[NotCarried, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A proposal with its line of the first text."""

    proposal: Proposal
    line: int | None

    def change(self) -> ConfigChange:
        found = self.proposal
        return ConfigChange(found.id, show_path(found.path), self.line, found.kind, found.reason)

    def lost(self, reason: str) -> NotCarried:
        return NotCarried(show_path(self.proposal.path), self.line, reason)


def migrate_text(
    text: str,
    name: str,
    *,
    before: Version,
    after: Version,
    layout: BackendLayout,
    environment: Environment,
    left: Collection[str] = (),
    keeps_folder: bool = False,
) -> MigratedText:
    """Return the text as one for the release `after`; changes whose id is in `left` are not made.

    `keeps_folder` says that ogx leaves ~/.llama where it is: paths there stay. Raises ConfigError, and RefusedError where
    inline stores cannot become a catalog.
    """
    draft = Draft(name, TextLayout(text, name), before, after, layout, environment, keeps_folder)
    first, offsets = draft.text, Offsets()
    changes: list[ConfigChange] = []
    lost: list[NotCarried] = []
    for step in STEPS:
        found = [
            _Placed(proposal, _line(draft, proposal.path, offsets, first))
            for proposal in step(draft)
            if proposal.id not in left
        ]
        draft, splices, refused = _apply(draft, found)
        if refused and step is make_catalog:
            # Backends and the references to them are nothing without each other, and what follows would make empty ones.
            index, error = next(iter(refused.items()))
            place = error.where or show_path(found[index].proposal.path)
            raise RefusedError(error.message, where=place, help=_PLAIN)
        if splices:
            offsets.add(splices)
        for index, placed in enumerate(found):
            if index in refused:
                lost.append(placed.lost(f"{refused[index].message}. {placed.proposal.reason}"))
                continue
            if placed.proposal.operations:
                changes.append(placed.change())
            if placed.proposal.lost:
                lost.append(placed.lost(placed.proposal.lost))
    return MigratedText(draft.text.text, tuple(changes), tuple(lost))


def _apply(draft: Draft, found: list[_Placed]) -> tuple[Draft, tuple[Splice, ...], dict[int, RefusedError]]:
    """Make the changes of a step; where they cannot all be made, those that can. Returns those that cannot by their index, too."""
    operations = [operation for placed in found for operation in placed.proposal.operations]
    if not operations:
        return draft, (), {}
    try:
        text, splices = edit_structure(draft.text, draft.name, operations)
    except RefusedError:
        pass
    else:
        return replace(draft, text=text), splices, {}
    kept: list[Operation] = []
    refused: dict[int, RefusedError] = {}
    text, splices = draft.text, ()
    for index, placed in enumerate(found):
        tried = [*kept, *placed.proposal.operations]
        try:
            text, splices = edit_structure(draft.text, draft.name, tried) if tried else (text, splices)
        except RefusedError as error:
            refused[index] = error
        else:
            kept = tried
    return replace(draft, text=text), splices, refused


def _line(draft: Draft, path: Path, offsets: Offsets, first: TextLayout) -> int | None:
    """Return the line of the first text for a path of the present one: of the deepest part of it that there is."""
    for length in range(len(path), 0, -1):
        entry = draft.text.entry(path[:length])
        if entry is not None:
            return first.line(min(offsets.first(entry.start), len(first.text)))
    return None
