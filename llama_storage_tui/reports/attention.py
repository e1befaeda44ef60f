"""What of the stored responses deserves a look, in words: each reason by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.attention import CategoryName, Thresholds
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.categories import ADD_STORE, MAKE_PUBLIC
from llama_storage_tui.text import plural
from llama_storage_tui.upstream import changes


@dataclass(frozen=True, slots=True)
class CategoryWords:
    """A title for a row, why such a response deserves a look, and what to do next."""

    title: str
    why: str
    next_step: str


_NO_OWNER: Final = "no owner (NULL)"

_ALWAYS: Final[Mapping[CategoryName, CategoryWords]] = {
    CategoryName.INCOMPLETE: CategoryWords(
        "incomplete",
        "The answer was cut off: a limit of tokens or tool calls, or a content filter.",
        "Open one: incomplete_details.reason says which; raise max_output_tokens or shorten the chain.",
    ),
    CategoryName.UNPARSABLE: CategoryWords(
        "invalid JSON",
        "A server fails on such a row, and with it on every page of a listing that would show it.",
        "Look at the raw row: a cut-off write, a bad copy or other software. First stop the servers and back it up.",
    ),
    CategoryName.NO_OBJECT: CategoryWords(
        "not an object",
        "The column holds NULL, or JSON that is not an object: a server fails when it reads the row.",
        "Look at the raw row; something other than a server wrote it.",
    ),
    CategoryName.NO_TENANT: CategoryWords(
        "no tenant (NULL)",
        "tenant_id is NULL, written before tenancy was switched on. Under tenancy multi nobody sees such rows.",
        "Find out which tenant each belongs to, stop the servers, back up the table, and set tenant_id; under multi no"
        " server does.",
    ),
    CategoryName.EMPTY_OUTPUT: CategoryWords(
        "completed without output",
        "The status says completed, but there is no output item: the client got an empty answer.",
        "Open one and compare with its stored chat completion; the model returned nothing, or a conversion lost it.",
    ),
    CategoryName.NO_TIME: CategoryWords(
        "created_at is not a number",
        "created_at is missing or not a number: the row sorts to an end of every list and falls out of filters by time.",
        "Look at the raw row; servers write whole epoch seconds.",
    ),
    CategoryName.FUTURE_TIME: CategoryWords(
        "created_at is in the future",
        "created_at lies ahead of this machine's clock: the row is listed before everything that is newer.",
        "Compare the clocks; a date far in the future is often milliseconds in place of seconds.",
    ),
    CategoryName.UNKNOWN_STATUS: CategoryWords(
        "unknown status",
        "The status is missing, or one that no server writes: a client that waits for an end may wait forever.",
        "Open one: something other than a server wrote it, or a newer server than this program knows.",
    ),
}


def category_words(name: CategoryName, version: Version, thresholds: Thresholds) -> CategoryWords:
    """Return what is said of a reason to look, by the server version and the limits that it was found for."""
    match name:
        case CategoryName.FAILED:
            newer = f" A server of version {version} stores no failed response: a newer server wrote these."
            return CategoryWords(
                "failed",
                f"The server gave up on them; the error is stored with each.{'' if version >= changes.FAILED_KEPT else newer}",
                "Open one and read its error; many of one model or one hour point at the inference provider.",
            )
        case CategoryName.STUCK:
            return CategoryWords(
                f"queued or in progress for more than {_span(thresholds.stuck_after)}",
                "A server writes a response while it streams or works in the background; where that server stops, it stays so"
                " forever.",
                "See whether a server still works on them; if none does, clients have to ask again, since nothing resumes them.",
            )
        case CategoryName.NO_STORE:
            return CategoryWords(
                'no "store" field',
                f"Servers before {changes.RESPONSES_SAY_STORED} wrote no such field. Version {version} requires it: it fails on"
                " each of these, and on every page of a list that holds one.",
                ADD_STORE,
            )
        case CategoryName.NO_OWNER if version < changes.OWNERLESS_HIDDEN:
            return CategoryWords(
                _NO_OWNER,
                f"owner_principal is NULL. Version {version} still shows such rows to everybody where access_attributes is JSON"
                " null; from 0.4 on the default filter hides them from everybody.",
                MAKE_PUBLIC,
            )
        case CategoryName.NO_OWNER:
            return CategoryWords(
                _NO_OWNER,
                f"owner_principal is NULL, written without authentication by 0.3.1 or earlier. Version {version} hides such rows"
                " from everybody by its default filter; a custom access_policy may still show them to users who are signed in.",
                MAKE_PUBLIC,
            )
        case CategoryName.VERY_LARGE:
            return CategoryWords(
                f"{thresholds.large:,} bytes and more",
                "Listings read whole documents: a few such rows make them slow and the server's memory grow.",
                "Open one: before ogx 1.1 a chain copies its whole history into every response; images and tool output weigh"
                " most.",
            )
        case _:
            return _ALWAYS[name]


def _span(seconds: float) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            return plural(int(seconds // length), unit)
    return f"{seconds:g} seconds"
