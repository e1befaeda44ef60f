"""Password changes: the plan, the steps, the end, and why one did not happen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.rotation import (
    Action,
    LineChange,
    Outcome,
    Patch,
    Plan,
    Result,
    RoleSession,
    Site,
    Way,
)
from llama_storage_tui.reports.lines import (
    ARROW,
    BAD,
    GOOD,
    LATER,
    NOW,
    POINT,
    WARNING,
    Block,
    Line,
    LineMark,
    Tone,
)
from llama_storage_tui.text import plural

PasswordCommand = Callable[[str], str]
"""Gives the command that prints the new password of a run config's pending change."""

_ACTIONS: Final = {
    Action.WRITE: LineMark("written ", Tone.GOOD),
    Action.DRIFTED: LineMark("differs ", Tone.BAD),
    Action.BY_HAND: LineMark("by hand ", Tone.WARNING),
    Action.LEAVE: LineMark("kept    "),
    Action.UNKNOWN: LineMark("unknown ", Tone.WARNING),
}
_ENDS: Final = {
    Outcome.APPLIED: "The password was changed at the server and in every place.",
    Outcome.RECOVERED: "The pending change was finished: server and files have the new password.",
    Outcome.UNDONE: "The pending change was undone: server and files have the old password.",
    Outcome.NONE: "Nothing was pending.",
}
STEPS: Final = {
    "locked": "the folders of the files are locked",
    "journaled": "the journal is written",
    "marked": "file {number} is marked as changing",
    "staged": "the new file {number} is staged",
    "prepared": "everything is staged and journaled",
    "asked": "the server was asked which password it has",
    "adopted": "the password that works is journaled",
    "connected": "the role's transaction is open",
    "altered": "the server holds the new password, uncommitted",
    "old-checked": "the old password still logs in: nobody else changed it",
    "committed": "the server has the new password",
    "verified": "the new password logs in, and the old one is refused",
    "swapped": "file {number} is swapped",
    "read-again": "every place yields the new password, and it logs in",
    "waiting": "the change waits for what you write by hand",
    "audited": "the audit log has its line",
    "cleaned": "the staged files and markers are removed",
    "closed": "the journal is closed and holds no secret",
}
"""The steps of a rotation in an operator's words, for whoever shows them while it runs."""

NO_SESSION: Final = (
    "The server shows no session of this role. Restart any process that read the old password before the change: its next login"
    " fails."
)


def refusal_block(plan: Plan) -> Block | None:
    """Return what stops a plan, with the way out of each; None where nothing does."""
    if plan.refusal is None:
        return None
    lines = [Line("This cannot be done now. Nothing was changed.", Tone.BAD, BAD)]
    for check in plan.checks:
        if not check.is_ok:
            lines.append(Line(check.message, indent=2))
            if check.help:
                lines.append(Line(check.help, Tone.KEY, ARROW, 2))
    return Block(tuple(lines))


def plan_blocks(plan: Plan, command: PasswordCommand) -> Iterator[Block]:
    """Yield what a plan would do and what was looked at for it, without what stops it and without its notices."""
    credential = plan.credential
    used_by = f"used by {', '.join(credential.backends)}"
    yield Block(
        (
            Line(f"role {credential.role} on server {credential.server}", Tone.KEY),
            Line(f"reached as {', '.join(credential.locations)}", indent=2),
            *([Line(used_by, Tone.MUTED, indent=2)] if credential.backends else []),
        )
    )
    yield Block(tuple(line for site in plan.sites for line in _site(site)), plural(len(plan.sites), "place"))
    if plan.changes:
        yield Block(tuple(line for change in plan.changes for line in _change(change)), "line changes")
    if plan.patches:
        yield patch_block(plan.patches, "by hand, once the server has changed", command)
    if plan.strategy:
        in_use = "" if plan.connections is None else " ({} of {} connections are in use)"
        yield Block(
            session_lines(plan.restart) or (Line(NO_SESSION, indent=2),),
            f"to restart afterwards{in_use.format(*plan.connections or ())}",
        )
    yield Block(
        tuple(
            Line(
                f"{check.name}: {check.message}",
                Tone.PLAIN if check.is_ok else Tone.BAD,
                GOOD if check.is_ok else BAD,
                2,
            )
            for check in plan.checks
        ),
        "checks",
    )
    if plan.strategy:
        numbered = enumerate(plan.strategy, 1)
        yield Block(
            tuple(Line(text, mark=LineMark(str(number)), indent=2) for number, text in numbered), "how"
        )
    if plan.privileges:
        yield Block(tuple(Line(text, indent=2) for text in plan.privileges), "rights")


def notice_block(notices: Iterable[str]) -> Block:
    """Return what an operator should know."""
    return Block(tuple(Line(text, mark=WARNING, indent=2) for text in notices), "notices")


def _site(site: Site) -> Iterator[Line]:
    place = f"{site.file}:{site.line}" if site.file else "the process environment"
    yield Line(site.path, mark=_ACTIONS[site.action], indent=2)
    yield Line(f"{site.via}, {place}", Tone.MUTED, indent=11)
    if site.note:
        tone = Tone.MUTED if site.action in (Action.WRITE, Action.LEAVE) else Tone.WARNING
        yield Line(site.note, tone, indent=11)


def _change(change: LineChange) -> Iterator[Line]:
    yield Line(f"{change.file}, line {change.line}", indent=2)
    yield Line(change.before.strip(), Tone.MUTED, LineMark("-"), 4)
    yield Line(change.after.strip(), Tone.KEY, LineMark("+", Tone.KEY), 4)


def patch_block(patches: Iterable[Patch], title: str, command: PasswordCommand) -> Block:
    """Return what is left to the operator; `command` gives what prints the new password of a config's change."""
    lines: list[Line] = []
    reason = ""
    for patch in patches:
        lines += _change(patch.change) if patch.change else [Line(patch.place, indent=2)]
        if patch.reason != reason:
            lines.append(Line(patch.reason, Tone.MUTED, indent=4))
        reason = patch.reason
        lines += [Line(way, mark=POINT, indent=4) for way in way_sentences(patch, command)]
    return Block(tuple(lines), title)


def way_sentences(patch: Patch, command: PasswordCommand) -> tuple[str, ...]:
    """Return how the password gets to its place, as exact as it can be said without it.

    It goes through a pipe or a file, never through the arguments of a command, which every user of a machine can read. A shell's
    own printf is no command with arguments.
    """
    return tuple(
        way if not isinstance(way, Way) else _way_sentence(way, patch.variable or "", command(patch.config))
        for way in patch.ways
    )


def _way_sentence(way: Way, variable: str, source: str) -> str:
    match way:
        case Way.PIPE:
            return f"the new password, for a pipe or a file: {source}"
        case Way.URI:
            return f"{variable} holds a URI: the password in it changes, percent-encoded; the new password: {source}"
        case Way.KUBERNETES_SECRET:
            return (
                f"Kubernetes Secret: {source} | kubectl create secret generic SECRET --from-file=KEY=/dev/stdin"
                " --dry-run=client -o json | kubectl patch secret SECRET --patch-file /dev/stdin"
            )
        case Way.ENV_FILE:
            return (
                "env file of compose (env_file:) or systemd (EnvironmentFile=), whose other lines stay; write the line that"
                f" replaces {variable}'s to a new file: (umask 077; set -C; printf '{variable}=%s\\n' \"$({source})\" > NEW_FILE)"
            )
        case Way.ENVIRONMENT:
            return f"compose environment: or a systemd drop-in: change the line that sets {variable}; the new password: {source}"


def session_lines(sessions: Iterable[RoleSession]) -> tuple[Line, ...]:
    """Return a line for each session whose process needs a restart."""
    return tuple(
        Line(
            f"{session.application or 'unnamed'} from {session.client or 'the same host'}"
            f"{f', database {session.database}' if session.database else ''}, session {session.pid}",
            mark=POINT,
            indent=2,
        )
        for session in sessions
    )


def result_blocks(
    result: Result, command: PasswordCommand, *, audit_log: Path, journals: Path
) -> Iterator[Block]:
    """Yield how a change ended, or what it waits for; without its notices."""
    if result.outcome is Outcome.PENDING:
        yield Block(
            (
                Line("The server has the new password; the change waits for you.", Tone.WARNING, WARNING),
                *(Line(sentence, indent=2) for sentence in result.waiting),
                Line(
                    f"journal {result.journal} in {journals} has both passwords until then",
                    Tone.MUTED,
                    indent=2,
                ),
            )
        )
        if result.patches:
            yield patch_block(result.patches, "by hand", command)
        if result.next:
            yield Block((Line(result.next, Tone.KEY, ARROW),))
    else:
        yield _end_block(result, audit_log)
    if result.restart:
        yield Block(
            session_lines(result.restart),
            "restart the processes behind these sessions: their next login would fail",
        )


def _end_block(result: Result, audit_log: Path) -> Block:
    sentence = _ENDS.get(result.outcome, result.outcome.value)
    end = (
        Line(sentence, Tone.GOOD, GOOD)
        if result.is_verified
        else Line(f"{sentence} That could not be verified.", Tone.WARNING, WARNING)
    )
    return Block(
        (
            end,
            Line(f"journal {result.journal}, closed and without secrets", Tone.MUTED, indent=2),
            Line(f"its line is in {audit_log}", Tone.MUTED, indent=2),
        )
    )


def step_block(done: Sequence[str], expected: Sequence[str], *, is_running: bool, has_failed: bool) -> Block:
    """Return the steps: those that happened, the one that runs or failed, those to come."""
    lines = [Line(words(step), mark=GOOD, indent=2) for step in done]
    to_come = [step for step in expected if step not in done]
    if has_failed:
        failed = words(to_come[0]) if to_come else "the next step"
        lines.append(Line(f"not reached: {failed}", Tone.BAD, BAD, 2))
    elif is_running:
        for number, step in enumerate(to_come):
            lines.append(Line(words(step), Tone.MUTED, LATER if number else NOW, 2))
        if not to_come:
            lines.append(Line("working", Tone.MUTED, NOW, 2))
    return Block(tuple(lines), "steps")


def expected_steps(plan: Plan) -> tuple[str, ...]:
    """Return the steps that a plan goes through where nothing stops it."""
    files = list(dict.fromkeys(change.file for change in plan.changes))
    numbers = range(1, len(files) + 1)
    return (
        "locked",
        "journaled",
        *(step for number in numbers for step in (f"marked-{number}", f"staged-{number}")),
        "prepared",
        *plan.server_steps,
        "verified",
        *(f"swapped-{number}" for number in numbers),
        *(("waiting",) if plan.patches else ("read-again", "audited", "cleaned", "closed")),
    )


def error_block(error: StorageToolError) -> Block:
    """Return why something did not happen, and whether anything changed."""
    first = (
        Line("The change is unfinished; recovery resumes from the journal.", Tone.WARNING, WARNING)
        if error.kind == "pending"
        else Line("Nothing was changed.", Tone.BAD, BAD)
    )
    help_ = [Line(error.help, Tone.KEY, ARROW, 2)] if error.help else []
    is_named = not error.where or error.where in error.message
    where = [] if is_named else [Line(f"at {error.where}", Tone.MUTED, indent=2)]
    return Block((first, Line(error.message, indent=2), *where, *help_))


def words(step: str) -> str:
    """Return the sentence of a step: its name, or its name with the number of a file behind it."""
    name, _, number = step.rpartition("-")
    return STEPS[name].format(number=number) if number.isdecimal() else STEPS[step]
