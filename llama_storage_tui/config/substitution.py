"""Variables and templates of other programs, which a server takes as literal text."""

from __future__ import annotations

import re
from typing import Final

from llama_storage_tui.config.environment import EARLY_EXPRESSION
from llama_storage_tui.deferred import dataclass

_TEMPLATE: Final = re.compile(r"\{\{.+?\}\}|\{%.+?%\}|<%.+?%>")
_BRACED: Final = re.compile(r"\$\{(?!env\.)([A-Za-z_][A-Za-z0-9_.]*)(:?[-+=?]|:)?([^}]*)\}")
_BARE: Final = re.compile(r"(?:^|(?<=[/:@=,]))\$([A-Z_][A-Z0-9_]+)(?=$|[/:@,.?])")
_PERCENT: Final = re.compile(r"%\(([A-Za-z_][A-Za-z0-9_]*)\)s")

_FILE_PROGRAM: Final = "the program that the file is for"
_OTHERS: Final = tuple(
    (re.compile(pattern), shown, language, render)
    for pattern, shown, language, render in (
        (r"\$\{\{.+?\}\}", "${{ … }}", "a GitHub Actions expression", "the workflow that it is for"),
        (r"%\{[^}]*\}", "%{ … }", "a Terraform template", "terraform apply writes it"),
        (r"^ENC\[[A-Z0-9_]+,.*\]$", "ENC[…]", "a value that SOPS encrypted", "sops decrypt FILE"),
        (r"^\(\([A-Za-z_][\w./-]*\)\)$", "((…))", "a variable of Concourse or BOSH", _FILE_PROGRAM),
        (r"^@[A-Za-z_][\w.-]{2,}@$", "@…@", "a variable of Maven or Autoconf", _FILE_PROGRAM),
        (
            r"#\{[A-Za-z_][\w.-]*\}#?",
            "#{…}",
            "a token of Azure Pipelines or Octopus",
            "the pipeline that it is for",
        ),
        (r"\$\([A-Za-z_][A-Za-z0-9_]*\)", "$(…)", "a variable of Kubernetes or make", _FILE_PROGRAM),
        (r"^%[A-Za-z_][A-Za-z0-9_]*%$", "%…%", "a variable of Windows", _FILE_PROGRAM),
        (
            r"^__(?!disabled__$)[A-Za-z][\w.-]*__$",
            "__…__",
            "a placeholder of a deployment script",
            _FILE_PROGRAM,
        ),
        (r"\[\[.+?\]\]", "[[ … ]]", "a template of Nomad or Levant", _FILE_PROGRAM),
        (
            r"^(?:ref\+\w+://|vault:|op://)",
            "the text",
            "a reference to a secret store",
            "vals eval, op inject and the like",
        ),
    )
)
"""Pattern, how it is shown (never with what may be a secret), what it is, and what renders it."""

_LONGEST: Final = 1000
"""No setting is longer; a limit keeps hostile texts quick."""


@dataclass(frozen=True, slots=True)
class ForeignSubstitution:
    """What stands in a text instead of a value: how it is shown (without a default, which may be a secret), and what it is.

    `instead` is how run configs write the same, None where they cannot; `render` how it is rendered beforehand.
    """

    shown: str
    language: str
    instead: str | None
    render: str


def find_foreign(text: str) -> ForeignSubstitution | None:
    """Return the first variable or template of another program in a text that is one line; None where there is none."""
    if "\n" in text or len(text) > _LONGEST:
        return None
    rest = EARLY_EXPRESSION.sub("", text)
    for pattern, shown, language, render in _OTHERS:
        if pattern.search(rest):
            return ForeignSubstitution(shown, language, None, render)
    if found := _TEMPLATE.search(rest):
        is_helm = re.match(r"\{\{-?\s*[.$]", found[0]) is not None
        language = "a Helm template" if is_helm else "a template"
        return ForeignSubstitution(
            f"{found[0][:2]} … {found[0][-2:]}",
            language,
            None,
            "helm template RELEASE CHART" if is_helm else "the program that the template is for",
        )
    if found := _BRACED.search(rest):
        name, operator, default = found[1], found[2] or "", found[3]
        is_spring = operator == ":"
        language = (
            "Spring's form of a variable" if is_spring else "a variable of shells, compose and envsubst"
        )
        sign = ":=" if operator in (":", ":-", "-", ":=", "=") else ":+" if operator in (":+", "+") else ""
        shown = f"${{{name}{operator}{'…' if default else ''}}}"
        return ForeignSubstitution(
            shown,
            language,
            _instead(name, sign),
            _FILE_PROGRAM if operator else "envsubst < FILE",
        )
    if found := _BARE.search(rest):
        return ForeignSubstitution(
            f"${found[1]}",
            "a variable of shells, compose and envsubst",
            _instead(found[1], ""),
            "envsubst < FILE",
        )
    if found := _PERCENT.search(rest):
        return ForeignSubstitution(
            found[0],
            "Python's form of a variable",
            _instead(found[1], ""),
            _FILE_PROGRAM,
        )
    return None


_OF_THE_SYSTEM: Final = frozenset({"PATH", "HOME", "USER", "SHELL", "PWD", "HOST", "HOSTNAME", "NAME"})
"""Names that a container has set to something else."""


def _instead(name: str, sign: str) -> str | None:
    if name.upper() in _OF_THE_SYSTEM and not name.isupper():
        return None
    upper = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    return f"${{env.{upper}{sign}{'…' if sign else ''}}}"
