"""Changing a password on the screen: nothing happens before one yes, and nothing shows the new password unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from llama_storage_tui.errors import PendingError, RefusedError
from llama_storage_tui.model.rotation import Outcome, Result, Terms
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.pending_status import PendingStanding
from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.rotation.change import ChangeScreen
from llama_storage_tui.tui.rotation.pending import PendingScreen
from llama_storage_tui.tui.rotation.rotation import RotationScreen
from llama_storage_tui.tui.rotation.terms import TermsDialog
from llama_storage_tui.tui.terminal.fatal import LOG_NAME
from tests.tui.gallery import NARROW, PENDING, GalleryApp, Stage, stage
from tests.tui.made_up_rotation import (
    NEW,
    OLD,
    made_up_patches,
    refused_plan,
    waiting,
)


async def planned(found: Stage) -> None:
    await found.press("down", "r")
    assert isinstance(found.app.screen, RotationScreen)


def names(found: Stage) -> list[str]:
    return [call.name for call in found.desk.calls]


def keys(found: Stage) -> set[str]:
    return {key for key, active in found.app.screen.active_bindings.items() if active.enabled}


def check_masked(found: Stage) -> None:
    shown = found.text + found.picture
    assert NEW.reveal() not in shown
    assert OLD.reveal() not in shown


async def test_the_plan_shows_every_place_check_and_line_and_changes_nothing() -> None:
    async with stage((140, 80)) as found:
        await planned(found)
        for text in (
            "role ogx_app on server 7423941184022136903",
            "storage.backends.sql_default.password",
            "variable PG_PASSWORD, prod.env:7",
            "literal in a URI, /etc/ogx/config.yaml:79",
            "the process environment sets it too",
            "+ PG_PASSWORD=******** (new)",
            "✓ passwords-checked",
            "1 compute a SCRAM verifier",
            "37 of 100 connections are in use",
            "ogx from 10.2.0.31, database ogx",
        ):
            assert text in found.text, text
        check_masked(found)
        await found.press("escape")
        assert isinstance(found.app.screen, CatalogScreen)
        assert names(found) == ["prepare"]


async def test_a_plan_is_scrolled_with_the_keys() -> None:
    async with stage(NARROW) as found:
        await planned(found)
        assert "read every place again" not in found.text
        await found.press("end")
        assert "rights" in found.text


async def test_planning_says_what_it_waits_for_and_can_be_cancelled() -> None:
    async with stage(NARROW) as found:
        found.desk.gate.close()
        await planned(found)
        assert "◌ Asking the server" in found.text
        assert "a" not in keys(found)
        await found.press("escape")
        assert found.desk.gate.cancelled == 1
        assert "Cancelled" in found.text
        found.desk.gate.open()
        await found.press("ctrl+r")
        assert "a: change the password" in found.text


async def test_nothing_is_changed_without_a_yes() -> None:
    async with stage(NARROW) as found:
        await planned(found)
        await found.press("a")
        assert "to change: 3 lines in 2 files" in found.text
        await found.press("enter", "escape")
        await found.press("a", "n")
        assert names(found) == ["prepare"]
        assert isinstance(found.app.screen, RotationScreen)


async def test_a_refused_plan_says_why_and_has_no_key_for_it() -> None:
    async with stage(NARROW) as found:
        found.desk.plan = refused_plan()
        await planned(found)
        assert "This cannot be done now. Nothing was changed." in found.text
        assert "→ Find out which password is right" in found.text
        assert "→ Find them with" in found.text
        assert "a" not in keys(found)
        await found.press("a")
        assert isinstance(found.app.screen, RotationScreen)
        assert names(found) == ["prepare"]


async def test_a_backend_without_a_credential_is_told_so() -> None:
    async with stage(NARROW) as found:
        await found.press("r")
        assert "SQLite has no credential" in found.text
        assert "a" not in keys(found)


async def test_steps_show_as_they_happen_and_nothing_leaves_meanwhile() -> None:
    async with stage(NARROW) as found:
        await planned(found)
        found.desk.stop_at = "altered"
        found.desk.gate.close()
        await found.press("a", "y")
        assert "✓ the role's transaction is open" in found.text
        assert "◌ the server holds the new password, uncommitted" in found.text
        assert "○ the server has the new password" in found.text
        await found.press("escape")
        assert "runs to its end" in found.text
        await found.press("q", "ctrl+q")
        assert found.app.is_running
        assert found.app._exit is False
        assert found.desk.gate.cancelled == 0
        found.desk.gate.open()
        await found.settle()
        assert "✓ The password was changed at the server and in every place." in found.text
        check_masked(found)


async def test_the_new_password_is_shown_and_copied_only_on_demand() -> None:
    async with stage(NARROW) as found:
        await planned(found)
        await found.press("a", "y")
        assert "restart the processes behind these sessions" in found.text
        assert "audit.log" in found.text
        check_masked(found)
        await found.press("p")
        assert NEW.reveal() in found.text
        await found.press("y")
        assert any("the new password" in str(notice.title) for notice in found.app._notifications)
        await found.press("escape")
        check_masked(found)
        await found.press("escape")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_an_end_that_was_not_verified_says_so() -> None:
    async with stage(NARROW) as found:
        found.desk.end = Result(Outcome.APPLIED, "J", is_verified=False)
        await planned(found)
        await found.press("a", "y")
        assert "That could not be verified." in " ".join(found.text.split())
        assert "▲ done, not verified" in found.text
        assert "✓ The password" not in found.text


async def test_a_refusal_says_that_nothing_was_changed() -> None:
    async with stage(NARROW) as found:
        found.desk.end = RefusedError(f"the driver repeats {NEW.reveal()}", help="Make a new plan.")
        await planned(found)
        await found.press("a", "y")
        assert "✗ Nothing was changed." in found.text
        assert "→ Make a new plan." in found.text
        assert "p" not in keys(found)
        check_masked(found)
        await found.press("escape")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_a_change_that_is_half_done_leads_to_where_it_stands() -> None:
    async with stage(NARROW) as found:
        found.desk.end = PendingError("/srv/ogx/prod.env: Read-only file system", help="Then run: …")
        await planned(found)
        await found.press("a", "y")
        assert "recovery resumes from the journal" in found.text
        found.desk.stands = (waiting(PendingStanding.COMMITTED),)
        await found.press("R")
        assert isinstance(found.app.screen, PendingScreen)
        assert "f: finish it" in found.text


async def chosen(found: Stage, *pressed: str) -> Terms:
    await found.press(*pressed)
    terms = found.desk.calls[-1].facts["terms"]
    assert isinstance(terms, Terms)
    return terms


async def test_a_password_is_typed_twice_or_shown() -> None:
    async with stage(NARROW) as found:
        await planned(found)
        await found.press("m", "right", "tab")
        await found.type("Typed1")
        assert "Typed1" not in found.text
        await found.press("ctrl+s")
        assert "The two passwords differ" in found.text
        await found.press("ctrl+o")
        assert "Typed1" in found.text
        terms = await chosen(found, "ctrl+s")
        assert terms == Terms()
        assert "password: typed" in found.text
        assert "Typed1" not in found.text
        await found.press("a", "y")
        assert found.desk.calls[-1].facts["new"] == Secret("Typed1")


async def test_the_same_password_typed_twice_is_taken() -> None:
    async with stage(NARROW) as found:
        await planned(found)
        await found.press("m", "right", "tab")
        await found.type("Typed1")
        await found.press("tab")
        await found.type("Typed1")
        await found.press("enter")
        assert not isinstance(found.app.screen, TermsDialog)
        assert "password: typed" in found.text


async def test_files_alone_follow_a_typed_password() -> None:
    async with stage(NARROW) as found:
        await planned(found)
        await found.press("m", "right", "right", "ctrl+s")
        assert "Type the password first." in found.text
        await found.press("ctrl+o")
        await found.type("Theirs1")
        assert (await chosen(found, "enter")).proof == Secret("Theirs1")


async def test_the_server_alone_and_the_two_ways_to_go_on_are_chosen() -> None:
    async with stage(NARROW) as found:
        await planned(found)
        assert (await chosen(found, "m", "left", "ctrl+s")).is_server_only
        terms = await chosen(found, "m", "right", "tab", "right", "tab", "right", "tab")
        assert terms.is_server_only, "the plan on show is still the one before"
        await found.type("second.yaml")
        terms = await chosen(found, "enter")
        assert terms == Terms(hands_over=True, accepts_unchecked=True)
        assert found.desk.calls[-1].facts["also"] == ("second.yaml",)


async def test_escape_leaves_the_way_as_it_was() -> None:
    async with stage(NARROW) as found:
        await planned(found)
        await found.press("m", "left", "escape")
        assert "password: generated" in found.text
        assert names(found) == ["prepare"]


async def test_a_pending_change_is_announced_and_one_key_away() -> None:
    async with stage(NARROW, pending=PENDING) as found:
        assert "▲ A password change of ogx_app is pending" in found.text
        assert "R shows where it stands, and finishes or undoes it." in found.text
        found.desk.stands = (waiting(PendingStanding.NOT_COMMITTED),)
        await found.press("R")
        assert isinstance(found.app.screen, PendingScreen)
        assert "begun 2026-11-25 09:12:05 UTC by ops@db-admin-1" in found.text
        check_masked(found)


async def test_without_a_pending_change_its_key_does_nothing() -> None:
    async with stage(NARROW) as found:
        await found.press("R")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_a_plan_gives_way_to_a_pending_change() -> None:
    async with stage(NARROW) as found:
        found.desk.stands = (waiting(PendingStanding.COMMITTED),)
        await found.press("down", "r")
        assert isinstance(found.app.screen, PendingScreen)
        assert "prepare" not in names(found)


@pytest.mark.parametrize(
    ("standing", "state", "allowed"),
    [
        (PendingStanding.STAGING, "staging", "f"),
        (PendingStanding.COMMITTED, "prepared", "fp"),
        (PendingStanding.COMMITTED, "waiting", "cp"),
        (PendingStanding.NOT_COMMITTED, "prepared", "fup"),
        (PendingStanding.UNCHECKED, "prepared", "fp"),
        (PendingStanding.LOST, "prepared", "wp"),
        (PendingStanding.UNKNOWN, "prepared", "p"),
    ],
)
async def test_a_standing_allows_what_the_two_logins_allow(
    standing: PendingStanding, state: str, allowed: str
) -> None:
    async with stage(NARROW, pending=PENDING) as found:
        found.desk.stands = (waiting(standing, state),)
        await found.press("R")
        assert keys(found) & set("fucwp") == set(allowed)


@pytest.mark.parametrize(("key", "undo"), [("f", False), ("u", True)])
async def test_a_pending_change_is_finished_or_undone_after_a_yes(key: str, undo: bool) -> None:  # noqa: FBT001
    async with stage(NARROW, pending=PENDING) as found:
        found.desk.stands = (waiting(PendingStanding.NOT_COMMITTED),)
        found.desk.end = Result(Outcome.UNDONE if undo else Outcome.RECOVERED, "J")
        await found.press("R", key, "escape")
        assert names(found) == []
        await found.press(key, "y")
        assert found.desk.calls[-1].facts == {"undo": undo, "accepts_unchecked": False}
        assert isinstance(found.app.screen, ChangeScreen)
        assert ("undone" if undo else "finished") in found.text


async def test_a_server_that_takes_any_password_is_gone_on_with_knowingly() -> None:
    async with stage(NARROW, pending=PENDING) as found:
        found.desk.stands = (waiting(PendingStanding.UNCHECKED),)
        await found.press("R", "f")
        assert "Nothing can be verified" in found.text
        await found.press("y")
        assert found.desk.calls[-1].facts["accepts_unchecked"] is True


async def test_a_working_password_is_typed_masked_and_adopted_after_a_yes() -> None:
    async with stage(NARROW, pending=PENDING) as found:
        found.desk.stands = (waiting(PendingStanding.LOST),)
        await found.press("R", "w")
        await found.type("Third1")
        assert "Third1" not in found.text
        await found.press("enter")
        assert "written to 1 file" in found.text
        await found.press("y")
        assert found.desk.calls[-1].facts["password"] == Secret("Third1")
        assert "Third1" not in found.text


async def test_a_change_that_waits_is_confirmed_with_an_env_file() -> None:
    async with stage(NARROW, pending=PENDING) as found:
        found.desk.stands = (waiting(PendingStanding.COMMITTED, "waiting", made_up_patches()),)
        await found.press("R")
        assert "kubectl patch secret" in found.text.replace("\n", " ").replace("       ", "")
        await found.press("c")
        await found.type("new.env")
        await found.press("enter")
        assert found.desk.calls[-1].facts == {"env_files": ("new.env",)}


async def test_the_new_password_of_a_pending_change_is_shown_on_demand() -> None:
    async with stage(NARROW, pending=PENDING) as found:
        found.desk.stands = (waiting(PendingStanding.COMMITTED, "waiting"),)
        await found.press("R")
        check_masked(found)
        await found.press("p")
        assert NEW.reveal() in found.text


async def test_help_and_palette_know_the_keys() -> None:
    async with stage() as found:
        await planned(found)
        await found.press("question_mark")
        assert "Change the password as planned; asks once" in found.text
        await found.press("escape", "ctrl+p")
        await found.type("change it")
        await found.press("enter")
        assert "Change the password?" in found.text


async def test_a_crash_in_the_middle_writes_no_password_to_the_log(tmp_path: Path) -> None:
    class Failing(GalleryApp):
        BINDINGS = [("f12", "fail")]  # noqa: RUF012

        def action_fail(self) -> None:
            raise RuntimeError(f"{NEW.reveal()} and {OLD.reveal()}")

    async def crash() -> None:
        async with stage(app_class=Failing, log_folder=tmp_path) as found:
            await planned(found)
            await found.press("a", "y")
            await found.pilot.press("f12")

    with pytest.raises(RuntimeError):
        await crash()
    log = (tmp_path / LOG_NAME).read_text()
    assert "RuntimeError: ******** and ********" in log
