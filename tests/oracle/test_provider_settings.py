"""What we say about the settings of providers is what their own classes said: every field of every release replayed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config import ProblemKind
from llama_storage_tui.upstream.run_config.provider_settings import setting_problems
from tests.oracle.record_settings import CHECKED_FURTHER, CONVERTED, PROBES, TAKEN

ROWS: dict[str, list[dict[str, Any]]] = json.loads(TAKEN.read_text())


def ours(provider: str, version: Version, value: object) -> bool:
    api, type_, field = provider.split(" ")
    problems = setting_problems(api, type_, {field: value}, version)
    return not any(
        problem.loc[:1] == (field,) for problem in problems if problem.kind is not ProblemKind.MISSING
    )


@pytest.mark.parametrize("number", range(len(PROBES)))
def test_a_value_is_taken_or_refused_as_the_class_itself_does(number: int) -> None:
    differing = [
        f"{provider} {row['releases'][0]} ({row['word']}): {'taken' if theirs else 'refused'} by the class"
        for provider, rows in ROWS.items()
        for row in rows
        if row["word"] is not None and provider not in CONVERTED
        if provider not in CHECKED_FURTHER or not isinstance(PROBES[number], str | None)
        for release in {row["releases"][0], row["releases"][-1]}
        if ours(provider, Version.parse(release), PROBES[number]) != (theirs := row["bits"][number] == "1")
    ]
    assert not differing, (PROBES[number], differing[:20], len(differing))


def test_a_field_that_a_class_demands_is_demanded() -> None:
    for provider, rows in ROWS.items():
        api, type_, field = provider.split(" ")
        for row in rows:
            version = Version.parse(row["releases"][-1])
            missing = {problem.loc[0] for problem in setting_problems(api, type_, {}, version)}
            if provider.startswith("inference remote::vllm ") and field in ("url", "base_url"):
                # Its class lets it be left out; the provider then stops the start, as start verdicts have it.
                assert field in missing or not row["required"]
                continue
            assert (field in missing) == (row["required"] and row["word"] is not None), (provider, row)


def test_every_release_that_could_be_had_is_on_record() -> None:
    releases = {release for rows in ROWS.values() for row in rows for release in row["releases"]}
    assert len(releases) >= 44
    assert sum(len(row["releases"]) for rows in ROWS.values() for row in rows) > 8000
