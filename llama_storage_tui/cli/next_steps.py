"""Next steps as commands and options."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from llama_storage_tui.next_steps import UNNAMED, Help, Step, worded

PROGRAM: Final = "llama-storage-tui"

_WORDS: Final = {
    Step.LIST_TABLES: "Use: tables RUN_CONFIG {of}",
    Step.LIST_NAMESPACES: "`namespaces RUN_CONFIG {of}` counts them as unassigned.",
    Step.LIST_UNASSIGNED: "Keys outside them: --unassigned.",
    Step.LIST_RECORDS: "`{of} RUN_CONFIG list` lists those that are stored.",
    Step.LIST_OBJECTS: "`objects RUN_CONFIG {of}` lists those that are stored.",
    Step.READ_ALL_RESPONSES: "`responses RUN_CONFIG attention --exact` looks at all of them.",
    Step.NEWEST_FIRST: "List the newest first: --order newest.",
    Step.SEE_FINDINGS: "`check RUN_CONFIG` says more about it.",
    Step.SEE_HOLDERS: "`test RUN_CONFIG` names the processes that have it open, where they can be seen.",
    Step.NAME_CONFIG: f"Name one: {PROGRAM} RUN_CONFIG, or set $OGX_CONFIG or $LLAMA_STACK_CONFIG.",
    Step.CHOOSE_ENTRY: "Choose one with --key.",
    Step.READ_OUTPUT: f"{{of}} | {PROGRAM} check -",
    Step.READ_AS_VERSION: "--for {of} reads the config as that version does.",
    Step.GIVE_ENV_FILE: "Give the variables with --env-file {of}.",
    Step.ASSUME_SET: "--assume-set checks the rest without it.",
    Step.MAP_PATH: "If the path is the server's, --map-path FROM=TO reads it elsewhere.",
    Step.WAIT_LONGER: "To wait longer, raise --timeout.",
    Step.QUERY_LONGER: "To wait longer, raise --query-timeout.",
    Step.FINISH_CHANGE: f"Finish it with: {PROGRAM} rotate {{of}} --recover",
    Step.CONFIRM_CHANGE: f"Confirm it with: {PROGRAM} rotate {{of}} --confirm",
    Step.UNDO_CHANGE: "Undo the change with --recover --undo.",
    Step.ADOPT_PASSWORD: "Give the password that works with --adopt.",
    Step.CHANGE_BY_HAND: "Name the env file that sets the variable with --env-file, or change these places by hand (--outside).",
    Step.CHANGE_FILES_ONLY: "Then write the new password to the files: --config-only --password-stdin.",
    Step.ACCEPT_UNCHECKED: "To change the password without verification, add --accept-unchecked.",
    Step.LEAVE_OUT_USERLIST: "Leave --userlist out.",
    Step.CHANGE_TOGETHER: "`rotate` one of them, with --also for each of the others: {of}.",
    Step.MIGRATE_DATA: "Transfer them, after a look at the plan: migrate-data RUN_CONFIG --dry-run",
    Step.RESUME_TRANSFER: f"Finish it with: {PROGRAM} migrate-data {{of}} --resume",
    Step.RESUME_MOVE: f"Finish it with: {PROGRAM} move {{of}} --resume",
}
_UPGRADING: Final = {
    Step.TEST_BACKENDS: "test {config}",
    Step.MIGRATE_CONFIG: "migrate {config} --to {of} --output {new}",
    Step.PLAN_DATA: "migrate-data {new} --from {config} --for {of} --dry-run",
    Step.BRING_DATA: "migrate-data {new} --from {config} --for {of}",
    Step.PLAN_IN_PLACE: "migrate-data {config} --for {of} --dry-run",
    Step.BRING_IN_PLACE: "migrate-data {config} --for {of}",
    Step.PLAN_FORMER: "migrate-data {config} --from {former} --for {of} --dry-run",
    Step.BRING_PUBLIC_DATA: "migrate-data {new} --from {config} --for {of} --public-rows",
    Step.CHECK_MIGRATED: "check {new} --for {of} --data",
    Step.CHECK_AS_VERSION: "check {config} --for {of} --data",
}
"""The commands of an upgrade, by the config as it is, the one that it becomes and the version."""
_PATHS: Final = (
    Step.GIVE_ENV_FILE,
    Step.FINISH_CHANGE,
    Step.CONFIRM_CHANGE,
    Step.RESUME_TRANSFER,
    Step.RESUME_MOVE,
)


def step_words(step: Step, of: str = "") -> str:
    """Return the sentence that names the command or option of a step."""
    if step in _UPGRADING:
        named = of or UNNAMED.get(step)
        version = "VERSION" if step is Step.PLAN_FORMER else named
        command = _UPGRADING[step].format(config="RUN_CONFIG", new="NEW_CONFIG", former=named, of=version)
        return f"Use: {command}"
    named = shlex.quote(of) if of and step in _PATHS else of
    return _WORDS[step].format(of=named or UNNAMED.get(step, ""))


def help_words(help_: Help | None) -> str:
    """Return help as one text; empty where there is none."""
    return worded(help_, step_words)


def finishing_command(step: Step, config: str) -> str:
    """Return the command that goes on with a pending change: Step.FINISH_CHANGE or Step.CONFIRM_CHANGE."""
    option = "--confirm" if step is Step.CONFIRM_CHANGE else "--recover"
    return f"{PROGRAM} rotate {shlex.quote(config)} {option}"


def resuming_command(config: str) -> str:
    """Return the command that finishes a transfer of data."""
    return f"{PROGRAM} migrate-data {shlex.quote(config)} --resume"


def password_command(config: str) -> str:
    """Return the command that prints the new password of a pending change, and nothing else."""
    return f"{PROGRAM} rotate {shlex.quote(config)} --new-password"


def upgrade_command(
    step: Step, config: str, version: str, options: Sequence[str] = (), former: str = ""
) -> str:
    """Return the command of a step of an upgrade: the new config stands beside the old one, with the version in its name.

    `options` are the words by which this call reads the config, which the next ones need, too; `former` is the config that wrote
    the data, where a step names it.
    """
    folder, slash, name = config.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    new = f"{folder}{slash}{stem}-{version}{dot}{ending}" if stem else f"config-{version}.yaml"
    command = _UPGRADING[step].format(
        config=shlex.quote(config), new=shlex.quote(new), former=shlex.quote(former), of=version
    )
    return " ".join((PROGRAM, command, *map(shlex.quote, options)))
