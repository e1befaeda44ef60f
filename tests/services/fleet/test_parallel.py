"""A fleet that several processes read is the one that a single process reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.configs import EARLIER, SQLITE
from tests.fleets import on_postgres, write_fleet

SCRIPT = """
import sys
from llama_storage_tui.services.fleet import members
from llama_storage_tui.services.fleet.judging import judge_fleet
from llama_storage_tui.services.fleet.inputs import find_inputs
from llama_storage_tui.services.fleet.reading import read_fleet_ahead
from llama_storage_tui.services.requests import LoadRequest

request = LoadRequest("@", environ={"HOME": "/home/somebody"})
ahead = read_fleet_ahead((sys.argv[1],), request)
requests = find_inputs([sys.argv[1]], request).requests
alone = list(members.read_members(requests))
found = {
    "apart": list(members.read_members_at_once(requests)),
    "ahead": list(ahead.members(ahead.inputs())),
}
ahead.close()
import json
import os
def shown(members):
    return [
        [m.name, str(m.error), m.catalog and repr(m.catalog.findings), repr(m.meaning), repr(m.logins), m.request == each]
        for m, each in zip(members, requests, strict=True)
    ]
judged = repr(judge_fleet(alone))
print(json.dumps({
    "alone": shown(alone),
    **{name: shown(members) for name, members in found.items()},
    "judged": [repr(judge_fleet(members)) == judged for members in found.values()],
    "kind": type(ahead).__name__,
}))
"""


def test_processes_of_their_own_read_the_same_in_the_same_order(tmp_path: Path) -> None:
    texts = {f"{number}.yaml": on_postgres(password=f"secret-{number % 3}") for number in range(9)}
    texts |= {"x.yaml": SQLITE, "y.yaml": EARLIER, "z.yaml": SQLITE.replace("[inference]", "[inference")}
    folder = write_fleet(tmp_path, texts)
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    assert len(found["alone"]) == 12
    assert found["apart"] == found["ahead"] == found["alone"]
    assert all(each[-1] for each in found["alone"])
    assert found["judged"] == [True, True]
    assert found["kind"] == "FleetAhead"
    assert "secret-1" not in answer.stdout


HANGING = """
import sys, threading
from llama_storage_tui.services.fleet.reading import read_fleet_ahead
from llama_storage_tui.services.requests import LoadRequest

ahead = read_fleet_ahead((sys.argv[1],), LoadRequest("@", environ={}))
asking = threading.Thread(target=lambda: list(ahead.members(ahead.inputs())))
asking.start()
ahead.close()
asking.join()
print(type(ahead).__name__, asking.is_alive())
"""


def test_a_file_that_hangs_does_not_keep_the_program_from_ending(tmp_path: Path) -> None:
    # Opened for reading, it waits for somebody who writes: as a file of a mount does whose server is gone.
    os.mkfifo(tmp_path / "run.yaml")
    answer = subprocess.run(
        [sys.executable, "-c", HANGING, str(tmp_path / "run.yaml")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "FleetAhead False\n"
