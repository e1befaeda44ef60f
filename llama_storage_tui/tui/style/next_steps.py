"""Next steps as keys; what only the start of the program can choose, as the option that it is started with."""

from __future__ import annotations

import shlex
from typing import Final

from llama_storage_tui.next_steps import UNNAMED, Help, Step, worded

PROGRAM: Final = "llama-storage-tui"
"""For a shell beside the app, which a pipe needs."""

_WORDS: Final = {
    Step.LIST_TABLES: "The backend {of} lists its tables: enter on it in the catalog.",
    Step.LIST_NAMESPACES: "The namespaces of {of} list them as unassigned keys.",
    Step.LIST_UNASSIGNED: "The list of namespaces ends with the keys outside them.",
    Step.LIST_RECORDS: "The list of {of} shows those that are stored.",
    Step.LIST_OBJECTS: "The list of {of} shows those that are stored.",
    Step.READ_ALL_RESPONSES: "The list of problems (A in the catalog) looks at all of them.",
    Step.NEWEST_FIRST: "List the newest first.",
    Step.SEE_FINDINGS: "The findings (f) say more about it.",
    Step.NAME_CONFIG: "Name one when you start the program, or set $OGX_CONFIG or $LLAMA_STACK_CONFIG.",
    Step.CHOOSE_ENTRY: "Start with --key and the entry's name.",
    Step.READ_OUTPUT: f"{{of}} | {PROGRAM} -",
    Step.READ_AS_VERSION: "v in the catalog reads the config as {of} does.",
    Step.GIVE_ENV_FILE: "Start with --env-file {of} to give the variables.",
    Step.ASSUME_SET: "Start with --assume-set to check the rest without it.",
    Step.MAP_PATH: "If the path is the server's, start with --map-path FROM=TO to read it elsewhere.",
    Step.WAIT_LONGER: "To wait longer, start with a larger --timeout.",
    Step.QUERY_LONGER: "To wait longer, start with a larger --query-timeout.",
    Step.FINISH_CHANGE: "R shows its state and what finishes it.",
    Step.CONFIRM_CHANGE: "R: confirm the change when you have written the new password.",
    Step.UNDO_CHANGE: "Undo the change (u).",
    Step.ADOPT_PASSWORD: "Type the password that works (w).",
    Step.CHANGE_BY_HAND: (
        "Start with the --env-file that sets the variable, or choose in the options (m) to change these places by hand."
    ),
    Step.CHANGE_FILES_ONLY: "Then choose “files only” in the options (m) and type the new password.",
    Step.ACCEPT_UNCHECKED: "To change the password without verification, choose that in the options (m).",
    Step.CHANGE_TOGETHER: "Name the others in the options (m) of the change: {of}.",
    Step.MIGRATE_DATA: "d in the list of what is left behind (L) plans the transfer.",
    Step.RESUME_TRANSFER: "R in the catalog shows where it stands, and finishes or undoes it.",
    Step.RESUME_MOVE: "R in the catalog shows where it stands, and finishes or undoes it.",
    Step.LEAVE_OUT_USERLIST: "Leave the PgBouncer list empty in the options (m).",
    Step.SEE_HOLDERS: "T in the catalog names the processes that have it open, where they can be seen.",
    Step.TEST_BACKENDS: "T in the catalog tests them.",
    Step.MIGRATE_CONFIG: "m shows both files; w there replaces RUN_CONFIG and keeps the old one as RUN_CONFIG.before-{of}.",
    Step.PLAN_DATA: "d shows the plan when the new config is written; RUN_CONFIG.before-{of} is the one that wrote the data.",
    Step.BRING_DATA: "a on the plan (d) carries it out.",
    Step.PLAN_FORMER: "d shows the plan: {of} is the config that wrote the data.",
    Step.PLAN_IN_PLACE: "d shows the plan.",
    Step.BRING_IN_PLACE: "a on the plan (d) carries it out.",
    Step.BRING_PUBLIC_DATA: "m on the plan (d): choose that ownerless rows were public.",
    Step.CHECK_AS_VERSION: f"In a shell: {PROGRAM} check RUN_CONFIG --for {{of}} --data",
    Step.CHECK_MIGRATED: f"In a shell: {PROGRAM} check RUN_CONFIG --for {{of}} --data",
}
_UNNAMED: Final = {
    **UNNAMED,
    Step.READ_AS_VERSION: "another version",
    Step.CHANGE_TOGETHER: "the other configs",
}


def step_words(step: Step, of: str = "") -> str:
    """Return the sentence that names the key of a step."""
    return _WORDS[step].format(of=of or _UNNAMED.get(step, ""))


def help_words(help_: Help | None) -> str:
    """Return help as one text; empty where there is none."""
    return worded(help_, step_words)


def password_command(config: str) -> str:
    """Return the command that prints the new password of a pending change into a pipe, for a shell beside the app."""
    return f"{PROGRAM} rotate {shlex.quote(config)} --new-password"
