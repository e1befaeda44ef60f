"""The reasons to look at a response, by server version. Pure functions.

Source: the response stores of llama-stack 0.3.0 to 0.7.3 and ogx 0.8.0 to 1.5.0, and stores that servers of 0.3.5, 0.7.3 and
1.5.0 wrote.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.access import Tenancy
from llama_storage_tui.model.attention import Category, CategoryName, Thresholds
from llama_storage_tui.model.records import AnyOf, Between, DocumentShape, Equals, Field, Measure, Not, OneOf
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.summaries import BYTES, CREATED, OWNER, SHAPE, STATUS, STORE, TENANT
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.families.responses import DOCUMENT
from llama_storage_tui.upstream.resuming import STATUSES, UNFINISHED

OUTPUT_ITEMS: Final = Field("output_items", DOCUMENT, ("output",), Measure.ITEMS)

MAKE_PUBLIC: Final = (
    "Where everybody may see them: stop the servers, back up the table, and set owner_principal to '' in these rows alone. Nothing"
    " tells them from other rows without an owner afterwards, so keep a list of their ids."
)
ADD_STORE: Final = (
    'Stop the servers, back up the table, and add "store": true to each of these documents, changing nothing'
    " else in them."
)
"""What to do about rows of a category that a rule finds as well: said in one place for both."""

_IS_OBJECT: Final = Equals(SHAPE, DocumentShape.OBJECT.value)


def categories(
    version: Version, thresholds: Thresholds, *, now: float, tenancy: Tenancy = Tenancy.DISABLED
) -> tuple[Category, ...]:
    """Return every category that a server of that version and tenancy has, the most urgent first.

    `now` is epoch seconds, and what stuck and future are measured by.
    """
    no_store = without_store(version)
    no_owner = Category(CategoryName.NO_OWNER, (Equals(OWNER, None),), OWNER.column)
    no_tenant = Category(CategoryName.NO_TENANT, (Equals(TENANT, None),), TENANT.column)
    return (
        *_by_status(thresholds, now),
        Category(CategoryName.UNPARSABLE, (Equals(SHAPE, DocumentShape.BROKEN.value),)),
        Category(
            CategoryName.NO_OBJECT,
            (Not(OneOf(SHAPE, (DocumentShape.OBJECT.value, DocumentShape.BROKEN.value))),),
        ),
        *([no_store] if no_store else []),
        no_owner,
        *([no_tenant] if tenancy is Tenancy.MULTI else []),
        Category(
            CategoryName.EMPTY_OUTPUT,
            (Equals(STATUS, "completed"), AnyOf((Equals(OUTPUT_ITEMS, "0"), Equals(OUTPUT_ITEMS, None)))),
        ),
        Category(CategoryName.VERY_LARGE, (Between(BYTES, thresholds.large, None),)),
        Category(CategoryName.NO_TIME, (Not(Between(CREATED)),)),
        Category(CategoryName.FUTURE_TIME, (Between(CREATED, now + thresholds.ahead, None),)),
        Category(CategoryName.UNKNOWN_STATUS, (_IS_OBJECT, Not(OneOf(STATUS, STATUSES)))),
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


def _by_status(thresholds: Thresholds, now: float) -> tuple[Category, ...]:
    return (
        Category(CategoryName.FAILED, (Equals(STATUS, "failed"),)),
        Category(CategoryName.INCOMPLETE, (Equals(STATUS, "incomplete"),)),
        Category(
            CategoryName.STUCK,
            (OneOf(STATUS, UNFINISHED), Between(CREATED, None, now - thresholds.stuck_after)),
        ),
    )


def without_store(version: Version) -> Category | None:
    """Return the category of responses without the field `store`; None for versions that do not need it."""
    if version < changes.RESPONSES_SAY_STORED:
        return None
    return Category(CategoryName.NO_STORE, (_IS_OBJECT, Equals(STORE, None)))
