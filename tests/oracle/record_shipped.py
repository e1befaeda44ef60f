"""Record the configs that a release ships, and whether its own loader and resolver take them, into `shipped/`.

Run it by hand, once for each release, with an interpreter that can import that release; see README.md. Variables without a
default are set to a text. The package's own resolver checks the providers, their types and their needs; the providers
themselves are not built, since most of them need a server or a graphics card.
"""

import asyncio
import hashlib
import importlib
import inspect
import json
import logging
import os
import re
import sys
import zipfile
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

from tests.oracle.record import FIXED_ENVIRONMENT, installed, silence
from tests.oracle.record_start import Mocks

HERE = Path(__file__).resolve().parent / "shipped"
ERROR_LENGTH = 160
PLACEHOLDER = "placeholder"


def verdict(package: str, text: str) -> str:
    """Return `starts`, or the error of the loader or the resolver."""
    stack: Any = importlib.import_module(f"{package}.core.stack")
    resolver: Any = importlib.import_module(f"{package}.core.resolver")
    configure: Any = importlib.import_module(f"{package}.core.configure")
    for name in re.findall(r"\$\{env\.([A-Z0-9_]+)\}", text):
        os.environ[name] = PLACEHOLDER
    try:
        config = configure.parse_and_maybe_upgrade_config(stack.replace_env_vars(yaml.safe_load(text)))
        stack._initialize_storage(config)
        impls: dict[Any, Any] = {}
        takes_policy = len(inspect.signature(stack.add_internal_implementations).parameters) > 2
        stack.add_internal_implementations(impls, config, *([[]] if takes_policy else []))
        registry = stack.get_provider_registry(config)
        asyncio.run(resolver.resolve_impls(config, registry, mock.MagicMock(), [], impls))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever stops a server is a verdict
        return f"{type(error).__name__}: {' '.join(str(error).split())}"[:ERROR_LENGTH]
    return "starts"


def record() -> None:
    package, version = installed()
    module = package.replace("-", "_")
    os.environ.clear()
    os.environ.update(FIXED_ENVIRONMENT)
    logging.disable(logging.CRITICAL)
    sys.meta_path.append(Mocks())
    with silence():
        for name in (
            "mcp",
            "mcp.client",
            "mcp.client.streamable_http",
            "mcp.client.sse",
            "mcp.types",
            "mcp.shared",
        ):
            # Releases before the newest mcp import names that it no longer has; nothing here calls such a server.
            sys.modules[name] = mock.MagicMock()
        resolver: Any = importlib.import_module(f"{module}.core.resolver")
        resolver.instantiate_provider = mock.AsyncMock()
        folder = Path(importlib.import_module(module).__file__ or "").parent / "distributions"
        found = {
            f"{path.parent.name}/{path.name}": path.read_text("utf-8")
            for path in sorted(folder.glob("*/*.yaml"))
            if path.name != "build.yaml"
        }
        verdicts = {name: verdict(module, text) for name, text in found.items()}
    HERE.mkdir(exist_ok=True)
    record_file, archive = HERE / "verdicts.json", HERE / "configs.zip"
    known = json.loads(record_file.read_text("utf-8")) if record_file.exists() else {}
    known[version] = {}
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as stored:
        for name, text in found.items():
            digest = hashlib.sha256(text.encode()).hexdigest()[:12]
            if f"{digest}.yaml" not in stored.namelist():
                stored.writestr(zipfile.ZipInfo(f"{digest}.yaml"), text, zipfile.ZIP_DEFLATED)
            known[version][name] = [digest, verdicts[name]]
    ordered = sorted(known.items(), key=lambda item: tuple(map(int, item[0].split("."))))
    record_file.write_text(json.dumps(dict(ordered), indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{version}: {len(found)} configs, {sum(v == 'starts' for v in verdicts.values())} start")


if __name__ == "__main__":
    record()
