"""Record what `Stack.initialize` of the package that is installed says about the cases of `start_cases`.

Run it by hand with the interpreter of an environment that holds ``llama-stack`` or ``ogx``; see README.md. Each case runs in a
process of its own, which reads the file as the server does, starts the stack, and makes sure of each API that is to be served.
Packages with which a provider computes (torch, faiss …) are replaced by mocks where they are not installed.
"""

import asyncio
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import json
import logging
import multiprocessing
import os
import platform
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import yaml

from tests.oracle.record import FIXED_ENVIRONMENT, POINTER, installed, silence
from tests.oracle.start_cases import HOME, cases, lay_out, plain

HERE = Path(__file__).resolve().parent
ERROR_LENGTH = 160
PATIENCE = 60
COMPUTING = {
    "torch", "faiss", "numpy", "sentence_transformers", "transformers", "pandas", "matplotlib", "pypdf", "chardet",
    "datasets", "sqlite_vec", "PIL", "docling", "pymongo", "redis", "nltk", "trl", "peft", "codeshield",
    "scipy", "markitdown", "unstructured", "einops", "tree_sitter", "sqlite3_vec", "oracledb", "pgvector", "mcp",
}  # fmt: skip


class Mocks(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes the modules of packages that are not installed."""

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name.split(".")[0] not in COMPUTING:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = mock.MagicMock(name=spec.name)
        module.__spec__, module.__path__ = spec, []
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is in it."""


def read(package: str, text: str) -> Any:  # noqa: ANN401 - the package's own model
    stack = importlib.import_module(f"{package}.core.stack")
    configure = importlib.import_module(f"{package}.core.configure")
    document = yaml.safe_load(text)
    document = stack.replace_env_vars(document)
    return configure.parse_and_maybe_upgrade_config(document)


async def start(package: str, config: Any) -> None:  # noqa: ANN401
    stack_module = importlib.import_module(f"{package}.core.stack")
    stack = stack_module.Stack(config)
    await stack.initialize()
    serve(package, config, stack.impls)


def serve(package: str, config: Any, impls: Any) -> None:  # noqa: ANN401
    """What the server's own loop over the APIs does with the list of the config, before it makes routes."""
    server = importlib.import_module(f"{package}.core.server.server")
    api_class = next(type(api) for api in impls)
    if hasattr(server, "apis_to_serve"):
        for name in sorted(server.apis_to_serve(config, impls)):
            api_class(name)
        return
    names = set(config.apis) if config.apis else {api.value for api in impls}
    for pair in server.builtin_automatically_routed_apis():
        if pair.router_api.value in names:
            names.add(pair.routing_table_api.value)
    for name in names:
        impls[api_class(name)]


def modules_of(package: str, text: str, folder: Path, answer: Any) -> None:  # noqa: ANN401
    os.chdir(folder)
    with contextlib.suppress(Exception):
        asyncio.run(start(package, read(package, text)))
    answer.send([name for name in sys.modules if name.startswith((package, "sqlalchemy", "aiosqlite"))])
    os._exit(0)


def attempt(package: str, text: str, folder: Path, answer: Any) -> None:  # noqa: ANN401
    stage = "load"
    os.chdir(folder)
    try:
        config = read(package, text)
        stage = "start"
        outside = config.external_providers_dir
        if outside and not Path(outside).exists():
            # As the run command does before it starts a server.
            Path(outside).mkdir(parents=True)
        asyncio.run(start(package, config))
        result = {"verdict": "starts"}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever stops a server is a verdict
        lines = [line for line in str(error).splitlines() if POINTER not in line]
        shown = " ".join(f"{type(error).__name__}: {' '.join(lines)}".split())
        result = {"verdict": f"fails at {stage}", "error": shown}
    answer.send(result)
    answer.close()
    os._exit(0)


def apart(work: Any, package: str, config: dict[str, Any], folder: Path) -> Any:  # noqa: ANN401
    """Do the work in a process of its own, and return what it answers."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(package, yaml.safe_dump(config), folder, theirs))
    process.start()
    theirs.close()
    if not ours.poll(PATIENCE):
        process.kill()
        raise SystemExit(f"no answer within {PATIENCE} s")
    result = ours.recv()
    process.join()
    return result


def verdict(package: str, config: dict[str, Any], folder: Path) -> dict[str, str]:
    result = apart(attempt, package, config, folder)
    error = result.get("error", "").replace(str(folder), "<scratch>")[:ERROR_LENGTH]
    return {"verdict": result["verdict"], **({"error": error} if error else {})}


def record(only: list[str]) -> None:
    package, version = installed()
    module = package.replace("-", "_")
    major, minor, patch = map(int, version.split("."))
    numbers = (major, minor, patch)
    results = {}
    os.environ.clear()
    os.environ.update({**FIXED_ENVIRONMENT, "HF_HUB_OFFLINE": "1"})
    logging.disable(logging.CRITICAL)
    sys.meta_path.append(Mocks())
    # It loads its tables from the network.
    sys.modules["tiktoken"] = mock.MagicMock()
    with silence():
        with contextlib.suppress(ImportError):
            # Releases before the newest mcp import a name that it no longer has; no case calls such a server.
            client: Any = importlib.import_module("mcp.client.streamable_http")
            client.__dict__.setdefault("streamablehttp_client", mock.MagicMock())
        importlib.import_module(f"{module}.core.server.server")
    with tempfile.TemporaryDirectory() as directory, silence():
        # What a start imports is imported once, before the cases part.
        for name in apart(modules_of, module, plain(numbers, directory), Path(directory)):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    for name, _ in cases(numbers, "x"):
        if only and name not in only:
            continue
        with tempfile.TemporaryDirectory() as directory, silence():
            folder = Path(directory)
            lay_out(folder)
            config = dict(cases(numbers, str(folder)))[name]
            results[name] = verdict(module, config, folder)
    if Path(HOME).exists():
        raise SystemExit(f"something was written to the made-up home {HOME}")
    if only:
        print(json.dumps(results, indent=1))
        return
    target = HERE / "start" / f"{package}-{version}.json"
    target.parent.mkdir(exist_ok=True)
    header = {"package": package, "version": version, "python": platform.python_version()}
    target.write_text(
        json.dumps({"header": header, "cases": results}, indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
    starts = sum(result["verdict"] == "starts" for result in results.values())
    print(f"{target.name}: {len(results)} cases, {starts} start")


if __name__ == "__main__":
    record(sys.argv[1:])
