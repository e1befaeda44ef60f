"""Compares the configs of a fleet: by the files alone, and by what servers said of themselves where they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from llama_storage_tui.model.fleet import FleetReport, FleetServer
from llama_storage_tui.services.fleet.credentials import credential_findings
from llama_storage_tui.services.fleet.drift import drift_findings, find_drift
from llama_storage_tui.services.fleet.member import FleetMember
from llama_storage_tui.services.fleet.places import FILE, Address, Servers
from llama_storage_tui.services.fleet.sharing import (
    collisions,
    form_findings,
    sharing_findings,
    spelling_findings,
    uses_of,
)


def judge_fleet(
    members: Sequence[FleetMember],
    identities: Mapping[Address, str] | None = None,
    *,
    compares_all: bool = False,
) -> FleetReport:
    """Return all that is found between configs.

    `identities` are what servers said of themselves. Settings are compared among configs of one distribution, with `compares_all`
    among all of them. Contacts nothing.
    """
    readable = [member for member in members if member.catalog is not None]
    servers = Servers(readable, identities or {})
    uses = uses_of(readable, servers)
    drift = find_drift(readable, compares_all=compares_all)
    findings = (
        *form_findings(uses),
        *sharing_findings(uses),
        *credential_findings(readable, servers),
        *spelling_findings(readable, servers),
        *drift_findings(drift),
    )
    return FleetReport(
        tuple(_servers(servers, are_files=False)),
        tuple(_servers(servers, are_files=True)),
        (*collisions(uses), *(found.collision for found in findings if found.collision is not None)),
        tuple(found for group in drift for found in group.drift),
        tuple(sorted(findings, key=lambda found: found.finding.severity.rank)),
    )


def _servers(servers: Servers, *, are_files: bool) -> list[FleetServer]:
    found = [
        FleetServer(
            servers.identities.get(address),
            tuple(spellings),
            tuple(dict.fromkeys(config for configs in spellings.values() for config in configs)),
        )
        for address, spellings in servers.spellings.items()
        if (address[0] == FILE) is are_files
    ]
    return sorted(found, key=lambda server: -len(server.configs))
