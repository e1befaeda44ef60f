"""Where the operator can go: every destination by its name, and the screen that each message leads to."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Catalog, Family
from llama_storage_tui.model.families import Query
from llama_storage_tui.services.records.counting import kept_families
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.no_credential import why_never
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line
from llama_storage_tui.tui import messages
from llama_storage_tui.tui.catalog.version import VersionDialog
from llama_storage_tui.tui.findings.config_text import ConfigTextScreen
from llama_storage_tui.tui.findings.findings import FindingsScreen
from llama_storage_tui.tui.navigation.commands import NamedDestination
from llama_storage_tui.tui.records.attention import AttentionScreen
from llama_storage_tui.tui.records.conversations import ConversationsScreen, OrphansScreen
from llama_storage_tui.tui.records.families import FamiliesScreen
from llama_storage_tui.tui.records.record_lists import PAGE, FamilyList
from llama_storage_tui.tui.records.records import RecordsScreen
from llama_storage_tui.tui.records.responses import ResponsesScreen
from llama_storage_tui.tui.records.statistics import StatisticsScreen
from llama_storage_tui.tui.records.who import WhoDialog
from llama_storage_tui.tui.response.chain import ChainScreen
from llama_storage_tui.tui.response.detail_views import (
    CompletionReading,
    ConversationReading,
    DifferenceReading,
    ObjectReading,
)
from llama_storage_tui.tui.response.links import CallsReading, LinksReading
from llama_storage_tui.tui.response.reading import ReadingScreen
from llama_storage_tui.tui.response.response import ResponseScreen
from llama_storage_tui.tui.screens.remembered import Remembered
from llama_storage_tui.tui.style.zone import Zone
from llama_storage_tui.tui.upgrades.left_behind import LeftBehindScreen
from llama_storage_tui.tui.upgrades.migrate import MigrateScreen
from llama_storage_tui.tui.upgrades.upgrade import UpgradeScreen
from llama_storage_tui.tui.values.keys import KeysScreen
from llama_storage_tui.tui.values.messages import SubjectOpened
from llama_storage_tui.tui.values.namespaces import NamespacesScreen
from llama_storage_tui.tui.values.rows import RowsScreen
from llama_storage_tui.tui.values.tables import TablesScreen
from llama_storage_tui.tui.values.value import ValueScreen
from llama_storage_tui.upstream.families import find_family
from llama_storage_tui.upstream.families.completions import COMPLETIONS


def destinations(catalog: Catalog) -> list[NamedDestination]:
    """Return every screen that a config's catalog leads to."""
    found = [
        NamedDestination("Go to the catalog", "Backends, and what refers to them", messages.CatalogOpened()),
        NamedDestination("Go to responses", "Stored responses, the newest first", messages.ResponsesOpened()),
        NamedDestination("Go to attention", "Which responses deserve a look", messages.AttentionOpened()),
        NamedDestination(
            "Go to statistics", "How responses ended, by hour, model and owner", messages.StatisticsOpened()
        ),
        NamedDestination("Go to conversations", "Stored conversations", messages.ConversationsOpened()),
        NamedDestination(
            "Go to orphans", "Items of deleted conversations: a scan of the items", messages.OrphansOpened()
        ),
        NamedDestination("Go to completions", "Logged chat completions", messages.CompletionsOpened()),
        NamedDestination(
            "Go to objects", "Files, batches, prompts, jobs and other objects", messages.FamiliesOpened()
        ),
        NamedDestination("Go to the config", "The text of the run config", messages.ConfigTextOpened()),
        NamedDestination(
            "Go to version", "Why this server version, and what it means", messages.VersionOpened()
        ),
        NamedDestination(
            "Go to left behind",
            "What the server's version does not reach, and what accumulates",
            messages.LeftBehindOpened(),
        ),
        NamedDestination(
            "Go to upgrade", "What another version would make of this deployment", messages.UpgradeOpened()
        ),
        NamedDestination(
            "Go to data migration",
            "Plan how to transfer the data that the server's version does not reach",
            messages.DataMigrationOpened(),
        ),
        NamedDestination(
            "Go to the unfinished transfer",
            "Finish or undo an unfinished transfer of data",
            messages.PendingTransferOpened(),
        ),
        NamedDestination("Go to configs", "Choose another run config", messages.PickerOpened()),
    ]
    if catalog.is_judged:
        found.insert(
            1, NamedDestination("Go to findings", "What is wrong in this config", messages.FindingsOpened())
        )
    for backend in catalog.backends:
        name = line(backend.name, 60)
        kind = "Tables" if backend.family == "sql" else "Namespaces and keys"
        found.append(
            NamedDestination(
                f"Go to backend {name}",
                f"{kind} of {name}, {backend.type}",
                messages.BackendOpened(backend.name),
            )
        )
        if why_never(backend.type) is None:
            found.append(
                NamedDestination(
                    f"Go to the password of {name}",
                    "Plan a change of its password",
                    messages.RotationOpened(backend.name),
                )
            )
        if backend.family is not Family.UNKNOWN and not catalog.is_legacy:
            found.append(
                NamedDestination(
                    f"Go to the move of {name}",
                    "Plan a move to another engine or place, with its data",
                    messages.BackendMoveOpened(backend.name),
                )
            )
    found += [
        NamedDestination(
            f"Go to objects: {each.title}", each.about, messages.ObjectsOpened(each.name, each.title)
        )
        for each in kept_families(catalog)
    ]
    return found


@dataclass(frozen=True, slots=True)
class ScreenParts:
    """What a screen over a config is made of; `request` is what the config was read by, `now` gives epoch seconds."""

    session: Session
    request: LoadRequest
    zone: Zone
    remembered: Remembered
    now: Callable[[], float]


def screen_of(chosen: messages.Opening, parts: ScreenParts) -> Screen[None]:
    """Return the screen that a message leads to."""
    session, zone = parts.session, parts.zone
    match chosen:
        case messages.FindingsOpened():
            return FindingsScreen(session.catalog, parts.remembered, chosen.rule)
        case messages.ConfigTextOpened():
            return ConfigTextScreen(session, parts.request, chosen.number)
        case messages.VersionOpened():
            return VersionDialog(session.catalog.version)
        case messages.UpgradeOpened():
            return UpgradeScreen(session, parts.request)
        case messages.MigrationOpened():
            return MigrateScreen(session, parts.request, chosen.to)
        case messages.LeftBehindOpened():
            return LeftBehindScreen(session)
        case messages.FamiliesOpened():
            return FamiliesScreen(session)
        case messages.AttentionOpened():
            return AttentionScreen(session, parts.now())
        case messages.StatisticsOpened():
            return StatisticsScreen(session, zone, parts.now())
    return _of_stored(chosen, parts)


def _of_stored(chosen: messages.Opening, parts: ScreenParts) -> Screen[None]:
    session, zone, remembered = parts.session, parts.zone, parts.remembered
    match chosen:
        case messages.BackendOpened():
            backend = session.backend(chosen.backend)
            places = TablesScreen if backend.family == "sql" else NamespacesScreen
            return places(session, backend.name, point=chosen.place)
        case messages.NamespaceOpened():
            return KeysScreen(session, chosen.backend, chosen.chosen, remembered)
        case messages.TableOpened():
            return RowsScreen(session, chosen.backend, chosen.table, zone, remembered)
        case SubjectOpened():
            return ValueScreen(session, chosen.subject, zone)
        case messages.ResponsesOpened():
            return ResponsesScreen(session, zone, chosen.query, chosen.title, remembered)
        case messages.ResponseOpened():
            return ResponseScreen(session, chosen.id, zone)
        case messages.ChainOpened():
            return ChainScreen(session, chosen.id, zone)
        case messages.WhoOpened():
            return WhoDialog(session, chosen.response)
    return _of_records(chosen, session, zone, remembered)


def _of_records(
    chosen: messages.Opening, session: Session, zone: Zone, remembered: Remembered
) -> Screen[None]:
    match chosen:
        case messages.ConversationsOpened():
            return ConversationsScreen(session, zone, remembered)
        case messages.OrphansOpened():
            return OrphansScreen(session, zone)
        case messages.CompletionsOpened():
            return RecordsScreen(session, FamilyList(COMPLETIONS), zone, remembered)
        case messages.ObjectsOpened():
            found = FamilyList(find_family(chosen.family), Query(of=chosen.of, limit=PAGE))
            return RecordsScreen(session, found, zone, None if chosen.of else remembered)
        case messages.ConversationOpened():
            return ReadingScreen(session, ConversationReading(chosen.id))
        case messages.CompletionOpened():
            return ReadingScreen(session, CompletionReading(chosen.id))
        case messages.LinksOpened():
            links = LinksReading(chosen.id, chosen.conversation)
            return ReadingScreen(session, CallsReading(chosen.id) if chosen.is_of_completions else links)
        case messages.ObjectOpened():
            return ReadingScreen(session, ObjectReading(chosen.family, chosen.title, chosen.id))
        case messages.DifferenceOpened():
            return ReadingScreen(session, DifferenceReading(chosen.before, chosen.after))
    raise AssertionError(chosen)
