"""Where the operator can go: every destination by its name, and the screen of each among stored records."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.services.objects.browsing import kept_families
from llama_storage_tui.services.rotation.no_credential import why_never
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line
from llama_storage_tui.tui import messages
from llama_storage_tui.tui import response_messages as to
from llama_storage_tui.tui.commands import Destination
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


def destinations(catalog: Catalog) -> list[Destination]:
    """Return every screen that a config's catalog leads to."""
    found = [
        Destination("Go to the catalog", "Backends, and who refers to them", messages.CatalogOpened()),
        Destination("Go to responses", "Stored responses, the newest first", to.ResponsesOpened()),
        Destination("Go to attention", "Which responses deserve a look", to.AttentionOpened()),
        Destination("Go to conversations", "Stored conversations", to.ConversationsOpened()),
        Destination(
            "Go to orphans", "Items whose conversation is gone: a scan of the items", to.OrphansOpened()
        ),
        Destination("Go to completions", "Logged chat completions", to.CompletionsOpened()),
        Destination("Go to objects", "Files, batches, prompts, jobs and other objects", to.FamiliesOpened()),
        Destination("Go to version", "Why this server version, and what it means", messages.VersionOpened()),
        Destination("Go to configs", "Choose another run config", messages.PickerOpened()),
    ]
    if catalog.is_judged:
        found.insert(
            1, Destination("Go to findings", "What is wrong in this config", messages.FindingsOpened())
        )
    for backend in catalog.backends:
        name = line(backend.name, 60)
        kind = "Tables" if backend.family == "sql" else "Namespaces and keys"
        found.append(
            Destination(
                f"Go to backend {name}",
                f"{kind} of {name}, {backend.type}",
                messages.BackendOpened(backend.name),
            )
        )
        if why_never(backend.type) is None:
            found.append(
                Destination(
                    f"Go to the password of {name}",
                    "Plan a change of its password",
                    messages.RotationOpened(backend.name),
                )
            )
    found += [
        Destination(f"Go to objects: {each.title}", each.about, to.ObjectsOpened(each.name, each.title))
        for each in kept_families(catalog)
    ]
    return found


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
