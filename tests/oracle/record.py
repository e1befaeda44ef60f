"""Record what the real servers say about the case files beside this script.

Run it by hand with the interpreter of an environment that holds ``llama-stack`` or ``ogx``; see README.md.
The package's own run command loads each file, then its own server factory does, and both are stopped at the
point where the application object, and with it the first provider, would be built.
"""

import argparse
import contextlib
import datetime as dt
import importlib
import importlib.metadata
import json
import logging
import os
import platform
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
HOME = "/nonexistent/operator"
FIXED_ENVIRONMENT = {"HOME": HOME}
ERROR_LENGTH = 300
POINTER = "For further information visit"


class Loaded(BaseException):
    """The configuration got as far as the application object."""


class CommandLineError(Exception):
    """What the command line parser would have printed before leaving."""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CommandLineError(message)


def stop(*_args: object, **_kwargs: object) -> NoReturn:
    raise Loaded


def prepare(package: str) -> Callable[[Path], None]:
    """Return a function that loads one file the way the command line and then the server process do."""
    run: Any = importlib.import_module(f"{package}.cli.stack.run")
    server: Any = importlib.import_module(f"{package}.core.server.server")
    server.StackApp = stop
    run.uvicorn = types.SimpleNamespace(run=lambda *_args, **_kwargs: server.create_app())

    def load_llama_stack(path: Path) -> None:
        command = run.StackRun(Parser().add_subparsers(parser_class=Parser))
        command._run_stack_run_cmd(command.parser.parse_args([str(path)]))

    def load_ogx(path: Path) -> None:
        parser = Parser()
        run.add_run_arguments(parser)
        try:
            run.run_stack_cmd(parser.parse_args([str(path)]), parser)
        except SystemExit as exit_:
            # A server without certificates needs --insecure: a matter of the command, not of the file.
            if not str(exit_).startswith("TLS required"):
                raise
            server.create_app()

    return load_llama_stack if package == "llama_stack" else load_ogx


@contextlib.contextmanager
def environment(case: dict[str, str]) -> Iterator[None]:
    os.environ.clear()
    os.environ.update(FIXED_ENVIRONMENT | case)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(FIXED_ENVIRONMENT)


@contextlib.contextmanager
def no_directories() -> Iterator[None]:
    """Keep the run command from creating a missing external_providers_dir."""
    real = os.makedirs
    os.makedirs = lambda *_args, **_kwargs: None
    try:
        yield
    finally:
        os.makedirs = real


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Send standard output and error of this process to nowhere."""
    kept = [(number, os.dup(number)) for number in (1, 2)]
    sink = os.open(os.devnull, os.O_WRONLY)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        for number, _ in kept:
            os.dup2(sink, number)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in kept:
            os.dup2(copy, number)
            os.close(copy)
        os.close(sink)


def describe(error: BaseException, path: Path, scratch: Path) -> str:
    if isinstance(error, CommandLineError) and error.__context__ is not None:
        error = error.__context__
    name = type(error).__name__
    if isinstance(error, RecursionError):
        return name
    lines = [line for line in str(error).splitlines() if POINTER not in line]
    text = "\n".join(lines)
    for wanted, shown in ((str(path), "<file>"), (str(scratch), "<scratch>")):
        text = text.replace(wanted, shown)
    return f"{name}: {text}"[:ERROR_LENGTH]


def verdict(load: Callable[[Path], None], source: Path, scratch: Path) -> dict[str, str]:
    env_file = source.with_suffix(".env.json")
    case = json.loads(env_file.read_text("utf-8")) if env_file.exists() else {}
    path = scratch / "run.yaml"
    path.write_bytes(source.read_bytes())
    try:
        with environment(case), no_directories():
            load(path)
    except Loaded:
        return {"verdict": "accept", "error": ""}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever stops a server is a verdict
        return {"verdict": "reject", "error": describe(error, path, scratch)}
    raise RuntimeError(f"{source.name}: the server did not get to its application")


def installed() -> tuple[str, str]:
    for package in ("ogx", "llama-stack"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return package, importlib.metadata.version(package)
    raise SystemExit("neither ogx nor llama-stack is installed for this interpreter")


def record() -> None:
    package, version = installed()
    sources = sorted((HERE / "load" / f"cases-{version}").glob("*.yaml"))
    if not sources:
        raise SystemExit(f"no cases for {package} {version}")
    warnings.simplefilter("ignore")
    results = {}
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory).resolve()
        tempfile.tempdir = str(scratch)
        with silence():
            load = prepare(package.replace("-", "_"))
            logging.disable(logging.CRITICAL)
            for source in sources:
                results[source.stem] = verdict(load, source, scratch)
    if Path(HOME).exists():
        raise SystemExit(f"something was written to the made-up home {HOME}")
    header = {
        "package": package,
        "version": version,
        "python": platform.python_version(),
        "pydantic": importlib.metadata.version("pydantic"),
        "pyyaml": importlib.metadata.version("pyyaml"),
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }
    target = HERE / "load" / f"{package}-{version}.json"
    text = json.dumps({"header": header, "cases": results}, indent=1, sort_keys=True, ensure_ascii=False)
    target.write_text(text + "\n", "utf-8")
    accepted = sum(result["verdict"] == "accept" for result in results.values())
    print(f"{target.name}: {len(results)} cases, {accepted} accepted, {len(results) - accepted} rejected")


if __name__ == "__main__":
    if sys.argv[1:] != ["--started-over"]:
        # Paths under the home directory are worked out when the package is imported: start over without ours.
        command = [sys.executable, "-X", "utf8", str(Path(__file__).resolve()), "--started-over"]
        os.execve(sys.executable, command, FIXED_ENVIRONMENT)  # noqa: S606 - our own interpreter
    record()
