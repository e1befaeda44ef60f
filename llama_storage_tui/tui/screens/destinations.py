"""Where the operator goes among stored records: the screen of each destination."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from llama_storage_tui.services.session import Session
from llama_storage_tui.tui import response_messages as to
from llama_storage_tui.tui.readings import (
    CompletionReading,
    ConversationReading,
    DifferenceReading,
    ObjectReading,
)
from llama_storage_tui.tui.record_lists import CompletionList, ObjectList
from llama_storage_tui.tui.remembered import Remembered
from llama_storage_tui.tui.screens.attention import AttentionScreen
from llama_storage_tui.tui.screens.chain import ChainScreen
from llama_storage_tui.tui.screens.conversations import ConversationsScreen, OrphansScreen
from llama_storage_tui.tui.screens.families import FamiliesScreen
from llama_storage_tui.tui.screens.reading import ReadingScreen
from llama_storage_tui.tui.screens.records import RecordsScreen
from llama_storage_tui.tui.screens.response import ResponseScreen
from llama_storage_tui.tui.screens.responses import ResponsesScreen
from llama_storage_tui.tui.screens.who import WhoDialog
from llama_storage_tui.tui.zone import Zone


def screen_of(
    chosen: to.Destination, session: Session, zone: Zone, remembered: Remembered, now: Callable[[], float]
) -> Screen[None]:
    """Return the screen that a message leads to."""
    match chosen:
        case to.ResponsesOpened():
            return ResponsesScreen(session, zone, chosen.query, chosen.title, remembered)
        case to.ResponseOpened():
            return ResponseScreen(session, chosen.id, zone)
        case to.ChainOpened():
            return ChainScreen(session, chosen.id, zone)
        case to.WhoOpened():
            return WhoDialog(session, chosen.response)
        case to.AttentionOpened():
            return AttentionScreen(session, now())
        case to.FamiliesOpened():
            return FamiliesScreen(session)
    return _of_records(chosen, session, zone, remembered)


def _of_records(chosen: to.Destination, session: Session, zone: Zone, remembered: Remembered) -> Screen[None]:
    match chosen:
        case to.ConversationsOpened():
            return ConversationsScreen(session, zone, remembered)
        case to.OrphansOpened():
            return OrphansScreen(session, zone)
        case to.CompletionsOpened():
            return RecordsScreen(session, CompletionList(), zone, remembered)
        case to.ObjectsOpened():
            return RecordsScreen(session, ObjectList(chosen.family, chosen.title, chosen.of), zone)
        case to.ConversationOpened():
            return ReadingScreen(session, ConversationReading(chosen.id))
        case to.CompletionOpened():
            return ReadingScreen(session, CompletionReading(chosen.id))
        case to.ObjectOpened():
            return ReadingScreen(session, ObjectReading(chosen.family, chosen.title, chosen.id))
        case to.DifferenceOpened():
            return ReadingScreen(session, DifferenceReading(chosen.before, chosen.after))
    raise AssertionError(chosen)
