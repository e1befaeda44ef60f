"""Names of PostgreSQL as SQL."""


def quoted_identifier(name: str) -> str:
    """Return a name in double quotes, whatever letters it has."""
    return '"' + name.replace('"', '""') + '"'
