"""What could not be looked at, or is odd about what was, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.text import plural

_UNINDEXED: Final = "{what} has about {count:,} rows and no key"
_DOCUMENTS_DIFFER: Final = (
    "name different previous responses; servers rebuild inputs by the document and delete by the column."
)
_WORDS: Final = {
    NoticeKind.REASON: "{why}",
    NoticeKind.TABLE_NOT_READ: "Table {what} was not read: {why}",
    NoticeKind.BACKEND_NOT_READ: "Backend {what} was not read: {why}",
    NoticeKind.STORE_NOT_THERE: "Nothing of backend {what} was looked at: its store {of} is not there.",
    NoticeKind.EARLIER_RESPONSES_NOT_READ: "The responses before it were not read: {why}",
    NoticeKind.RESPONSES_OF_CONVERSATION_NOT_READ: "Its responses were not read: {why}",
    NoticeKind.CONVERSATIONS_NOT_CHECKED: "The conversations were not checked: {why}",
    NoticeKind.CONVERSATIONS_NOT_LOOKED_UP: "Conversations were not looked up: {why}",
    NoticeKind.CONVERSATIONS_NOT_INDEXED: f"Conversations were not looked up: {_UNINDEXED} that begins with an item's id.",
    NoticeKind.ITEMS_NOT_COUNTED: "Items were not counted: {why}",
    NoticeKind.ITEMS_NOT_INDEXED_BY_CONVERSATION: f"Items were not counted: {_UNINDEXED} on their conversation.",
    NoticeKind.ITEMS_NOT_INDEXED: f"Items were not looked up: {_UNINDEXED} that begins with an item's id.",
    NoticeKind.EARLIER_ITEMS_NOT_READ: "Whether {what} on backend {of} still holds items is unknown: {why}",
    NoticeKind.RESPONSE_NOT_SEARCHED: "No response was searched for: {why}",
    NoticeKind.TIME_NOT_A_NUMBER: "Its time is not a number, so no {what} was searched for.",
    NoticeKind.NO_TABLE: "There is no table {what}: no server has stored {of} there.",
    NoticeKind.COLUMNS_MISSING: "Table {what} holds no {of}: it lacks {why}.",
    NoticeKind.COLUMN_NOT_ADDED: "Table {what} has no column {of}: a server adds it when it starts, NULL in all its rows.",
    NoticeKind.NO_NAMESPACE: "Backend {what}: {why}",
    NoticeKind.RELATION_NOT_IN_KEYS: "Keys on backend {what} do not record this relation: list all objects instead.",
    NoticeKind.KEYS_NOT_FOLLOWED: "Keys on backend {what} are not followed: the list has them when it is read again.",
    NoticeKind.KEYS_OF_EARLIER_RELEASE: "Backend {what} holds {keys} of {of} as releases before 1.0 wrote them:"
    " version {why} does not read such keys, and 0.8 does.",
    NoticeKind.CONVERSATION_GONE: "The conversation is gone: only its items are left.",
    NoticeKind.IN_ANOTHER_TABLE: "{what} is also stored in {of}, which is not shown.",
    NoticeKind.IN_SEVERAL_CONVERSATIONS: "{items} in several conversations: whose they are is unknown.",
    NoticeKind.SEARCH_STOPPED: "Backend {what}: the search stopped after {why}.",
    NoticeKind.MORE_BEGIN_SO: "More than {count} {what} begin like this: type more of the id.",
    NoticeKind.TOO_MANY_GONE: "More than {count:,} conversations are gone: the search stopped there.",
    NoticeKind.TOO_MANY_NAMES: "There are more than {count:,} {what}: only that many are counted separately.",
    NoticeKind.ONLY_NEWEST_COMPARED: "Only the newest {count} of that time were compared.",
    NoticeKind.LISTING_FAILS: "A server's own listing fails for this user at {rows} met so far: {why}.",
    NoticeKind.LISTING_FAILS_WITHOUT_STORE: '{has} no "store" field: {of} fails on {each},'
    " and on every page of a list that holds one.",
    NoticeKind.LISTING_DEPENDS: "What this user gets of {rows} met so far may change with the server's next start. {why}.",
    NoticeKind.NOT_INFERRED: "{what} has no readable items: what it belongs to cannot be inferred.",
    NoticeKind.TOO_MANY_ALIKE: "More than {count:,} responses begin alike: only those stored last were compared.",
    NoticeKind.ITEMS_UNREADABLE: "{responses} could not be compared with others that begin alike: unreadable items.",
    NoticeKind.CHAIN_TOO_LONG: "Of {total:,} responses only {count:,} are shown.",
    NoticeKind.DOCUMENTS_DIFFER: f"{{documents}} {_DOCUMENTS_DIFFER}",
    NoticeKind.VARIABLE_DIFFERS: "{what} differs between {of} and the process environment; the file wins",
    NoticeKind.VARIABLES_ELSEWHERE: "Further variables come from {what} ({of}), which is not here: what it may set counts"
    " as unknown, not as unset",
    NoticeKind.READABLE_BY_MORE: "From 0.4 on one role, team, project or namespace in common with the owner is enough to read a"
    " row, where all had to match before: rows of one user become readable to whoever shares a role",
    NoticeKind.OWNERLESS_HIDDEN: "Rows without an owner (NULL) are seen by nobody from 0.4 on, wherever they are: {what}",
}


def notice_words(notices: Iterable[Notice]) -> tuple[str, ...]:
    """Return a sentence for each notice."""
    return tuple(map(_sentence, notices))


def _sentence(notice: Notice) -> str:
    is_one = notice.count == 1
    return _WORDS[notice.kind].format(
        what=notice.what,
        of=notice.of,
        why=notice.why,
        count=notice.count,
        total=notice.total,
        keys=plural(notice.count, "key"),
        rows=plural(notice.count, "row"),
        responses=plural(notice.count, "response"),
        items=f"{plural(notice.count, 'item')} {'is' if is_one else 'are'}",
        has="One row of what this user gets has"
        if is_one
        else f"{plural(notice.count, 'row')} of what this user gets have",
        each="it" if is_one else "each",
        documents=f"The column and the document of {notice.what}"
        if is_one
        else f"In {notice.count:,} rows ({notice.what} is the first) the column and the document",
    )
