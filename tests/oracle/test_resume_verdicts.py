"""Our answer on resuming is the packages' own: every recorded case replayed."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.resume import Resume
from llama_storage_tui.model.transcript import Transcript, TranscriptEntry
from llama_storage_tui.model.version import Version
from llama_storage_tui.reports.resume import resume_reason
from llama_storage_tui.services.responses.parsing import read_transcript
from llama_storage_tui.services.responses.resuming import check_resume
from tests import items
from tests.every_case import hold_every_case
from tests.oracle.resume_cases import CASES

RECORDS = sorted((Path(__file__).parent / "resume").glob("*.json"))
WORD = re.compile(r"w\d+")


def read_record(record: Path) -> tuple[Version, dict[str, dict[str, Any]]]:
    found = json.loads(record.read_text())
    return Version.parse(found["header"]["version"]), found["cases"]


def transcripts(name: str) -> list[Transcript]:
    return [read_transcript(cast("dict[str, Cell]", items.row(stored))) for stored in CASES[name]]


def everything_before(found: list[Transcript]) -> tuple[TranscriptEntry, ...]:
    return (
        tuple(entry for ancestor in found[1:] for entry in (*ancestor.input, *ancestor.output))
        + found[0].input
    )


def ours(name: str, version: Version) -> tuple[Resume, tuple[TranscriptEntry, ...]]:
    found = transcripts(name)
    before = everything_before(found)
    return check_resume(found[0], version, full_input=before), (*before, *found[0].output)


def hold_answer(version: Version, name: str, recorded: dict[str, str]) -> None:
    resume, _ = ours(name, version)
    assert resume.is_possible == (recorded["outcome"] == "resumes"), (
        f"ours: {resume_reason(resume)}; theirs: {recorded}"
    )
    assert resume.way.value == (recorded["way"] if resume.is_possible else "none")


def hold_losses(version: Version, name: str, recorded: dict[str, list[str]]) -> None:
    resume, entries = ours(name, version)
    lost = {id(entry) for loss in resume.loses for entry in loss.entries}
    is_everything_lost = any(not loss.entries for loss in resume.loses)
    for entry in entries:
        words = set(WORD.findall(json.dumps(entry.raw)))
        missing = words - set(recorded["sent"])
        assert not missing or is_everything_lost or id(entry) in lost, f"{entry.label}: sent in part, unsaid"
        assert missing or not words or id(entry) not in lost, f"{entry.label}: sent whole, and called lost"


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_every_answer_is_the_packages_own(record: Path) -> None:
    version, cases = read_record(record)
    hold_every_case((name, partial(hold_answer, version, name, answer)) for name, answer in cases.items())


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_what_is_lost_is_what_the_packages_do_not_send(record: Path) -> None:
    version, cases = read_record(record)
    hold_every_case(
        (name, partial(hold_losses, version, name, answer))
        for name, answer in cases.items()
        if (answer["outcome"], answer.get("way")) == ("resumes", "items")
    )


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_holds_every_case_and_every_outcome(record: Path) -> None:
    recorded = json.loads(record.read_text())
    assert record.stem == f"{recorded['header']['package']}-{recorded['header']['version']}"
    assert set(recorded["cases"]) == set(CASES)
    assert {case["outcome"] for case in recorded["cases"].values()} == {"resumes", "refused", "unreadable"}


def test_three_versions_are_recorded() -> None:
    assert [record.stem for record in RECORDS] == ["llama-stack-0.3.5", "llama-stack-0.7.3", "ogx-1.5.0"]
