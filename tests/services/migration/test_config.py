"""A config's migration as files: what is written, what is kept, and when nothing is touched."""

from __future__ import annotations

import base64
import json
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from llama_storage_tui.errors import RefusedError, UsageError
from llama_storage_tui.model.migration import BackendLayout
from llama_storage_tui.services.migration.config import (
    MigrationRequest,
    plan_config,
    plan_config_later,
    save_config,
    unified,
    write_config,
)
from llama_storage_tui.services.requests import LoadRequest

TEXT = """\
version: 2
image_name: shop   # ours
apis: [inference]
providers:
  inference:
  - provider_id: v
    provider_type: remote::vllm
    config: {url: http://v/v1, api_token: s3cret-token}
# password: h1dden
metadata_store:
  type: postgres
  user: app
  password: 's3cret%40word'
inference_store: {type: sqlite, db_path: /data/inference.db}
"""


def request(path: Path, to: str = "1.5.0", **environ: str) -> MigrationRequest:
    environ.setdefault("HOME", str(path.parent))
    environ.setdefault("LLAMA_STORAGE_TUI_STATE_DIR", str(path.parent / "state"))
    return MigrationRequest(LoadRequest(str(path), environ=environ), to)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(TEXT)
    path.chmod(0o640)
    return path


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_planning_writes_nothing(config: Path) -> None:
    before = listing(config.parent)
    plan = plan_config(request(config))
    assert plan.is_changed
    assert listing(config.parent) == before
    assert (str(plan.before), str(plan.after), plan.loads, plan.starts) == ("0.2.24", "1.5.0", True, True)


def test_the_new_file_is_written_in_place_and_the_old_one_kept_beside_it(config: Path) -> None:
    load = request(config).load
    plan = plan_config(request(config))
    written = write_config(plan, load)
    assert written.backup is not None
    assert config.read_bytes() == plan.content
    assert written.backup.read_text() == TEXT
    for path in (config, written.backup):
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert listing(config.parent).keys() == {"run.yaml", written.backup.name}
    again = plan_config(request(config))
    assert (again.changes, again.is_changed) == ((), False)
    assert write_config(again, load).backup is None


def test_a_second_backup_leaves_the_first_alone(config: Path) -> None:
    first = write_config(plan_config(request(config)), request(config).load).backup
    edited = TEXT + "# edited\n"
    config.write_text(edited)
    second = write_config(plan_config(request(config)), request(config).load).backup
    assert first is not None
    assert second is not None
    assert (first.read_text(), second.read_text()) == (TEXT, edited)


def test_the_same_content_is_kept_once(config: Path) -> None:
    first = write_config(plan_config(request(config)), request(config).load).backup
    config.write_text(TEXT)
    assert write_config(plan_config(request(config)), request(config).load).backup == first
    assert listing(config.parent).keys() == {"run.yaml", Path(str(first)).name}


def test_a_config_that_was_edited_meanwhile_is_refused_and_left_as_it_is(config: Path) -> None:
    plan = plan_config(request(config))
    config.write_text(TEXT + "# theirs\n")
    with pytest.raises(RefusedError, match="edited"):
        write_config(plan, request(config).load)
    assert listing(config.parent) == {"run.yaml": (TEXT + "# theirs\n").encode()}


def test_what_somebody_saves_while_the_file_is_replaced_is_never_lost(config: Path) -> None:
    """Somebody saves again and again; whatever wins, their last text is in the file or in the backup's company."""
    stop, saved = threading.Event(), [TEXT]

    def save() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            text = f"{TEXT}# {number}\n"
            draft = config.with_name("theirs")
            draft.write_text(text)
            saved.append(text)
            draft.replace(config)

    other = threading.Thread(target=save)
    other.start()
    try:
        for _ in range(20):
            plan = plan_config(request(config))
            try:
                backup = write_config(plan, request(config).load).backup
            except RefusedError:
                continue
            assert backup is None or backup.read_text() in saved
    finally:
        stop.set()
        other.join()
    assert not [path for path in config.parent.iterdir() if path.name.startswith(".run.yaml")]


def test_a_file_that_is_there_is_never_overwritten_by_another(config: Path, tmp_path: Path) -> None:
    plan = plan_config(request(config))
    new = tmp_path / "new.yaml"
    save_config(plan, new)
    assert new.read_bytes() == plan.content
    with pytest.raises(RefusedError):
        save_config(plan, new)


def test_a_link_stays_a_link(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(config)
    plan = plan_config(request(link))
    write_config(plan, request(link).load)
    assert link.is_symlink()
    assert config.read_bytes() == plan.content


def test_no_secret_is_in_anything_that_is_shown(config: Path) -> None:
    plan = plan_config(request(config))
    shown = json.dumps(
        [plan.shown, plan.shown_old, unified(plan), *(change.reason for change in plan.changes)]
    ) + repr(plan)
    for secret in ("s3cret", "h1dden"):
        assert secret not in shown
    assert "********" in plan.shown
    assert len(plan.shown.splitlines()) == len(plan.text.splitlines())
    assert "'s3cret%40word'" in plan.text


def test_changes_can_be_left_out_one_by_one(config: Path) -> None:
    asked = request(config)
    plan = plan_config(asked)
    (change,) = [one for one in plan.changes if one.kind == "tls"]
    fewer = plan_config(replace(asked, left=frozenset({change.id})))
    assert change.id not in {one.id for one in fewer.changes}
    assert "insecure" not in fewer.text


def test_each_change_is_on_its_line_of_the_old_file(config: Path) -> None:
    lines = TEXT.splitlines()
    found = {change.kind: change.line for change in plan_config(request(config)).changes}
    assert found["renamed-key"] == 2
    assert found["address"] == lines.index("    config: {url: http://v/v1, api_token: s3cret-token}") + 1
    assert found["catalog"] == lines.index("metadata_store:") + 1


def test_the_layout_is_the_one_that_moves_least(config: Path) -> None:
    text = TEXT.replace(
        "type: postgres\n  user: app\n  password: 's3cret%40word'",
        "type: sqlite\n  db_path: /data/registry.db",
    )
    text += "server: {quota: {kvstore: {type: sqlite, db_path: /data/quota.db}}}\n"
    config.write_text(text)
    assert plan_config(request(config, "0.7.3")).layout is BackendLayout.KEEP
    merged = plan_config(request(config, "1.5.0"))
    assert merged.layout is BackendLayout.MERGE
    assert "old files stay" in merged.layout_reason


def test_an_older_release_is_refused(config: Path) -> None:
    config.write_text("version: 2\ndistro_name: x\nproviders: {}\nconnectors: []\n")
    with pytest.raises(UsageError, match="older"):
        plan_config(request(config, "0.3.5"))


def manifest(text: str, form: str) -> str:
    head = "apiVersion: v1\nkind: {}\nmetadata:\n  name: c   # kept\ndata:\n  # the config\n  run.yaml: "
    match form:
        case "literal":
            body = "|\n" + "".join(
                f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True)
            )
        case "stripped":
            body = "|-\n" + "".join(
                f"     {line}" if line.strip() else line for line in text.splitlines(keepends=True)
            )
        case "quoted":
            body = json.dumps(text) + "\n"
        case _:
            return head.format("Secret") + base64.b64encode(text.encode()).decode() + "\n  other: eA==\n"
    return head.format("ConfigMap") + body + "  other: x   # y\n"


@pytest.mark.parametrize("form", ["literal", "stripped", "quoted", "base64"])
def test_a_manifest_keeps_its_wrapping(config: Path, form: str) -> None:
    plain = plan_config(request(config))
    config.write_text(manifest(TEXT, form))
    plan = plan_config(request(config))
    assert plan.text.rstrip("\n") == plain.text.rstrip("\n")
    write_config(plan, request(config).load)
    assert config.read_text() == manifest(plain.text, form)
    assert plan_config(request(config)).changes == ()
    if form == "literal":
        assert [one.line for one in plan.changes if one.kind == "renamed-key"] == [9]


def test_line_ends_and_a_byte_order_mark_stay(config: Path) -> None:
    text = plan_config(request(config)).text
    config.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    write_config(plan_config(request(config)), request(config).load)
    assert config.read_bytes() == b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()


async def test_planning_can_be_awaited(config: Path) -> None:
    plan = await plan_config_later(request(config))
    assert yaml.safe_load(plan.text)["storage"]["stores"]["metadata"]["namespace"] == "registry"


def test_a_file_with_a_second_name_is_refused_since_that_would_keep_the_old_config(config: Path) -> None:
    plan = plan_config(request(config))
    os.link(config, config.with_name("other.yaml"))
    with pytest.raises(RefusedError, match="hard links"):
        write_config(plan, request(config).load)
    assert config.read_text() == TEXT


def test_paths_in_the_old_folder_stay_where_ogx_does_not_rename_it(config: Path) -> None:
    text = TEXT.replace("/data/inference.db", "~/.llama/inference.db")
    config.write_text(text)
    home = config.parent
    (home / ".llama").mkdir()
    assert "~/.ogx/inference.db" in plan_config(request(config)).text
    assert "~/.llama/inference.db" in plan_config(request(config, OGX_CONFIG_DIR="/srv/ogx")).text
    (home / ".ogx").mkdir()
    assert "~/.llama/inference.db" in plan_config(request(config)).text


@pytest.mark.parametrize("release", ["0.2", "0.2.24"])
def test_a_release_without_a_catalog_is_no_release_to_bring_a_config_to(config: Path, release: str) -> None:
    with pytest.raises(UsageError, match=r"no backends with names, which came with 0\.3\.0"):
        plan_config(request(config, release))


def test_lines_that_end_with_a_carriage_return_alone_are_refused_by_their_line(config: Path) -> None:
    config.write_bytes(TEXT.replace("ours\n", "ours\r").encode())
    with pytest.raises(RefusedError, match=r"line 2: a carriage return alone"):
        plan_config(request(config))


def test_keys_that_are_no_text_stay_as_they_are(config: Path) -> None:
    odd = "1: 2\ntrue: 3\nnull: 4\n2026-01-02: 5\n1.5: 6\n"
    config.write_text(TEXT + odd)
    assert plan_config(request(config)).text.count(odd) == 1
