"""What could not be looked at, or is odd about what was: beside an answer, which it does not change."""

from __future__ import annotations

from enum import Enum, auto

from llama_storage_tui.deferred import dataclass


class NoticeKind(Enum):
    """What a notice says; `reports/notices.py` has its words, which show what each value of a notice is."""

    REASON = auto()
    """What an error or a finding says is all there is to say."""

    TABLE_NOT_READ = auto()
    BACKEND_NOT_READ = auto()
    STORE_NOT_THERE = auto()
    EARLIER_RESPONSES_NOT_READ = auto()
    RESPONSES_OF_CONVERSATION_NOT_READ = auto()
    CONVERSATIONS_NOT_CHECKED = auto()
    CONVERSATIONS_NOT_LOOKED_UP = auto()
    CONVERSATIONS_NOT_INDEXED = auto()
    ITEMS_NOT_COUNTED = auto()
    ITEMS_NOT_INDEXED_BY_CONVERSATION = auto()
    ITEMS_NOT_INDEXED = auto()
    EARLIER_ITEMS_NOT_READ = auto()
    RESPONSE_NOT_SEARCHED = auto()
    TIME_NOT_A_NUMBER = auto()

    NO_TABLE = auto()
    COLUMNS_MISSING = auto()
    COLUMN_NOT_ADDED = auto()
    NO_NAMESPACE = auto()
    RELATION_NOT_IN_KEYS = auto()
    KEYS_NOT_FOLLOWED = auto()
    KEYS_OF_EARLIER_RELEASE = auto()
    CONVERSATION_GONE = auto()
    IN_ANOTHER_TABLE = auto()
    IN_SEVERAL_CONVERSATIONS = auto()

    SEARCH_STOPPED = auto()
    MORE_BEGIN_SO = auto()
    TOO_MANY_GONE = auto()
    TOO_MANY_NAMES = auto()
    ONLY_NEWEST_COMPARED = auto()

    LISTING_FAILS = auto()
    LISTING_FAILS_WITHOUT_STORE = auto()
    LISTING_DEPENDS = auto()

    NOT_INFERRED = auto()
    TOO_MANY_ALIKE = auto()
    ITEMS_UNREADABLE = auto()
    CHAIN_TOO_LONG = auto()
    DOCUMENTS_DIFFER = auto()

    VARIABLE_DIFFERS = auto()
    VARIABLES_ELSEWHERE = auto()
    READABLE_BY_MORE = auto()
    OWNERLESS_HIDDEN = auto()


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: `what` or whom it is about, `of` what or where, `why`, and a number, of a `total` where there is one."""

    kind: NoticeKind
    what: str = ""
    of: str = ""
    why: str = ""
    count: int = 0
    total: int = 0
