"""The composition root and console script: the one module that knows both front ends."""

from __future__ import annotations

import gc
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.exit_codes import ExitCode, exit_code
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.termination import TerminatedError, ending_in_order
from llama_storage_tui.cli.word_order import unknown_command, wrong_words
from llama_storage_tui.errors import StorageToolError, UsageError
from llama_storage_tui.secrets import masking
from llama_storage_tui.services.bundle import is_bundle
from llama_storage_tui.services.debug_log import keep_quiet, stop_log
from llama_storage_tui.services.requests import names_several

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from llama_storage_tui.model.bindings import AppSettings

log = logging.getLogger("llama_storage_tui")

CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


COMMANDS: Final = {
    "check": "check",
    "show": "check",
    "test": "probing",
    "fleet": "fleet",
    "namespaces": "keys",
    "keys": "keys",
    "get": "keys",
    "tables": "rows",
    "rows": "rows",
    "goto": "goto",
    "responses": "records.group",
    "objects": "records.objects",
    "conversations": "records.group",
    "completions": "records.group",
    "upgrade-check": "upgrade",
    "left-behind": "left_behind",
    "rotate": "rotation",
    "migrate": "migration",
    "migrate-data": "transfer",
    "move": "move",
    "rules": "rules",
    "schema": "schemas",
    "help": "help_pages",
}
"""Each command with its module in `cli`: imported when it is called, since the app must not pay for any of them."""

DEMOS: Final = ("catalog", "legacy")
"""The made-up deployments of the demo room."""

COMPLETING: Final = "_LLAMA_STORAGE_TUI_COMPLETE"
"""The variable that Click's scripts for shells set."""

ASKING: Final = frozenset({"rotate", "migrate", "migrate-data", "move"})
"""Commands whose text must be read before they go on: nothing of it waits for a pager."""


class CommandOrConfig(click.Group):
    """A group whose first word is a command, or else the run config that the TUI opens."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of their use."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"llama_storage_tui.cli.{COMMANDS[cmd_name]}")
        command = getattr(module, "help_" if cmd_name == "help" else cmd_name.replace("-", "_"))
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take an unknown first word as a config's name."""
        if args[0] in COMMANDS:
            return super().resolve_command(ctx, args)
        return tui.name, tui, args

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer commands, and files: the first word may be a config."""
        from click.shell_completion import CompletionItem

        # Files first: Click's own script for bash, which somebody may have kept, forgets what came before them.
        return [CompletionItem(incomplete, type="file"), *super().shell_complete(ctx, incomplete)]


def app_settings() -> AppSettings:
    """Return what the app's file of preferences may hold."""
    # Imported here: commands must not pay for Textual. The app is imported for its own keys, which are among them.
    from llama_storage_tui.tui.navigation.bindings import app_settings as asked

    import_module("llama_storage_tui.tui.app")
    return asked(os.environ)


@click.group(
    cls=CommandOrConfig,
    invoke_without_command=True,
    context_settings=CONTEXT,
    epilog="Keys and themes of the app can be changed: see llama-storage-tui help keys, and help themes.",
)
@click.option(
    "--demo",
    is_flag=False,
    flag_value="catalog",
    metavar="[legacy]",
    help="Open a made-up deployment in a temporary folder; `legacy`: one of llama-stack 0.2.",
)
@click.option(
    "--demo-folder",
    metavar="FOLDER",
    help="With --demo: write it into a new folder that stays, and open nothing.",
)
@shared_options
@click.version_option(package_name="llama-storage-tui", prog_name="llama-storage-tui")
@click.pass_context
def cli(context: click.Context, *, demo: str | None, demo_folder: str | None) -> int:
    """See, check, test and browse the storage backends of a Llama Stack or OGX deployment.

    With a RUN_CONFIG, several, a folder, or nothing, the terminal app opens; with a COMMAND, one answer is printed.
    RUN_CONFIG is a file, - for stdin, a ConfigMap manifest, a distribution's name, or @ for the one found.
    """
    if demo is not None:
        if context.invoked_subcommand is not None or demo not in DEMOS:
            raise UsageError(
                "--demo takes no config or command", help="Write --demo alone, or --demo legacy."
            )
        return run_demo(context, demo, demo_folder)
    if demo_folder is not None:
        raise UsageError("--demo-folder needs --demo", help="For example: --demo legacy --demo-folder FOLDER")
    if context.invoked_subcommand is None:
        return run_tui(context, None)
    context.meta["llama_storage_tui.app_settings"] = app_settings
    if context.invoked_subcommand in COMMANDS and context.invoked_subcommand not in ASKING:
        output.hold()
    return ExitCode.DONE


@click.command(hidden=True)
@click.argument("config", type=RUN_CONFIG, required=False, metavar="[RUN_CONFIG]")
@click.argument("rest", nargs=-1, metavar="")
@shared_options
@click.pass_context
def tui(context: click.Context, config: str | None, rest: tuple[str, ...]) -> int:
    """Open the terminal app."""
    words = () if config is None else (config, *rest)
    are_files = all(Path(word).exists() or names_several(word) for word in words)
    if config is not None and rest and not are_files:
        raise unknown_command(config, rest, COMMANDS)
    is_fleet = (
        bool(rest)
        or any(map(names_several, words))
        or (config is not None and is_bundle(Settings(context).request(config)))
    )
    return run_tui(context, config, words if is_fleet else ())


def run_tui(context: click.Context, config: str | None, fleet: tuple[str, ...] = ()) -> int:
    """Open the terminal app on a config, on several, or on what is found."""
    # Imported here: commands must not pay for Textual.
    from llama_storage_tui.tui.run import run

    settings = Settings(context)
    if settings.is_json:
        raise UsageError(
            "--json needs a command", help="For example: llama-storage-tui check RUN_CONFIG --json"
        )
    request = settings.request("@" if fleet else config or "@")
    return run(request, timeouts=settings.timeouts, mouse=settings.mouse, fleet=fleet)


def run_demo(context: click.Context, name: str, folder: str | None) -> int:
    """Open the terminal app on a made-up deployment, removed when the app ends; with a folder, only write it there."""
    from llama_storage_tui.demo.deployment import demo_deployment, keep_demo

    if folder is not None:
        request = keep_demo(name, Path(folder))
        paths = "".join(f" --map-path {before}={after}" for before, after in request.path_map)
        output.write_line(f"{request.config} --env-file {request.env_files[0]}{paths}")
        return ExitCode.DONE
    from llama_storage_tui.tui.run import run

    settings = Settings(context)
    with demo_deployment(name) as request:
        return run(request, timeouts=settings.timeouts, mouse=settings.mouse)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    keep_quiet()
    output.prepare()
    try:
        with ending_in_order(), masking():
            code = _run_to_the_end(words)
        log.info("exit code %d", code)
        return code
    finally:
        stop_log()


def _run_to_the_end(words: list[str]) -> int:
    try:
        code = _run(words)
        output.flush()
    except output.ReaderGoneError:
        if sys.stdout is not None:
            # Python flushes stdout once more at exit: give it a place to write to.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.READER_GONE
    except TerminatedError as error:
        return error.code
    except StorageToolError as error:
        # stdout took the answer and lost it when it was flushed: a full disk.
        output.say_error(error)
        return exit_code(error)
    return int(code)


def _run(words: list[str]) -> int:
    if COMPLETING in os.environ:
        import_module("llama_storage_tui.cli.shell_scripts")
    try:
        with output.paging():
            result: Any = cli.main(words, prog_name="llama-storage-tui", standalone_mode=False)
        return int(result or 0)
    except click.UsageError as error:
        if error.ctx is None:
            return _report(UsageError(_sentence(error)), words)
        help_ = f"See: {error.ctx.command_path} --help"
        return _report(wrong_words(error.ctx, _sentence(error), help=help_), words)
    except click.ClickException as error:
        return _report(UsageError(_sentence(error)), words)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except output.ReaderGoneError:
        raise
    except StorageToolError as error:
        log.info("%s: %s", error.kind, error.message)
        return _report(error, words)
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a sentence
        return _report(_internal(error), words)


def _internal(error: Exception) -> StorageToolError:
    """Turn a bug into a sentence: its type and place, never its message, which may quote a secret."""
    log.error("unexpected", exc_info=error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if __package__ in frame.filename]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return StorageToolError(
        f"The program failed in a way that it should not ({type(error).__name__}{place})",
        help="This is a bug. --log-file FILE keeps the trace, without secrets, for a report.",
    )


def _sentence(error: click.ClickException) -> str:
    """Return what click says on one line: it lists choices one below the other."""
    return " ".join(error.format_message().split())


def _report(error: StorageToolError, words: Sequence[str]) -> int:
    options = words[: words.index("--")] if "--" in words else words
    if "--json" in options:
        from llama_storage_tui.cli.documents import ErrorDocument

        output.write_document(ErrorDocument.model_validate(error))
    else:
        output.say_error(error)
    return exit_code(error)


def console() -> None:
    """Run as the console script."""
    # Start-up makes a hundred thousand objects that stay: collecting among them at Python's pace is a fifth of it.
    gc.set_threshold(100_000)
    code = main()
    # Python collects once more at its end, a sixth of a short command: the system frees all of it at once.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    console()
