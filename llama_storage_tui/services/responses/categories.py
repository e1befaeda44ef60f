"""The reasons to look at a response, by server version. Pure functions.

Source: the response stores of llama-stack 0.3.0 to 0.7.3 and ogx 0.8.0 to 1.5.0, and stores that servers of 0.3.5, 0.7.3 and
1.5.0 wrote.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.access import Tenancy
from llama_storage_tui.model.attention import Category, Thresholds
from llama_storage_tui.model.records import AnyOf, Between, DocumentShape, Equals, Field, Measure, Not, OneOf
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.summaries import CREATED, OWNER, STATUS, STORE
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.families.responses import DOCUMENT
from llama_storage_tui.upstream.resuming import STATUSES

UNFINISHED: Final = ("queued", "in_progress")


SHAPE: Final = Field("shape", DOCUMENT, measure=Measure.SHAPE)
OUTPUT_ITEMS: Final = Field("output_items", DOCUMENT, ("output",), Measure.ITEMS)
BYTES: Final = Field("bytes", DOCUMENT, measure=Measure.BYTES)
TENANT: Final = Field("tenant", "tenant_id")

MAKE_PUBLIC: Final = (
    "Where everybody may see them: stop the servers, back up the table, and set owner_principal to '' in these rows alone. Nothing"
    " tells them from other rows without an owner afterwards, so keep a list of their ids."
)

ADD_STORE: Final = (
    'Stop the servers, back up the table, and add "store": true to each of these documents, changing nothing'
    " else in them."
)
_IS_OBJECT: Final = Equals(SHAPE, DocumentShape.OBJECT.value)

NAMES: Final = (
    "failed",
    "incomplete",
    "stuck",
    "unparsable",
    "no-object",
    "no-store",
    "no-owner",
    "no-tenant",
    "empty-output",
    "very-large",
    "no-time",
    "future-time",
    "unknown-status",
)


def categories(
    version: Version, thresholds: Thresholds, *, now: float, tenancy: Tenancy = Tenancy.DISABLED
) -> tuple[Category, ...]:
    """Return every category that a server of that version and tenancy has, the most urgent first.

    `now` is epoch seconds, and what stuck and future are measured by.
    """
    no_store = without_store(version)
    return (
        *_by_status(version, thresholds, now),
        *_broken(),
        *([no_store] if no_store else []),
        _without_owner(version),
        *([_without_tenant()] if tenancy is Tenancy.MULTI else []),
        *_odd(thresholds),
        *_by_time(thresholds, now),
        Category(
            "unknown-status",
            "unknown status",
            "The status is missing or none that a server writes: a client that waits for an end may wait forever.",
            "Open one: something other than a server wrote it, or a newer server than this program knows.",
            (_IS_OBJECT, Not(OneOf(STATUS, STATUSES))),
        ),
    )


def category(
    name: str, version: Version, thresholds: Thresholds, *, now: float, tenancy: Tenancy = Tenancy.DISABLED
) -> Category:
    """Return one category; raises UsageError with the names."""
    known = categories(version, thresholds, now=now, tenancy=tenancy)
    for found in known:
        if found.name == name:
            return found
    names = ", ".join(each.name for each in known)
    raise UsageError(f"There is no category {name!r} for version {version}", help=f"There are: {names}.")


def _by_status(version: Version, thresholds: Thresholds, now: float) -> tuple[Category, ...]:
    stored = (
        ""
        if version >= changes.FAILED_KEPT
        else f" A server of version {version} stores none of these itself: they came from a newer one."
    )
    return (
        Category(
            "failed",
            "failed",
            f"The server gave up on them; the error is stored with each.{stored}",
            "Open one and read its error; many of one model or one hour point at the inference provider.",
            (Equals(STATUS, "failed"),),
        ),
        Category(
            "incomplete",
            "incomplete",
            "The answer was cut off: a limit of tokens or tool calls, or a content filter.",
            "Open one: incomplete_details.reason says which; raise max_output_tokens or shorten the chain.",
            (Equals(STATUS, "incomplete"),),
        ),
        Category(
            "stuck",
            f"queued or in progress for more than {_span(thresholds.stuck_after)}",
            "A server writes a response while it streams or works in the background; one that stopped leaves it so forever.",
            "See whether a server still works on them; if none does, clients have to ask again, since nothing resumes them.",
            (OneOf(STATUS, UNFINISHED), Between(CREATED, None, now - thresholds.stuck_after)),
        ),
    )


def _broken() -> tuple[Category, ...]:
    return (
        Category(
            "unparsable",
            "invalid JSON",
            "A server fails on such a row, and with it on every page of a listing that would show it.",
            "Look at the raw row: a cut-off write, a bad copy or other software. First stop the servers and back it up.",
            (Equals(SHAPE, DocumentShape.BROKEN.value),),
        ),
        Category(
            "no-object",
            "not an object",
            "The column holds JSON, or nothing, but no response: a server fails when it reads the row.",
            "Look at the raw row; something other than a server wrote it.",
            (Not(OneOf(SHAPE, (DocumentShape.OBJECT.value, DocumentShape.BROKEN.value))),),
        ),
    )


def without_store(version: Version) -> Category | None:
    """Return the category of responses without the field `store`; None for versions that do not need it."""
    since = changes.RESPONSES_SAY_STORED
    if version < since:
        return None
    return Category(
        "no-store",
        'no "store" field',
        f"Servers before {since} wrote no such field. Version {version} requires it: it fails on each of these, and on "
        "every page of a list that holds one.",
        ADD_STORE,
        (_IS_OBJECT, Equals(STORE, None)),
    )


def _without_tenant() -> Category:
    return Category(
        "no-tenant",
        "no tenant (NULL)",
        "tenant_id is NULL, written before tenancy was switched on. Under tenancy multi nobody sees such rows.",
        "Find out which tenant each belongs to, stop the servers, back up the table, and set tenant_id; under multi no"
        " server does.",
        (Equals(TENANT, None),),
        column=TENANT.column,
    )


def _without_owner(version: Version) -> Category:
    if version < changes.OWNERLESS_HIDDEN:
        why = (
            f"owner_principal is NULL. Version {version} still shows such rows to everybody where access_attributes is JSON null; "
            "from 0.4 on the default filter hides them from everybody."
        )
    else:
        why = (
            f"owner_principal is NULL, written without authentication by 0.3.1 or earlier. Version {version} hides such rows from "
            "everybody by its default filter; a custom access_policy may still show them to users who are signed in."
        )
    return Category(
        "no-owner",
        "no owner (NULL)",
        why,
        MAKE_PUBLIC,
        (Equals(OWNER, None),),
        column=OWNER.column,
    )


def _odd(thresholds: Thresholds) -> tuple[Category, ...]:
    return (
        Category(
            "empty-output",
            "completed without output",
            "The status says completed, but there is no output item: the client got an empty answer.",
            "Open one and compare with its stored chat completion; the model returned nothing, or a conversion lost it.",
            (Equals(STATUS, "completed"), AnyOf((Equals(OUTPUT_ITEMS, "0"), Equals(OUTPUT_ITEMS, None)))),
        ),
        Category(
            "very-large",
            f"{thresholds.large:,} bytes and more",
            "Listings read whole documents: a few such rows make them slow and the server's memory grow.",
            "Open one: before ogx 1.1 a chain copies its whole history into every response; images and tool output weigh most.",
            (Between(BYTES, thresholds.large, None),),
        ),
    )


def _by_time(thresholds: Thresholds, now: float) -> tuple[Category, ...]:
    return (
        Category(
            "no-time",
            "created_at is not a number",
            "created_at is missing or not a number: the row sorts to an end of every list and falls out of filters by time.",
            "Look at the raw row; servers write whole epoch seconds.",
            (Not(Between(CREATED)),),
        ),
        Category(
            "future-time",
            "created_at is in the future",
            "created_at lies ahead of this machine's clock: the row is listed before everything that is newer.",
            "Compare the clocks; a date far in the future is often milliseconds in the place of seconds.",
            (Between(CREATED, now + thresholds.ahead, None),),
        ),
    )


def _span(seconds: float) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds:g} seconds"
