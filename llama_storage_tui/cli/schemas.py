"""Which document answers which command, and `schema`, which prints its shape."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.data_documents import (
    GetDocument,
    KeysDocument,
    NamespacesDocument,
    RowsDocument,
    TablesDocument,
    TestDocument,
)
from llama_storage_tui.cli.documents import CheckDocument, Document, ErrorDocument, ManyChecks, ShowDocument
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.fleet_documents import FleetDocument
from llama_storage_tui.cli.goto import GotoDocument
from llama_storage_tui.cli.help_pages import HelpDocument, KeysHelpDocument, ThemesHelpDocument
from llama_storage_tui.cli.left_behind import LeftBehindDocument
from llama_storage_tui.cli.migration_document import MigrateDocument
from llama_storage_tui.cli.move_document import MoveDocument
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.records.list_documents import (
    CompletionsDocument,
    ConversationsDocument,
    ResponsesDocument,
)
from llama_storage_tui.cli.records.object_documents import FamiliesDocument, ObjectDocument, ObjectsDocument
from llama_storage_tui.cli.records.showing import CompletionDocument, ConversationDocument, OrphansDocument
from llama_storage_tui.cli.responses.attention import AttentionDocument
from llama_storage_tui.cli.responses.chaining import ChainDocument
from llama_storage_tui.cli.responses.show_document import ShowResponseDocument
from llama_storage_tui.cli.responses.showing import DiffDocument
from llama_storage_tui.cli.responses.stats import StatsDocument
from llama_storage_tui.cli.responses.who import WhoDocument
from llama_storage_tui.cli.rotation_document import RotateDocument
from llama_storage_tui.cli.rules import RulesDocument
from llama_storage_tui.cli.transfer_document import MigrateDataDocument
from llama_storage_tui.cli.upgrade import UpgradeDocument

DOCUMENTS: dict[str, type[Document]] = {
    "check": CheckDocument,
    "show": ShowDocument,
    "test": TestDocument,
    "check several": ManyChecks,
    "fleet": FleetDocument,
    "namespaces": NamespacesDocument,
    "keys": KeysDocument,
    "get": GetDocument,
    "tables": TablesDocument,
    "rows": RowsDocument,
    "goto": GotoDocument,
    "responses list": ResponsesDocument,
    "responses show": ShowResponseDocument,
    "responses diff": DiffDocument,
    "responses chain": ChainDocument,
    "responses who": WhoDocument,
    "responses attention": AttentionDocument,
    "responses stats": StatsDocument,
    "objects": FamiliesDocument,
    "objects list": ObjectsDocument,
    "objects show": ObjectDocument,
    "conversations list": ConversationsDocument,
    "conversations show": ConversationDocument,
    "conversations orphans": OrphansDocument,
    "completions list": CompletionsDocument,
    "completions show": CompletionDocument,
    "upgrade-check": UpgradeDocument,
    "left-behind": LeftBehindDocument,
    "rotate": RotateDocument,
    "migrate": MigrateDocument,
    "migrate-data": MigrateDataDocument,
    "move": MoveDocument,
    "rules": RulesDocument,
    "help": HelpDocument,
    "help keys": KeysHelpDocument,
    "help themes": ThemesHelpDocument,
    "error": ErrorDocument,
}


@click.command()
@click.argument("command", metavar="COMMAND", type=click.Choice([*DOCUMENTS]))
@shared_options
def schema(command: str) -> int:
    """Print the JSON schema of a command's answer.

    COMMAND may be of two words, in quotes: 'responses list'. `error` is what every command answers where it fails.

    Example: llama-storage-tui schema check
    """
    output.write_json(DOCUMENTS[command].model_json_schema(by_alias=True))
    return ExitCode.DONE
