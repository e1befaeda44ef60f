"""How long a fleet of configs takes to open, beside one of them: in the command, and in the app until the last one is in the table.

    python tests/benchmarks/bench_fleet.py [CONFIGS] [RUNS]

To hold: at most twice the time of one, and 20 ms for each config. Runs take turns, so that what else the machine does meets them
alike; medians are compared. Each config is the demo's, with a name, a database and a comment of its own.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.demo.deployment import make_deployment
from tests.benchmarks.bench_start import paints, run

CONFIGS, RUNS = 50, 7
EACH = 20.0
"""Milliseconds that each config may take."""


def main() -> None:
    """Print the table; exit 1 where the fleet takes longer than it may."""
    configs, runs = (
        int(sys.argv[place]) if len(sys.argv) > place else given for place, given in ((1, CONFIGS), (2, RUNS))
    )
    times: dict[str, list[float]] = {
        name: [] for name in ("check, one", "fleet", "app, one", "app, fleet: first", "app, fleet: all")
    }
    with tempfile.TemporaryDirectory() as name:
        request = make_deployment(Path(name))
        fleet = Path(name) / "fleet"
        fleet.mkdir()
        text = Path(request.config).read_text(encoding="utf-8")
        for number in range(configs):
            (fleet / f"config-{number:02}.yaml").write_text(f"# {number}\n{text}", encoding="utf-8")
        environment = {
            key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
        } | {
            "TERM": "xterm-256color",
            "COLUMNS": "140",
            "LINES": "42",
            "PYTHONPYCACHEPREFIX": f"{name}/bytecode",
        }
        ours = [sys.executable, "-m", "llama_storage_tui"]
        shared = ["--env-file", request.env_files[0], "--no-environ"]
        for turn in range(runs + 1):
            found = [
                run([*ours, "check", request.config, *shared, "--json"], environment),
                run([*ours, "fleet", str(fleet), *shared, "--json"], environment),
                *paints([*ours, request.config, *shared], [b"kv_default"], environment),
                *paints([*ours, str(fleet), *shared], [b"config-00", b"by the files alone"], environment),
            ]
            if turn:  # the first one compiled
                for measured, value in zip(times.values(), found, strict=True):
                    measured.append(value)
    medians = {what: statistics.median(measured) for what, measured in times.items()}
    for what, measured in times.items():
        print(f"{what:18} {medians[what]:6.0f} ms  (least {min(measured):4.0f} ms)")
    is_held = True
    for one, many in (("check, one", "fleet"), ("app, one", "app, fleet: all")):
        most = 2 * medians[one] + EACH * configs
        is_held = is_held and medians[many] <= most
        print(f"{many:18} {medians[many] / most:6.2f} of what {configs} configs may take ({most:.0f} ms)")
    sys.exit(not is_held)


if __name__ == "__main__":
    main()
