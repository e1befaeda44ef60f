"""The SCRAM verifier that PostgreSQL stores, computed on this side so that the server never sees the password.

A malformed verifier would be stored as a plaintext password, silently: the pattern is asserted by whoever sends one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

from llama_storage_tui.errors import RefusedError
from llama_storage_tui.secrets import Secret

PATTERN: Final = re.compile(
    r"SCRAM-SHA-256\$[1-9][0-9]{0,9}:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}="
)
MD5: Final = re.compile(r"md5[0-9a-f]{32}")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]+")
_SALT_BYTES: Final = 16


def scram_verifier(password: Secret, iterations: int, *, salt: bytes | None = None) -> str:
    """Return the verifier (RFC 5803 as PostgreSQL writes it); raises RefusedError outside of printable ASCII.

    There SASLprep is the identity; beyond it clients prepare passwords differently, and a verifier of ours could fail theirs.
    """
    text = password.reveal()
    if not _PRINTABLE.fullmatch(text):
        raise RefusedError(
            "The new password has characters outside of printable ASCII, which clients of PostgreSQL prepare differently",
            help="Choose a password of letters and digits, or let it be generated.",
        )
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", text.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${_base64(stored)}:{_base64(server)}"


def md5_hash(password: Secret, user: str) -> str:
    """Return what PostgreSQL and PgBouncer keep in the older form."""
    return "md5" + hashlib.md5((password.reveal() + user).encode(), usedforsecurity=False).hexdigest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
