"""The checks of a plan that are the same for every engine, and its steps in words: of the places of a password, of their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from llama_storage_tui.config.password_locations import CarrierKind
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.rotation import Action, Check, LoginAnswer, LoginState, RoleFacts, Site, Terms
from llama_storage_tui.next_steps import Advice, Help, Step
from llama_storage_tui.services.rotation.identity import ComparedCredential, CredentialMatch
from llama_storage_tui.services.rotation.rewriting import Writing
from llama_storage_tui.services.rotation.sites import foreign_uses
from llama_storage_tui.services.rotation.sources import Sources


def judge_wrong_password(
    answer: LoginAnswer, unchecked: tuple[str, Help], *, is_accepted: bool = False
) -> Check:
    """Judge the answer to a random password: only a refusal proves that passwords are checked at all.

    `unchecked` is how that may be and what to do about it; `is_accepted` is the operator's word that an unchecked change is
    wanted all the same.
    """
    match answer.state:
        case LoginState.REFUSED:
            return Check(
                "passwords-checked",
                is_ok=True,
                message="A random password is refused (one attempt was made).",
            )
        case LoginState.ACCEPTED:
            return Check(
                "passwords-checked",
                is_ok=is_accepted,
                message=f"The server lets this role in with any password{unchecked[0]}: nothing "
                + ("can be verified, which you accepted." if is_accepted else "could be verified."),
                help=unchecked[1],
            )
        case LoginState.UNKNOWN:
            return Check(
                "passwords-checked",
                is_ok=False,
                message=f"Could not find out whether the server checks passwords: {answer.message}",
                help="Try again.",
            )


def strategy(facts: RoleFacts, terms: Terms, *, is_left: bool) -> Iterator[str]:
    """Say in which steps the password would be changed; `is_left` where places are left to the operator."""
    if terms.changes_server:
        yield from facts.strategy
        yield "log in with the new password through every address" + (
            "" if terms.is_server_only else ", then swap the files"
        )
    else:
        yield "leave the server alone: it has the new password already"
        yield "swap the files"
    if is_left:
        yield "keep the change open, both passwords in the journal, until you have written the other places"
        yield "when you confirm: read every place again and log in with the password found there"
    else:
        yield "read every place again and log in with the password found there"


_TROUBLES: Final[Mapping[Action, tuple[str, str, str, Help]]] = {
    Action.DRIFTED: (
        "drift",
        "holds another password for the same role",
        "No place holds another password for the same role.",
        "Find out which password is right, and make the places agree first.",
    ),
    Action.BY_HAND: (
        "by-hand",
        "cannot be written from here",
        "Every place can be written from here.",
        Advice("", Step.CHANGE_BY_HAND),
    ),
}
"""What a plan stops at: the name of its check, what is said of such a place, what where there is none, and what to do."""


def check_sites(
    sites: Sequence[Site], credentials: Sequence[ComparedCredential], *, may_leave: bool
) -> Iterator[Check]:
    """Check that every place holds the current password and can be written, or is left to the operator who asked for it."""
    for action, (name, words, otherwise, help_) in _TROUBLES.items():
        found = [site for site in sites if site.action is action]
        message = "; ".join(f"{site.config}: {site.path} {site.note or words}" for site in found)
        if found and action is Action.BY_HAND and may_leave:
            message = f"Left to you, which you asked for: {message}"
        yield Check(
            name,
            is_ok=not found or (action is Action.BY_HAND and may_leave),
            message=message or otherwise,
            help=help_ if found else None,
        )
    unclear = [one for one in credentials if one.match is CredentialMatch.UNCLEAR]
    message = "; ".join(
        f"{one.entry.holder.config}: {one.entry.holder.shown} has the same role and password, and whether it is the same"
        f" server cannot be determined: {one.reason}"
        for one in unclear
    )
    yield Check(
        "sites",
        is_ok=not unclear,
        message=message or _holding(len(sites)),
        help="Run this where that address can be reached." if unclear else None,
    )


def check_variables(
    sources: Sources, writings: Sequence[Writing], left: Sequence[Writing]
) -> Iterator[Check]:
    """Check that no variable to be changed serves another credential, and say which ones are only defaults here."""
    uses = list(foreign_uses(sources, (*writings, *left)))
    message = "; ".join(f"{variable} is also read by {config}: {path}" for variable, config, path in uses)
    yield Check(
        "shared-variables",
        is_ok=not uses,
        message=f"{message}, which is not this credential."
        if uses
        else "No variable serves two credentials.",
        help="Give each credential a variable of its own." if uses else None,
    )
    loose = sorted(
        {
            one.carrier.variable or ""
            for one in writings
            if one.carrier.kind is CarrierKind.DEFAULT and one.carrier.is_used
        }
    )
    if loose:
        yield Check(
            "defaults",
            is_ok=True,
            message=f"{', '.join(loose)} is not set here, so the default counts; a server that sets it logs in with that.",
        )


def check_files(
    writings: Sequence[Writing], left: Sequence[Writing], hindrances: Mapping[str, RefusedError]
) -> Iterator[Check]:
    """Check that every file to be changed can be replaced, and that there is something to change."""
    names = dict.fromkeys(writing.carrier.file for writing in writings if writing.carrier.file)
    refusals = [hindrances[name] for name in names if name in hindrances]
    is_enough = bool(names) or bool(left)
    yield Check(
        "files",
        is_ok=not refusals and is_enough,
        message="; ".join(refused.message for refused in refusals)
        or (_replaceable(len(names)) if names else "No file is written from here."),
        help=next((refused.help for refused in refusals if refused.help), None),
    )


def _holding(number: int) -> str:
    return f"{'1 place holds' if number == 1 else f'{number} places hold'} this credential or once did."


def _replaceable(number: int) -> str:
    return "1 file can be replaced." if number == 1 else f"{number} files can be replaced."
