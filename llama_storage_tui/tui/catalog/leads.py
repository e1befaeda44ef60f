"""Where the keys of the main screen lead: to another screen, by its name there."""

from __future__ import annotations

from typing import Final

from textual.message import Message

from llama_storage_tui.tui import messages

LEADS: Final[dict[str, type[Message]]] = {
    "findings": messages.FindingsOpened,
    "responses": messages.ResponsesOpened,
    "attention": messages.AttentionOpened,
    "stats": messages.StatisticsOpened,
    "conversations": messages.ConversationsOpened,
    "completions": messages.CompletionsOpened,
    "objects": messages.FamiliesOpened,
    "pending": messages.PendingOpened,
    "transfer": messages.PendingTransferOpened,
    "version": messages.VersionOpened,
    "upgrade": messages.UpgradeOpened,
    "left_behind": messages.LeftBehindOpened,
    "pick": messages.PickerOpened,
    "reload": messages.ReloadRequested,
}
"""What is asked for where a key leads to another screen."""
