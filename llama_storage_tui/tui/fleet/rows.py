"""The table of configs and their backends."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Sequence
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.model.fleet import FleetReport
from llama_storage_tui.services.fleet.member import FleetMember, name_of
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.tui.catalog.backends import worst
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.widgets.listing import ListColumn

COLUMNS: Final = (
    ListColumn("Config", most=36, least=14, cuts_middle=True),
    ListColumn("Version", most=18, is_wide_only=True),
    ListColumn("Backend", most=24, least=10),
    ListColumn("Type", most=14, is_wide_only=True),
    ListColumn("Location", grows=True, least=10, cuts_middle=True),
    ListColumn("Findings", most=12),
    ListColumn("Between", most=12),
)
NOTHING: Final = Shown("")
NONE: Final = Shown("–", Tone.MUTED)


@dataclass(frozen=True, slots=True)
class FleetRow:
    """A backend of a config, or the config alone while it is being read, or where it cannot be read or has no backends."""

    key: str
    config: int
    """The config's place in the fleet."""
    cells: tuple[Shown, ...]


def fleet_rows(
    requests: Sequence[LoadRequest], members: Sequence[FleetMember], report: FleetReport | None
) -> Iterator[FleetRow]:
    """Yield the rows of all configs: of those read so far their backends, of the others their names."""
    folder = common_folder(requests)
    for number, request in enumerate(requests):
        member = members[number] if number < len(members) else None
        named = name_of(request) if member is None else member.name
        name = Shown(named.removeprefix(folder))
        if member is None:
            yield FleetRow(
                str(number), number, (name, NONE, NONE, NONE, Shown("reading…", Tone.MUTED), NONE, NONE)
            )
        elif member.catalog is None:
            message = "" if member.error is None else member.error.message
            error = message.removeprefix(named).lstrip(",: ")
            cells = (name, NONE, NONE, NONE, Shown(error, Tone.BAD), Shown("✗ unreadable", Tone.BAD), NONE)
            yield FleetRow(str(number), number, cells)
        else:
            yield from _member_rows(number, name, member, report)


def _member_rows(
    number: int, name: Shown, member: FleetMember, report: FleetReport | None
) -> Iterator[FleetRow]:
    catalog = member.catalog
    assert catalog is not None, "the caller looked"  # noqa: S101 - for the reader
    version = Shown(f"{catalog.version.chosen.product} {catalog.version.chosen}", Tone.MUTED)
    by_backend = catalog.findings_by_backend()
    between = _between(member, report)
    backends: Sequence[Backend | None] = catalog.backends or (None,)
    for place, backend in enumerate(backends):
        is_first = place == 0
        cells = (
            name if is_first else Shown(name.text, Tone.MUTED),
            version if is_first else NOTHING,
            NONE if backend is None else Shown(backend.name),
            NONE if backend is None else Shown(backend.type, Tone.MUTED),
            NONE if backend is None else Shown(backend.location, Tone.MUTED),
            worst(catalog.findings if backend is None else by_backend.get(backend.name, ())),
            between if is_first else NOTHING,
        )
        yield FleetRow(f"{number}/{'' if backend is None else backend.name}", number, cells)


def _between(member: FleetMember, report: FleetReport | None) -> Shown:
    if report is None:
        return Shown("…", Tone.MUTED)
    found: list[Finding] = [each.finding for each in report.of(member.name)]
    return worst(found)


def common_folder(requests: Sequence[LoadRequest]) -> str:
    """Return the folder that all names begin with, with its slash: the headline has it once."""
    folders = {os.path.dirname(name_of(request)) for request in requests}  # noqa: PTH120 - text, as it is shown
    if len(folders) == 0 or "" in folders or len({folder.startswith("/") for folder in folders}) > 1:
        return ""
    common = os.path.commonpath(folders)
    return f"{common.rstrip('/')}/" if common else ""
