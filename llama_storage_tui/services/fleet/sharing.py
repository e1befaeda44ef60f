"""Stores that several configs use: the same rows, the same things in two forms, one server by two names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend, Physical, Reference
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.model.fleet import Collision, CollisionKind, FleetFinding, FleetPlace
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.fleet.member import FleetMember, Meaning
from llama_storage_tui.services.fleet.places import FILE, Servers, Store, spelling
from llama_storage_tui.services.fleet.rules import (
    FLEET_SERVER_SPELLED_DIFFERENTLY,
    FLEET_SHARED_NAMESPACE,
    FLEET_SHARED_TABLE,
    FLEET_STORE_IN_TWO_FORMS,
)
from llama_storage_tui.text import plural
from llama_storage_tui.upstream.forms import form_changes

SHOWN = 6
"""Tables, namespaces or configs that a sentence names."""


@dataclass(frozen=True, slots=True)
class StoreUse:
    """A reference of a config to a store: what it asks for, and where a server of its version keeps that."""

    member: FleetMember
    version: Version
    reference: Reference
    backend: Backend
    store: Store
    physical: Physical

    @property
    def place(self) -> FleetPlace:
        """Where it stands."""
        return FleetPlace(self.member.name, self.reference.path, self.reference.line)

    @property
    def items(self) -> Iterator[tuple[CollisionKind, str]]:
        """What it uses in the store."""
        for table in self.physical.tables:
            yield CollisionKind.TABLE, table
        for prefix in self.physical.prefixes:
            is_namespace = self.reference.namespace and prefix == f"{self.reference.namespace}:"
            yield (CollisionKind.NAMESPACE, prefix[:-1]) if is_namespace else (CollisionKind.KEYS, prefix)


Item = tuple[Store, CollisionKind, str]


def uses_of(members: Sequence[FleetMember], servers: Servers) -> tuple[StoreUse, ...]:
    """Return what every config uses of every store."""
    return tuple(use for member in members for use in _uses(member, servers))


def _uses(member: FleetMember, servers: Servers) -> Iterator[StoreUse]:
    catalog = member.catalog
    for reference in () if catalog is None else catalog.references:
        backend = catalog.backend(reference.backend or "") if catalog is not None else None
        if catalog is None or backend is None or not reference.is_enabled or reference.physical is None:
            continue
        target = backend.target
        if target is None or (isinstance(target, SqliteTarget) and target.is_memory):
            continue
        store = servers.store(target, member.surroundings, reference.physical)
        yield StoreUse(member, catalog.version.chosen, reference, backend, store, reference.physical)


def _shared(uses: Sequence[StoreUse]) -> Mapping[Item, dict[str, StoreUse]]:
    """Return what more than one config uses, with the first use of each config."""
    found: dict[Item, dict[str, StoreUse]] = defaultdict(dict)
    for use in uses:
        for kind, name in use.items:
            found[use.store, kind, name].setdefault(use.member.name, use)
    return {item: users for item, users in found.items() if len(users) > 1}


def collisions(uses: Sequence[StoreUse]) -> Iterator[Collision]:
    """Yield each table, namespace and key family that several configs use."""
    for (_, kind, name), users in _shared(uses).items():
        first = next(iter(users.values()))
        yield Collision(kind, first.backend.name, first.backend.location, name, tuple(users))


def sharing_findings(uses: Sequence[StoreUse]) -> Iterator[FleetFinding]:
    """Yield a finding for each store and the configs that share something in it."""
    groups: dict[tuple[Store, bool, tuple[str, ...]], dict[str, dict[str, StoreUse]]] = defaultdict(dict)
    for (store, kind, name), users in _shared(uses).items():
        groups[store, kind is CollisionKind.TABLE, tuple(users)].setdefault(name, users)
    for (_, is_table, configs), items in groups.items():
        users = next(iter(items.values()))
        first = next(iter(users.values()))
        rule = FLEET_SHARED_TABLE if is_table else FLEET_SHARED_NAMESPACE
        are_twins = len({_said(use.member) for use in users.values()}) == 1
        finding = rule.found_on(
            first.reference,
            f"{listed(configs)} share {listed(tuple(map(repr, items)))} in {first.backend.location}"
            + ("" if first.store.server[:2] != (FILE, "") else ", where they run on one machine")
            + ("; they are identical, as copies of one deployment are" if are_twins else ""),
            severity=Severity.INFO if are_twins else None,
        )
        places = dict.fromkeys(use.place for found in items.values() for use in found.values())
        yield FleetFinding(finding, tuple(places))


def _said(member: FleetMember) -> tuple[str | None, frozenset[tuple[str, Meaning]]]:
    """Return all that a config says."""
    distribution = member.catalog.distribution if member.catalog is not None else None
    return distribution, frozenset(member.meaning.items())


def form_findings(uses: Sequence[StoreUse]) -> Iterator[FleetFinding]:
    """Yield a finding for the configs of two releases that keep the same things in one store in two forms."""
    groups: dict[tuple[object, ...], list[StoreUse]] = defaultdict(list)
    for use in uses:
        reference = use.reference
        asked = (reference.kind, reference.api, reference.name, reference.namespace, reference.table)
        groups[use.store.server, use.store.database, asked].append(use)
    found: dict[tuple[object, ...], list[tuple[str, tuple[StoreUse, ...]]]] = defaultdict(list)
    for group in groups.values():
        forms: dict[Physical, list[StoreUse]] = defaultdict(list)
        for use in sorted(group, key=lambda use: use.version):
            forms[use.physical].append(use)
        oldest, *others = forms.values()
        for newer in others:
            how = _two_forms(oldest, newer)
            if how is not None:
                users_of = tuple(tuple(use.member.name for use in form) for form in (oldest, newer))
                found[oldest[0].store.server, users_of].append((how, (*oldest, *newer)))
    for reasons in found.values():
        how, users = reasons[0]
        more = f", and {plural(len(reasons) - 1, 'reference')} more likewise" if len(reasons) > 1 else ""
        first = users[0]
        finding = FLEET_STORE_IN_TWO_FORMS.found_on(
            first.reference, f"{how} ({first.reference.path} in {first.backend.location}{more})"
        )
        places = dict.fromkeys(use.place for _, each in reasons for use in each)
        configs = tuple(dict.fromkeys(place.config for place in places))
        name, where = first.reference.path, first.backend.location
        collision = Collision(CollisionKind.FORM, first.backend.name, where, name, configs)
        yield FleetFinding(finding, tuple(places), collision)


def _two_forms(older: Sequence[StoreUse], newer: Sequence[StoreUse]) -> str | None:
    """Say how the servers of two releases keep the same otherwise; None where they do not."""
    first, second = older[0], newer[0]
    one, other = (
        f"{listed(tuple(dict.fromkeys(use.member.name for use in uses)))} ({uses[0].version})"
        for uses in (older, newer)
    )
    here, there = set(first.physical.prefixes), set(second.physical.prefixes)
    if here != there:
        mine, theirs = (listed(sorted(each)) for each in (here - there or here, there - here or there))
        return f"Keys are under {mine} for {one}, and under {theirs} for {other}"
    here, there = set(first.physical.tables), set(second.physical.tables)
    if here - there and there - here:
        return f"Rows are in {listed(sorted(here - there))} for {one}, and in {listed(sorted(there - here))} for {other}"
    changes = form_changes(frozenset(here & there), first.version, second.version)
    return (
        f"{other} reads {changes[0].table} in another form than {one}: it {changes[0].what}"
        if changes
        else None
    )


def spelling_findings(members: Sequence[FleetMember], servers: Servers) -> Iterator[FleetFinding]:
    """Yield a finding for each server that configs name in several ways."""
    for address, spellings in servers.spellings.items():
        configs = {config for found in spellings.values() for config in found}
        if len(spellings) < 2 or len(configs) < 2 or address[0] == FILE:
            continue
        places = {
            (member.name, spelling(target)): place
            for member in members
            for target, place in _target_places(member)
            if servers.of(target, member.surroundings) == address
        }
        identity = servers.identities.get(address)
        told = f": they are one, by its {identity}" if identity else ""
        finding = FLEET_SERVER_SPELLED_DIFFERENTLY.found(
            next(iter(places.values())).where,
            f"{listed(sorted(configs))} name one server in {len(spellings)} ways, {listed(tuple(spellings))}{told}",
        )
        yield FleetFinding(finding, tuple(dict.fromkeys(places.values())))


def _target_places(member: FleetMember) -> Iterator[tuple[Target, FleetPlace]]:
    catalog = member.catalog
    for backend in () if catalog is None else (*catalog.backends, *catalog.logins):
        target = backend.target
        if target is not None and not isinstance(target, SqliteTarget):
            yield target, FleetPlace(member.name, backend.path or backend.name, backend.line)
    for login in member.logins:
        yield login.target, FleetPlace(member.name, login.path, login.line)


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence, the first few of many."""
    if len(names) == 1:
        return names[0]
    if len(names) > SHOWN:
        return f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"
    return f"{', '.join(names[:-1])} and {names[-1]}"
