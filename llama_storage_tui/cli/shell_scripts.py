"""What Click's scripts for shells do otherwise here. Imported when a shell asks for completions or for its script."""

from __future__ import annotations

import os

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)


@add_completion_class
class Bash(BashComplete):
    """Click's script for bash, but files join the other answers, and words are not broken at the colons of a namespace.

    Click's clears all other answers when it comes to `file`. Bash hands out `vector_io::faiss` as three words, and puts an answer
    in the place of the last: so the line itself is read, and what stands before the last colon is taken off the answers.
    """

    name = "bash"
    source_template = (
        BashComplete.source_template.replace(
            """COMPREPLY=()
            compopt -o default""",
            """compopt -o filenames
            COMPREPLY+=($(compgen -f -- "$value"))""",
        )
        .replace(
            """    local response

""",
            """    local response
    local line="${COMP_LINE:0:$COMP_POINT}"
    local word="${line##*[[:space:]]}"
    local before=""
    if [[ "$COMP_WORDBREAKS" == *:* ]]; then
        before="${word%%"${word##*:}"}"
    fi

""",
        )
        .replace('COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD', 'COMP_WORDS="$line" COMP_CWORD=-1')
        .replace("COMPREPLY+=($value)", 'COMPREPLY+=("${value#"$before"}")')
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words of the line up to the cursor, and the one that is begun there."""
        if os.environ["COMP_CWORD"] != "-1":
            return super().get_completion_args()  # an older script, which somebody has kept
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        return (words, "") if line[-1:].isspace() else (words[:-1], (words or [""])[-1])


@add_completion_class
class Zsh(ZshComplete):
    """Click's completion for zsh, which replaced the whole of `--for=1` by the value."""

    name = "zsh"
    source_template = ZshComplete.source_template.replace(
        "    for type key descr", "    compset -P '--*='\n\n    for type key descr", 1
    )


@add_completion_class
class Fish(FishComplete):
    """Click's completion for fish, which cut descriptions at their first comma, and offered nothing behind `--for=`."""

    name = "fish"
    source_template = FishComplete.source_template.replace("string split ", "string split -m 1 ", 1)

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Return the answers for the whole word, which is what fish replaces."""
        found = super().get_completions(args, incomplete)
        option, is_joined, _ = incomplete.partition("=")
        if is_joined and option.startswith("--"):
            for item in found:
                item.value = f"{option}={str(item.value).removeprefix(f'{option}=')}"
        return found
