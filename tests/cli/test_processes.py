"""The program as a process of its own: signals, a reader that goes away, completion, imports, the log file."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.conftest import Run, start
from tests.patience import PATIENCE

SILENT = """\
version: 2
distro_name: demo
providers: {{}}
storage:
  backends:
    kv_default: {{type: kv_sqlite, db_path: /nowhere/kv.db}}
    sql_default: {{type: sql_postgres, host: 127.0.0.1, port: {port}, user: u, password: hunter22, db: d}}
"""


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_call_that_hangs_ends_at_a_signal_with_its_code(
    sent: signal.Signals, code: int, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        path = tmp_path / "run.yaml"
        path.write_text(SILENT.format(port=server.getsockname()[1]))
        process = start("test", str(path), "sql_default", "--timeout", "60", stdout=-1, stderr=-1)
        connection, _ = server.accept()
        with connection:
            process.send_signal(sent)
            found, out, err = finish(process)
    assert (found, out) == (code, "")
    assert "Traceback" not in err
    assert "hunter22" not in err


@pytest.mark.parametrize("words", [["show"], ["rows", "sql_default", "inference_store", "--all"]])
def test_a_reader_that_goes_away_ends_the_call_quietly(words: list[str], config: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command, *rest = words
    process = start(command, config, *rest, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    code, _, err = finish(process)
    assert (code, err) == (141, "")


def test_a_full_disk_under_stdout_is_a_sentence(config: str) -> None:
    with Path("/dev/full").open("wb") as full:
        code, _, err = finish(start("show", config, stdout=full, stderr=-1))
    assert code == 70
    assert err == "Error: stdout cannot be written: No space left on device\n"


@pytest.mark.parametrize(("closed", "code"), [(">&-", 141), ("2>&-", 0), ("<&-", 0), ("<&- >&- 2>&-", 141)])
def test_a_closed_stream_is_no_bug(closed: str, code: int, config: str) -> None:
    program = f"exec {sys.executable} -m llama_storage_tui show {config} --json {closed}"
    done = subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "")


def test_a_config_from_a_closed_stdin_is_a_sentence() -> None:
    program = f"exec {sys.executable} -m llama_storage_tui show - <&-"
    done = subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: stdin is closed")


@cache
def completion_script(shell: str) -> str:
    environ = os.environ | {"_LLAMA_STORAGE_TUI_COMPLETE": f"{shell}_source"}
    code, out, _ = finish(start(env=environ, stdout=-1, stderr=-1))
    assert code == 0
    return out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed_for_each_shell(shell: str) -> None:
    assert "llama-storage-tui" in completion_script(shell)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("llama-storage-tui ch", "plain,check"),
        ("llama-storage-tui r", "file,r"),
        ("llama-storage-tui check r", "file,r"),
        ("llama-storage-tui rows run.yaml sql_default t --form", "plain,--format"),
        ("llama-storage-tui rows run.yaml sql_default t --format j", "plain,jsonl"),
        ("llama-storage-tui schema ch", "plain,check"),
    ],
)
def test_words_are_completed(words: str, expected: str) -> None:
    environ = os.environ | {
        "_LLAMA_STORAGE_TUI_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    code, out, _ = finish(start(env=environ, stdout=-1, stderr=-1))
    assert code == 0
    assert expected in out.splitlines()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ch"], {"check"}),
        (["check", "c"], {"config.yaml"}),
        (["c"], {"check", "conversations", "completions", "config.yaml"}),
        (["tables", "config.yaml", "sql_"], {"sql_default", "sql_analytics", "sql_archive"}),
        (["test", "config.yaml", "sql_default", "sql_a"], {"sql_analytics", "sql_archive"}),
        (["keys", "config.yaml", "kv_default", "reg"], {"registry"}),
        (["rows", "config.yaml", "sql_default", "inf"], {"inference_store"}),
        (["responses", "config.yaml", "list", "--status", "fa"], {"failed"}),
        (["responses", "config.yaml", "list", "--model", "vl"], {"vllm/llama-3.3-70b"}),
        (["objects", "config.yaml", "batch"], {"batches"}),
        (["check", "--for", "1.5"], {"1.5.0"}),
        (["keys", "config.yaml", "kv_default", "vector_io::fai"], {"faiss"}),
        (["keys", "config.yaml", "kv_default", "vector_io"], {"vector_io::faiss", "vector_io::pgvector"}),
        (["responses", "config.yaml", "list", "--status=fa"], {"failed"}),
        (["help", "th"], {"themes"}),
        (["help", "che"], {"check"}),
        (["tables", "nowhere.yaml", ""], set()),
        (["tables", "-", ""], set()),
    ],
)
def test_bash_completes_what_costs_no_connection(
    words: list[str], expected: set[str], tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text((files("llama_storage_tui.demo") / "config.yaml").read_text())
    script = completion_script("bash")
    program = tmp_path / ".bin" / "llama-storage-tui"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m llama_storage_tui "$@"\n')
    program.chmod(0o755)
    # A shell runs the function for itself only while it reads a line: options of readline mean nothing here.
    asked = f"""
compopt() {{ :; }}
{script}
COMP_LINE='{" ".join(("llama-storage-tui", *words))}'; COMP_POINT=${{#COMP_LINE}}
_llama_storage_tui_completion llama-storage-tui
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", asked],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert set(done.stdout.split()) == expected
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("shell", "ask"),
    [
        ("fish", 'complete -C "llama-storage-tui check --for=1.5"'),
        (
            "zsh",
            # The widgets of zsh's line editor run nowhere else: what they are called with is what they would insert.
            """compset() { prefix='--for='; }; compadd() { print -l -- $prefix${^completions}; }
            words=(llama-storage-tui check --for=1.5); CURRENT=3; _llama_storage_tui_completion""",
        ),
    ],
)
def test_other_shells_complete_a_value_behind_its_option(shell: str, ask: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    script = completion_script(shell)
    program = tmp_path / "llama-storage-tui"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m llama_storage_tui "$@"\n')
    program.chmod(0o755)
    before = "compdef() { :; }\n" if shell == "zsh" else ""
    done = subprocess.run(
        [shell, "-c", f"{before}{script}\n{ask}"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert "--for=1.5.0" in done.stdout.split(), done.stderr


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_command_that_contacts_nothing_loads_neither_textual_nor_a_driver(
    command: str, config: str
) -> None:
    program = (
        "import sys; from llama_storage_tui.__main__ import main; main(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, command, config, "--json"], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "click" in loaded
    assert not loaded & {"textual", "rich", "sqlalchemy", "asyncpg", "aiosqlite", "redis", "pymongo"}


def test_output_survives_a_terminal_that_knows_only_ascii(config: str) -> None:
    environ = os.environ | {"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}
    code, out, err = finish(start("test", config, "--log-file", "x.log", env=environ, stdout=-1, stderr=-1))
    assert (code, err) == (0, ""), Path("x.log").read_text()
    assert "kv_default" in out
    assert "\\u" not in out


@pytest.mark.parametrize(
    ("written", "seen"),
    [("a … ○ –", "a ~ o -"), ("…→", "~>"), ("é中", "\\xe9\\u4e2d"), ("x…\ud83d", "x~\\ud83d")],
)
def test_signs_become_ascii_marks_and_other_letters_escapes_where_the_terminal_lacks_them(
    written: str, seen: str
) -> None:
    program = f"from llama_storage_tui.cli import output; output.prepare(); print({written!a})"
    environ = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environ, check=True)
    assert done.stdout.decode("ascii").strip() == seen


def test_the_log_file_is_the_owners_alone_and_holds_no_secret(run: Run, config: str, tmp_path: Path) -> None:
    path = Path(config)
    path.write_text(
        path.read_text()
        + "server: {auth: {provider_config: {type: custom, endpoint: 'http://u:hunter22@h'}}}\n"
    )
    log = tmp_path / "x.log"
    log.write_text("")
    log.chmod(0o644)
    run("rows", config, "sql_default", "inference_store", "--where", "model=hunter23", "--log-file", str(log))
    run("--log-file", str(log), "tables", config, "nowhere", "--json")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    text = log.read_text()
    assert "loaded" in text
    assert "opening sql_default" in text
    assert "has no backend 'nowhere'" in text
    assert "hunter2" not in text
    assert "SELECT" not in text


BUG = """\
import sys
from llama_storage_tui import __main__ as program
from llama_storage_tui.cli import check
def fails(*_, **__):
    password = "hunter22"
    raise ValueError("invalid literal: 'hunter22'") from KeyError("hunter22")
check.open_catalog = fails
sys.exit(program.main(sys.argv[1:]))
"""


def test_a_bug_is_one_sentence_and_its_trace_is_in_the_log_without_any_value(
    config: str, tmp_path: Path
) -> None:
    log = tmp_path / "x.log"
    words = [sys.executable, "-c", BUG, "show", config, "--log-file", str(log)]
    plain = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (plain.returncode, plain.stdout) == (70, "")
    assert plain.stderr.startswith("Error: The program failed in a way that it should not (ValueError")
    as_json = subprocess.run([*words, "--json"], capture_output=True, text=True, check=False)
    assert (as_json.returncode, as_json.stderr) == (70, "")
    assert json.loads(as_json.stdout)["error"]["kind"] == "internal"
    trace = log.read_text()
    assert "in show" in trace
    assert "builtins.KeyError" in trace
    assert "hunter22" not in plain.stdout + plain.stderr + as_json.stdout + as_json.stderr
    # Neither messages nor source lines, which Python 3.13 has for a program given with -c too.
    assert "invalid literal" not in trace
    assert "password =" not in trace
    assert "hunter22" not in trace
