"""Record which APIs and provider types a release knows, from its own registry, into `registry/releases.json`.

Run it by hand, once for each release, with an interpreter that can import that release; see README.md.
"""

import contextlib
import importlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent / "registry" / "releases.json"


def installed() -> tuple[str, str]:
    for package in ("ogx", "llama-stack"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return package.replace("-", "_"), importlib.metadata.version(package)
    raise SystemExit("neither ogx nor llama-stack is installed for this interpreter")


def api_names(package: str) -> list[str]:
    for module in (f"{package}_api", f"{package}.providers.datatypes"):
        with contextlib.suppress(ImportError):
            return sorted(api.value for api in importlib.import_module(module).Api)
    raise SystemExit(f"{package} has no list of APIs where it is looked for")


def release(package: str) -> dict[str, Any]:
    distribution: Any = importlib.import_module(f"{package}.core.distribution")
    providers = {
        f"{api.value} {name}": sorted(needed.value for needed in spec.api_dependencies)
        for api, specs in distribution.get_provider_registry().items()
        for name, spec in specs.items()
    }
    return {
        "apis": api_names(package),
        "internal": sorted(api.value for api in distribution.INTERNAL_APIS),
        "routed": {
            pair.router_api.value: pair.routing_table_api.value
            for pair in distribution.builtin_automatically_routed_apis()
        },
        "providers": dict(sorted(providers.items())),
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What is new or other in `after`, and null for what is gone."""
    flat_before, flat_after = ({**state["providers"]} for state in (before, after))
    changed = {name: needs for name, needs in flat_after.items() if flat_before.get(name) != needs}
    changed |= dict.fromkeys(flat_before.keys() - flat_after.keys())
    others = {key: after[key] for key in ("apis", "internal", "routed") if before.get(key) != after[key]}
    return {**others, "providers": dict(sorted(changed.items()))}


def states(recorded: dict[str, Any]) -> dict[str, Any]:
    """Undo `changes`: the whole of each release."""
    whole: dict[str, Any] = {"providers": {}}
    result = {}
    for version, change in recorded.items():
        providers = {**whole["providers"], **change["providers"]}
        whole = {**whole, **change, "providers": {name: n for name, n in providers.items() if n is not None}}
        result[version] = whole
    return result


def record() -> None:
    package, version = installed()
    known = states(json.loads(TARGET.read_text("utf-8"))) if TARGET.exists() else {}
    known[version] = release(package)
    text: dict[str, Any] = {}
    before: dict[str, Any] = {"providers": {}}
    for each in sorted(known, key=lambda name: tuple(map(int, name.split(".")))):
        text[each] = changes(before, known[each])
        before = known[each]
    TARGET.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{version}: {len(known[version]['providers'])} provider types")


if __name__ == "__main__":
    record()
