"""What of a chain could not be found out, in words."""

from __future__ import annotations

from llama_storage_tui.model.chain import Chain, ChainNotice, ChainNoticeKind
from llama_storage_tui.text import plural


def chain_notices(chain: Chain) -> tuple[str, ...]:
    """Return what of a chain could not be found out, or is odd about several of its rows."""
    return tuple(map(_sentence, chain.notices))


def _sentence(notice: ChainNotice) -> str:
    match notice.kind:
        case ChainNoticeKind.NOT_INFERRED:
            return f"{notice.id} has no readable items: what it belongs to cannot be inferred."
        case ChainNoticeKind.TOO_MANY_ALIKE:
            return f"More than {notice.count:,} responses begin alike: only those stored last were compared."
        case ChainNoticeKind.UNREADABLE:
            responses = plural(notice.count, "response")
            return f"{responses} could not be compared with others that begin alike: unreadable items."
        case ChainNoticeKind.TOO_LONG:
            return f"Of {notice.total:,} responses only {notice.count:,} are shown."
        case ChainNoticeKind.DOCUMENTS_DIFFER:
            if notice.count == 1:
                return (
                    f"The column and the document of {notice.id} name different previous responses; servers rebuild inputs by the"
                    " document and delete by the column."
                )
            return (
                f"In {notice.count:,} rows ({notice.id} is the first) the column and the document name different previous"
                " responses; servers rebuild inputs by the document and delete by the column."
            )
