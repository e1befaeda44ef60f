"""Lists of stored records that can be followed and are filtered by a form."""

from __future__ import annotations

from typing import TypeVar

from llama_storage_tui.tui.records.filtered import FilteredScreen
from llama_storage_tui.tui.screens.followed import FollowedPages

Question = TypeVar("Question")


class FollowedScreen(FollowedPages[Question], FilteredScreen[Question]):
    """Pages of records whose first one can be followed."""
