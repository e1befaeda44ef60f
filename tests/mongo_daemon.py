"""A MongoDB-compatible server as a process of its own: SecantusDB, with logins required and one administrator.

Called with a folder for its data, and for TLS a certificate and its key; prints the port, and ends when its stdin does, which is
when whoever started it ends. A line of stdin makes it the primary again, after `replSetStepDown`, and is answered with one.
"""

from __future__ import annotations

import os
import sys

from secantus.auth import SCRAM_SHA_256, derive_credentials
from secantus.server import SecantusDBServer

ADMINISTRATOR, PASSWORD = "root", "made-up-root"


def main() -> None:
    folder, *tls = sys.argv[1:]
    certificate, key = tls or (None, None)
    server = SecantusDBServer(
        host="127.0.0.1",
        port=0,
        storage_path=folder,
        require_auth=True,
        replica_set_name="made-up",
        enable_test_commands=True,
        cache_size="64M",
        tls_cert_file=certificate,
        tls_key_file=key,
    )
    record = {
        "_id": f"admin.{ADMINISTRATOR}",
        "user": ADMINISTRATOR,
        "db": "admin",
        "credentials": derive_credentials(PASSWORD, username=ADMINISTRATOR).to_doc(),
        "roles": [{"role": "root", "db": "admin"}],
        "mechanisms": [SCRAM_SHA_256],
    }
    server.storage.add_user("admin", ADMINISTRATOR, record, replace=True)
    server.start()
    sys.stdout.write(f"{server.address[1]}\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        server.step_down_state.step_down_for(0)
        sys.stdout.write("primary\n")
        sys.stdout.flush()
    os._exit(0)  # its own end drains connections for seconds, and the folder is thrown away


if __name__ == "__main__":
    main()
