"""What the files around a config get wrong: manifests that do not fit together, text that another program should have replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.document import strings
from llama_storage_tui.config.masking import is_secret_name
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.config.substitution import find_foreign
from llama_storage_tui.model.finding import Finding, Severity, Stage, warns
from llama_storage_tui.next_steps import Advice, Step

FOREIGN_SUBSTITUTION: Final = warns(
    id="foreign-substitution",
    title="A value holds a variable of another program, which servers take as literal text",
    advice="Render the file with the program whose form it is first, and read the result; servers expand "
    "${env.NAME} only.",
    also=((Severity.INFO, Stage.NEVER),),
)
LINE_BREAK_IN_SECRET: Final = warns(
    id="line-break-in-secret",
    title="A secret ends in a line break, which the server sends with it",
    advice="kubectl create secret --from-file keeps the last line break of a file: make the file with "
    "printf %s, or use --from-literal.",
)


JUDGED: tuple[str, ...] = (
    "storage",
    "providers",
    "server",
    "metadata_store",
    "inference_store",
    "conversations_store",
)


def manifests(view: View) -> Iterator[Finding]:
    """What is wrong between the manifests that hold the config."""
    yield from view.context.document.remarks


def foreign_substitutions(view: View) -> Iterator[Finding]:
    """Variables of shells, compose, Helm and others: a server knows `${env.X}` and nothing else."""
    for path, text in strings(view.context.raw):
        found = find_foreign(text) if path[0] in JUDGED else None
        if found is None:
            continue
        instead = f"Write {found.instead}, or render" if found.instead else "Render"
        yield view.finding(
            FOREIGN_SUBSTITUTION,
            path,
            f"{found.shown} is {found.language}: {view.version.product} {view.version} takes it as literal text",
            help=Advice(
                f"{instead} the file first ({found.render}), and read the result:", Step.READ_OUTPUT, "…"
            ),
            severity=Severity.WARNING if path[0] != "server" else Severity.INFO,
        )


def line_breaks(view: View) -> Iterator[Finding]:
    """A password that ends in a line break: what `kubectl create secret --from-file` makes of a file that an editor wrote."""
    for path, text in strings(view.context.data):
        if path[0] not in JUDGED or not text.endswith(("\n", "\r")) or not is_secret_name(str(path[-1])):
            continue
        file_path = view.context.resolution.file_path(path)
        names = ", ".join(use.variable for use in view.context.resolution.uses.get(file_path, ()))
        source = f" ({names})" if names else ""
        yield view.finding(
            LINE_BREAK_IN_SECRET,
            file_path,
            f"The {path[-1]}{source} ends in a line break, and the server sends it with the line break",
        )


CHECKS = (manifests, foreign_substitutions, line_breaks)
