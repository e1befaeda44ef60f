"""The table of APIs and providers is what the registries of all releases say."""

import json
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import providers
from tests.oracle.record_registry import states

RECORD = Path(__file__).parents[1] / "oracle" / "registry" / "releases.json"
RELEASES: dict[str, Any] = states(json.loads(RECORD.read_text()))
APIS = sorted({api for release in RELEASES.values() for api in release["apis"]})


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_ships_the_providers_of_its_own_registry_with_their_needs(release: str) -> None:
    version, recorded = Version.parse(release), RELEASES[release]["providers"]
    ours = {
        f"{api} {type_}": sorted(providers.needed_apis(api, type_, version))
        for api in APIS
        for type_ in providers.provider_types(api)
        if providers.is_shipped_provider(api, type_, version)
    }
    assert ours == recorded


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_knows_the_apis_of_its_own_enumeration(release: str) -> None:
    version, recorded = Version.parse(release), RELEASES[release]
    tables = recorded["routed"].values()
    assert [api for api in APIS if providers.is_known_api(api, version)] == recorded["apis"]
    assert providers.routing_tables(version) == recorded["routed"]
    assert {api for api in APIS if providers.takes_providers(api, version)} == (
        {*recorded["apis"]} - {*recorded["internal"]} - {*tables}
    )


def test_the_record_holds_every_release_line_from_0_3_to_1_5() -> None:
    lines = {tuple(release.split(".")[:2]) for release in RELEASES}
    assert len(RELEASES) >= 44
    assert {("0", "3"), ("0", "8"), ("1", "0"), ("1", "5")} <= lines
