"""What is found between configs, as lines for both front ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from llama_storage_tui.model.fleet import Drift, FleetFinding, FleetReport
from llama_storage_tui.reports.lines import ARROW, MARKS, POINT, WARNING, Block, Line, Tone
from llama_storage_tui.text import plural

if TYPE_CHECKING:
    # The name of an annotation only: what was not asked must not bring what asks.
    from llama_storage_tui.services.fleet.contact import FleetContact

BY_FILES: str = "By the files alone: no server was contacted, so that one name counts as one server."


def finding_block(found: FleetFinding, *, shown: int = 8) -> Block:
    """Return a finding between configs with its first places and what to do."""
    finding = found.finding
    places = [
        f"{place.config}: {place.where}" + (f", line {place.line}" if place.line else "")
        for place in found.places
    ]
    more = (
        [Line(f"and {plural(len(places) - shown, 'more place')}", Tone.MUTED, indent=2)]
        if len(places) > shown
        else []
    )
    return Block(
        (
            Line(f"{finding.severity.value}  {finding.rule}", Tone.KEY, MARKS[finding.severity]),
            Line(finding.message, indent=2),
            *([Line(finding.help, mark=ARROW, indent=2)] if finding.help else []),
            *(Line(place, Tone.MUTED, POINT, 2) for place in places[:shown]),
            *more,
        )
    )


def drift_block(drift: Sequence[Drift]) -> Block | None:
    """Return every setting that differs, with the configs of each value; None where none does."""
    lines = [line for each in drift for line in _drift_lines(each)]
    return Block(tuple(lines), "settings that differ") if lines else None


def _drift_lines(drift: Drift) -> Iterator[Line]:
    yield Line(drift.path, Tone.KEY, indent=2)
    said: set[str] = set()
    for number in dict.fromkeys(value.alike for value in drift.values):
        alike = [value for value in drift.values if value.alike == number]
        shown = "not set" if alike[0].value is None else alike[0].value
        # Secrets that differ look the same.
        another = "another " if shown in said else ""
        said.add(shown)
        yield Line(f"{another}{shown}  ({', '.join(value.config for value in alike)})", indent=4)


def contact_block(contact: FleetContact | None, report: FleetReport) -> Block:
    """Say what the findings rest on: the files alone, or what servers answered."""
    if contact is None:
        return Block((Line(BY_FILES, Tone.MUTED),))
    known = sum(server.identity is not None for server in report.servers)
    lines = [Line(f"{known} of {plural(len(report.servers), 'server')} gave an identifier.", Tone.MUTED)]
    lines += [
        Line(f"{each.spelling} ({', '.join(each.configs)}): {each.message}", Tone.WARNING, WARNING)
        for each in contact.unanswered
    ]
    return Block(tuple(lines))
