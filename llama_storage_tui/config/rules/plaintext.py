"""Secrets that stand in the file itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.masking import is_secret_name, names_a_place, secrets_in_userinfo
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.config.substitution import find_foreign
from llama_storage_tui.model.finding import Finding, informs

LITERAL_SECRET: Final = informs(
    id="literal-secret",
    title="A secret is in the file as plain text",
    advice="Write ${env.NAME} and keep the value in the environment or an env file.",
)
DEFAULT_SECRET: Final = informs(
    id="default-secret",
    title="A secret's default is in the file as plain text",
    advice="Write ${env.NAME} without a default, so that a missing variable is noticed.",
)


def literal_secrets(view: View) -> Iterator[Finding]:
    """Secrets that stand in the file itself."""
    for path, name in _secret_places(view.context.raw, ()):
        if view.context.resolution.uses.get(path) or is_foreign(get(view.context.raw, *path)):
            continue
        yield view.finding(
            LITERAL_SECRET,
            path,
            f"The {name} is in the file as plain text",
        )
    for path, uses in view.context.resolution.uses.items():
        raw = get(view.context.document.data, *path)
        is_secret = is_secret_name(str(path[-1])) and path[:2] == ("storage", "backends")
        if is_secret and isinstance(raw, str) and any(use.operator == "=" and not use.is_set for use in uses):
            default = raw.partition(":=")[2].rstrip("}")
            state = (
                "has a default in the file"
                if view.context.environment.assumes(uses[0].variable)
                else f"is the default in the file, since {uses[0].variable} is not set"
            )
            if default:
                yield view.finding(
                    DEFAULT_SECRET,
                    path,
                    f"The {path[-1]} {state}",
                )


def is_foreign(value: object) -> bool:
    """Tell whether a value is what another program should have replaced, and so no secret itself."""
    return isinstance(value, str) and find_foreign(value) is not None


def _holds_secret(name: str) -> bool:
    return is_secret_name(name) and not names_a_place(name)


def _secret_places(data: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            step = key if isinstance(key, int) else str(key)
            if isinstance(value, str) and value and _holds_secret(str(key)) and "${env." not in value:
                yield (*path, step), str(key)
            elif (
                isinstance(value, str)
                and any(True for _ in secrets_in_userinfo(value))
                and "${env." not in value
            ):
                yield (*path, step), f"password in {key}"
            else:
                yield from _secret_places(value, (*path, step))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _secret_places(value, (*path, index))


CHECKS = (literal_secrets,)
