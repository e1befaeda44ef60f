"""Settings that differ between configs which should be equal: those of one distribution."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.model.fleet import Drift, DriftedValue, FleetFinding, FleetPlace
from llama_storage_tui.services.fleet.member import FleetMember, Meaning
from llama_storage_tui.services.fleet.rules import FLEET_SETTING_DRIFTED
from llama_storage_tui.text import plural

SHOWN: Final = 4
"""Paths that a finding names."""
_KINDS: Final = (".type", ".provider_type")


@dataclass(frozen=True, slots=True)
class DriftGroup:
    """Configs that should be equal, and where they are not."""

    distribution: str | None
    configs: tuple[str, ...]
    drift: tuple[Drift, ...]


def find_drift(members: Sequence[FleetMember], *, compares_all: bool) -> tuple[DriftGroup, ...]:
    """Return the groups of configs that should be equal, each with what differs."""
    groups: dict[str | None, list[FleetMember]] = defaultdict(list)
    for member in members:
        distribution = member.catalog.distribution if member.catalog is not None else None
        groups[None if compares_all else distribution].append(member)
    return tuple(
        DriftGroup(name, tuple(member.name for member in group), tuple(_differences(group)))
        for name, group in groups.items()
        if len(group) > 1
    )


def _differences(group: Sequence[FleetMember]) -> Iterator[Drift]:
    paths = sorted({path for member in group for path in member.meaning})
    kinds = {path.removesuffix(kind): path for kind in _KINDS for path in paths if path.endswith(kind)}
    for path in paths:
        # The fields of a backend or provider are compared where it is one thing: where it is another, its type says so.
        above = next((place for place in _above(path) if place in kinds and kinds[place] != path), None)
        alike: dict[object, list[FleetMember]] = defaultdict(list)
        for member in group:
            alike[None if above is None else _key(member.meaning.get(kinds[above]))].append(member)
        for members in alike.values():
            values = [member.meaning.get(path) for member in members]
            numbers = {key: number for number, key in enumerate(dict.fromkeys(map(_key, values)), 1)}
            if len(numbers) > 1:
                yield Drift(
                    path,
                    tuple(
                        DriftedValue(member.name, value.shown if value else None, numbers[_key(value)])
                        for member, value in zip(members, values, strict=True)
                    ),
                )


def _above(path: str) -> Iterator[str]:
    """Yield the paths above one, the nearest first."""
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


def _key(value: Meaning | None) -> object:
    return None if value is None else value.key


def drift_findings(groups: Sequence[DriftGroup]) -> Iterator[FleetFinding]:
    """Yield a finding for each group of configs that differ."""
    for group in groups:
        if not group.drift:
            continue
        paths = [drift.path for drift in group.drift]
        more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
        of = f" of {group.distribution}" if group.distribution else ""
        finding: Finding = FLEET_SETTING_DRIFTED.found(
            paths[0],
            f"{plural(len(paths), 'setting')} {'differs' if len(paths) == 1 else 'differ'} between "
            f"{plural(len(group.configs), 'config')}{of}: {', '.join(paths[:SHOWN])}{more}",
        )
        yield FleetFinding(finding, tuple(FleetPlace(config, paths[0]) for config in group.configs))
