"""Why a response is taken for the one that a chat completion was made for."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.completions import Origin, SharedPart

_PARTS: Final = {SharedPart.MESSAGES_SENT: "the messages sent", SharedPart.ANSWER: "the answer"}


def origin_reason(origin: Origin) -> str | None:
    """Return what the candidates share with the completion, inside of a sentence; None where there are none."""
    if not origin.shares:
        return None
    return f"same owner and model, {' and '.join(_PARTS[part] for part in origin.shares)}"
