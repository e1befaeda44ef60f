"""SIGKILL after every step of a change that leaves places to the operator: the journal has the new password until it is confirmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.reports.rotation import words
from tests.rotation_setup import OLD, Deployment

SERVER = ("connected", "altered", "old-checked", "committed", "verified")
SERVER_ONLY = ("locked", "journaled", "prepared", *SERVER, "waiting")
OUTSIDE = ("locked", "journaled", "marked-1", "staged-1", "prepared", *SERVER, "swapped-1", "waiting")
CONFIRMATION = ("locked", "asked", "verified", "read-again", "audited", "cleaned", "closed")


def journals(deployed: Deployment) -> list[dict[str, Any]]:
    """Return the pending journals as they are on disk."""
    found = [json.loads(path.read_text()) for path in deployed.state.rglob("*.json")]
    return [journal for journal in found if "new" in journal]


def place(deployed: Deployment, new: str) -> None:
    """Write the new password wherever the old one stands."""
    for path in (deployed.config, deployed.env_file):
        if path.exists():
            path.write_text(path.read_text().replace(OLD, new))
    if "PW" in deployed.environ:
        deployed.environ["PW"] = new


def finish(deployed: Deployment) -> str:
    """Recover what a kill left, place the new password, confirm; return the password that everything has then."""
    (journal,) = journals(deployed)
    if journal["state"] != "waiting":
        outcome = deployed.run("recover").outcome
        if outcome == "undone":
            return deployed.check_consistent()
        assert outcome == "pending"
    place(deployed, journal["new"])
    assert deployed.run("confirm").outcome == "applied"
    return deployed.check_consistent()


def test_every_step_has_words() -> None:
    assert all(words(step) for step in (*SERVER_ONLY, *OUTSIDE, *CONFIRMATION))


@pytest.mark.parametrize("step", SERVER_ONLY)
def test_a_change_of_the_server_alone_killed_after_any_step_is_finished(
    deployed: Deployment, step: str
) -> None:
    terms = ("is_server_only",)
    before = deployed.files()
    assert deployed.run("apply", die_at=step, terms=terms).outcome is None
    for path, content in before.items():
        assert Path(path).read_bytes() == content
    left = journals(deployed)
    if not left:
        assert step == "locked"
        assert deployed.check_consistent() == OLD
        return
    assert deployed.logs_in(OLD) or deployed.logs_in(left[0]["new"])
    assert (finish(deployed) == OLD) == (step == "journaled")


@pytest.mark.parametrize("step", OUTSIDE)
def test_a_change_with_a_place_outside_killed_after_any_step_is_finished(
    deployed: Deployment, step: str
) -> None:
    deployed.env_file.unlink()
    deployed.environ["PW"] = OLD
    assert deployed.run("apply", die_at=step, terms=("hands_over",)).outcome is None
    left = journals(deployed)
    if not left:
        assert step == "locked"
        assert deployed.check_consistent() == OLD
        return
    assert deployed.logs_in(OLD) or deployed.logs_in(left[0]["new"])
    assert (finish(deployed) == OLD) == (OUTSIDE.index(step) < OUTSIDE.index("prepared"))


@pytest.mark.parametrize("step", CONFIRMATION)
def test_a_confirmation_killed_after_any_step_is_finished(deployed: Deployment, step: str) -> None:
    assert deployed.run("apply", terms=("is_server_only",)).outcome == "pending"
    (journal,) = journals(deployed)
    place(deployed, journal["new"])
    assert deployed.run("confirm", die_at=step).outcome is None
    if journals(deployed):
        assert step != "closed"
        assert deployed.run("confirm").outcome == "applied"
    assert deployed.check_consistent() == journal["new"]
    (line,) = (deployed.state / "audit.log").read_text().splitlines()
    assert journal["new"] not in line


def test_the_steps_are_those(deployed: Deployment) -> None:
    assert deployed.run("apply", terms=("is_server_only",)) == (SERVER_ONLY, "pending")
    place(deployed, journals(deployed)[0]["new"])
    assert deployed.run("confirm") == (CONFIRMATION, "applied")
    deployed.check_consistent()
