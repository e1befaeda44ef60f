"""All commands that read, and `schema`."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.documents import DOCUMENTS, Document
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.judging import check, show
from llama_storage_tui.cli.keys import get, keys, namespaces
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.probing import test
from llama_storage_tui.cli.rotation import rotate
from llama_storage_tui.cli.rotation_document import RotateDocument
from llama_storage_tui.cli.rows import rows, tables

SCHEMAS: dict[str, type[Document]] = {**DOCUMENTS, "rotate": RotateDocument}


@click.command()
@click.argument("command", type=click.Choice([*SCHEMAS]))
@shared_options
def schema(command: str) -> int:
    """Print the JSON schema of a command's answer.

    Example: llama-storage-tui schema check
    """
    output.write_json(SCHEMAS[command].model_json_schema(by_alias=True))
    return ExitCode.DONE


COMMANDS = (check, show, test, namespaces, keys, get, tables, rows, rotate, schema)
