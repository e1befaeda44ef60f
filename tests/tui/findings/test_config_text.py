"""The config at the line of a finding, and the operator's editor there."""

from __future__ import annotations

from pathlib import Path

import pytest

from llama_storage_tui.errors import UsageError
from llama_storage_tui.tui.terminal.editor import editor_command
from llama_storage_tui.tui.widgets.listing import Listing
from tests.deployments import copy_demo
from tests.tui.gallery import NARROW, demo_stage
from tests.tui.terminal import Terminal


async def test_a_finding_leads_to_its_line_with_the_yaml_around_it_and_its_sources() -> None:
    async with demo_stage() as found:
        await found.press("f", "V")
        assert "kv_defualt" in found.text
        assert "✗ error  provider-unknown-backend" in found.text
        assert found.app.screen.query_one(Listing).current == "64"
        await found.press("g")
        assert "SQLITE_STORE_DIR from" in found.text
        assert "provider-unknown-backend" not in found.text
        await found.press("escape")
        assert "Rule:" in found.text


async def test_a_narrow_terminal_says_the_source_of_the_line_under_the_cursor() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("f", "V")
        listing = found.app.screen.query_one(Listing)
        while "SQLITE_STORE_DIR from" not in found.text:
            assert listing.cursor_row > 0
            await found.press("up")


async def test_a_reference_leads_to_its_line() -> None:
    async with demo_stage() as found:
        await found.press("tab", "V")
        assert "› config" in found.text
        assert "registry" in found.text


async def test_findings_are_copied_and_written_to_a_file(tmp_path: Path) -> None:
    async with demo_stage(folder=tmp_path) as found:
        await found.press("f", "e")
        # There is nothing to choose, as there is for rows.
        assert "readable by you alone" in found.text
        assert "choices" not in found.text
        await found.press("enter")
        await found.settle()
        (file,) = tmp_path.iterdir()
        text = file.read_text()
        assert text.startswith(
            "error: provider-unknown-backend: providers.messages[0].config.kvstore (line 64)"
        )
        assert text.count("\n\n") > 2


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({"EDITOR": "cat"}, ["cat", "+7", "run.yaml"]),
        ({"EDITOR": "false", "VISUAL": "cat -n"}, ["cat", "-n", "+7", "run.yaml"]),
        ({"EDITOR": "cat", "VISUAL": " "}, ["cat", "+7", "run.yaml"]),
    ],
)
def test_the_editor_is_visual_then_editor_and_told_the_line(
    environ: dict[str, str], command: list[str]
) -> None:
    assert editor_command("run.yaml", 7, environ) == command


@pytest.mark.parametrize("written", ["no-such-editor", "'unclosed", "/etc/passwd"])
def test_a_command_that_is_none_is_said(written: str) -> None:
    with pytest.raises(UsageError, match=r"\$EDITOR is .*not a command on this machine"):
        editor_command("run.yaml", 1, {"EDITOR": written})


def test_the_editor_has_the_terminal_and_what_it_wrote_is_read(tmp_path: Path) -> None:
    request = copy_demo(tmp_path)
    editor = tmp_path / "editor.sh"
    editor.write_text(
        '#!/bin/sh\nstty -a | grep -q " echo " && echo EDITING $1 && read word && '
        'sed -i "s/kv_defualt/$word/" "$2"\n'
    )
    editor.chmod(0o755)
    mapped = f"{request.path_map[0][0]}={tmp_path}"
    words = (request.config, "--env-file", request.env_files[0], "--map-path", mapped)
    environ = {"EDITOR": str(editor), "VISUAL": "", "HOME": str(tmp_path)}
    with Terminal(words, environ=environ, is_imported=True) as terminal:
        terminal.expect("does not start")
        terminal.send("f")
        terminal.expect("provider-unknown-backend")
        terminal.send("E")
        terminal.expect("EDITING +64")
        terminal.send("kv_default\n")
        terminal.expect("› findings")
        terminal.expect_gone("provider-unknown-backend")
        terminal.send("\x1b")
        terminal.expect("should start")
    assert "kv_defualt" not in Path(request.config).read_text().split("# ")[0]


async def test_the_config_is_shown_at_the_line_of_the_backend_under_the_cursor() -> None:
    async with demo_stage() as found:
        request = found.app._request
        assert request is not None
        lines = Path(request.config).read_text().splitlines()
        number = next(place for place, line in enumerate(lines, 1) if line.strip().startswith("sql_default:"))
        await found.press("j", "V")
        assert "› config" in found.text
        assert found.app.screen.query_one(Listing).current == str(number)
