"""Checks and sentences of a plan that are the same for every engine."""

from __future__ import annotations

from collections.abc import Iterator

from llama_storage_tui.model.rotation import Check, LoginAnswer, LoginState, RoleFacts, Terms
from llama_storage_tui.next_steps import Help


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
