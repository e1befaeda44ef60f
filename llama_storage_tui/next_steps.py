"""What an operator can do now, as values: the core names a step, and each front end words it with its own key, command or option.

The lowest room of the package, below `errors`: an error carries the step that leads on from it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from llama_storage_tui.deferred import dataclass


class Step(StrEnum):
    """Something to do in this program. `of` is what `Advice.of` names with it."""

    LIST_TABLES = "list-tables"
    """`of`: a backend."""
    LIST_NAMESPACES = "list-namespaces"
    """`of`: a backend."""
    LIST_UNASSIGNED = "list-unassigned"
    LIST_RECORDS = "list-records"
    """`of`: responses, conversations or completions."""
    LIST_OBJECTS = "list-objects"
    """`of`: a record family."""
    READ_ALL_RESPONSES = "read-all-responses"
    NEWEST_FIRST = "newest-first"
    SEE_FINDINGS = "see-findings"

    NAME_CONFIG = "name-config"
    CHOOSE_ENTRY = "choose-entry"
    """A manifest holds several."""
    READ_OUTPUT = "read-output"
    """`of`: a command whose output is the config."""
    READ_AS_VERSION = "read-as-version"
    """`of`: a version; empty for any."""
    GIVE_ENV_FILE = "give-env-file"
    """`of`: the file; empty for one that the operator knows."""
    ASSUME_SET = "assume-set"
    MAP_PATH = "map-path"
    WAIT_LONGER = "wait-longer"
    """For a connection."""
    QUERY_LONGER = "query-longer"

    FINISH_CHANGE = "finish-change"
    """`of`: the run config of a pending password change; empty for the one at hand."""
    CONFIRM_CHANGE = "confirm-change"
    """`of`: as above."""
    UNDO_CHANGE = "undo-change"
    ADOPT_PASSWORD = "adopt-password"  # noqa: S105 - a step, not a secret
    CHANGE_BY_HAND = "change-by-hand"
    CHANGE_FILES_ONLY = "change-files-only"
    ACCEPT_UNCHECKED = "accept-unchecked"
    LEAVE_OUT_USERLIST = "leave-out-userlist"
    CHANGE_TOGETHER = "change-together"
    """`of`: the configs that hold one password."""
    MIGRATE_DATA = "migrate-data"
    """Bring what the config's version does not read, or not in the form that it has."""
    RESUME_TRANSFER = "resume-transfer"
    """`of`: the run config of a transfer of data that is half done."""
    RESUME_MOVE = "resume-move"
    """`of`: the run config of a move of a backend that is half done."""

    SEE_HOLDERS = "see-holders"
    """Of a file that is locked."""
    TEST_BACKENDS = "test-backends"
    MIGRATE_CONFIG = "migrate-config"
    """`of`: the version to bring the config to, as in the next ones."""
    PLAN_DATA = "plan-data"
    BRING_DATA = "bring-data"
    PLAN_IN_PLACE = "plan-in-place"
    """With the config as it is."""
    BRING_IN_PLACE = "bring-in-place"
    PLAN_FORMER = "plan-former"
    """`of`: the config that wrote the data, which was kept beside the one at hand."""
    BRING_PUBLIC_DATA = "bring-public-data"
    """The same, with rows without an owner made public."""
    CHECK_MIGRATED = "check-migrated"
    CHECK_AS_VERSION = "check-as-version"


UNNAMED: Final = {
    Step.READ_AS_VERSION: "VERSION",
    Step.GIVE_ENV_FILE: "FILE",
    Step.FINISH_CHANGE: "RUN_CONFIG",
    Step.CONFIRM_CHANGE: "RUN_CONFIG",
    Step.CHANGE_TOGETHER: "RUN_CONFIG",
    Step.RESUME_TRANSFER: "RUN_CONFIG",
    Step.RESUME_MOVE: "RUN_CONFIG",
    Step.MIGRATE_CONFIG: "VERSION",
    Step.PLAN_DATA: "VERSION",
    Step.BRING_DATA: "VERSION",
    Step.PLAN_IN_PLACE: "VERSION",
    Step.PLAN_FORMER: "OLD_CONFIG",
    Step.BRING_IN_PLACE: "VERSION",
    Step.BRING_PUBLIC_DATA: "VERSION",
    Step.CHECK_MIGRATED: "VERSION",
    Step.CHECK_AS_VERSION: "VERSION",
}
"""What stands for `of` where a step names none."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about something: sentences that hold everywhere, then a step in this program."""

    text: str
    step: Step
    of: str = ""


Help = str | Advice
"""What stands below an error, a finding or a check."""


def worded(help_: Help | None, step_words: Callable[[Step, str], str]) -> str:
    """Return help as one text, its step in the words of a front end; empty where there is none."""
    if not isinstance(help_, Advice):
        return help_ or ""
    return f"{help_.text} {step_words(help_.step, help_.of)}".strip()
