"""Record what the package that is installed says about every older shipped config once `migrate` has brought it there.

Run it by hand with an interpreter that can import that release; see README.md. Loader and resolver are the package's own, as in
`record_shipped.py`; the verdicts go to `migrated/`.
"""

import importlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from llama_storage_tui.model.version import Version
from tests.oracle.migrated_cases import migrated, shipped_before, texts
from tests.oracle.record import FIXED_ENVIRONMENT, installed, silence
from tests.oracle.record_shipped import verdict
from tests.oracle.record_start import Mocks

HERE = Path(__file__).resolve().parent / "migrated"


def record() -> None:
    package, version = installed()
    module = package.replace("-", "_")
    os.environ.clear()
    os.environ.update(FIXED_ENVIRONMENT)
    logging.disable(logging.CRITICAL)
    sys.meta_path.append(Mocks())
    verdicts: dict[str, str] = {}
    with silence():
        for name in (
            "mcp",
            "mcp.client",
            "mcp.client.streamable_http",
            "mcp.client.sse",
            "mcp.types",
            "mcp.shared",
        ):
            sys.modules[name] = mock.MagicMock()
        resolver: Any = importlib.import_module(f"{module}.core.resolver")
        resolver.instantiate_provider = mock.AsyncMock()
        for release, name, digest in shipped_before(min(Version.parse(version), Version(1, 0))):
            for layout in ("keep", "merge"):
                text = migrated(texts()[digest], release, version, layout).text
                verdicts[f"{release} {name} {layout}"] = verdict(module, text)
    HERE.mkdir(exist_ok=True)
    path = HERE / f"{package}-{version}.json"
    path.write_text(json.dumps(verdicts, indent=1) + "\n", "utf-8")
    print(
        f"{package} {version}: {len(verdicts)} cases, {sum(found == 'starts' for found in verdicts.values())} start"
    )


if __name__ == "__main__":
    record()
