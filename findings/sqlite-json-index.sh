#!/usr/bin/env bash
# SQLite 3.40.1 calls a sound file damaged where trusted_schema is OFF and an index uses a JSON function.
#
# Versions: SQLite 3.40.1 (apsw 3.40.1.0 from PyPI), against SQLite 3.41.0 (apsw 3.41.0.0). Python 3.8 to 3.11.
#
# `PRAGMA trusted_schema=OFF` is what SQLite's documentation advises for files that somebody else may have written, and an index
# on json_extract is what an operator adds to find documents faster. Together, in 3.40.1, every statement fails, a plain SELECT
# that needs no index and PRAGMA quick_check included, with SQLITE_CORRUPT (11), the code of a damaged file, whose remedies
# (.recover, a backup) would lose rows of a file that nothing is wrong with. Only the words behind the code say what it is. With
# trusted_schema=ON, quick_check of the same bytes says ok. In 3.41.0 the JSON functions may be used there, and the file is read.
#
# Output seen:
#   3.40.1 trusted_schema=ON SELECT id FROM items: [('a',)]
#   3.40.1 trusted_schema=ON PRAGMA quick_check: [('ok',)]
#   3.40.1 trusted_schema=OFF SELECT id FROM items: CorruptError 11: malformed database schema (by_type) - unsafe use of json_extract()
#   3.40.1 trusted_schema=OFF PRAGMA quick_check: CorruptError 11: malformed database schema (by_type) - unsafe use of json_extract()
#   3.41.0 trusted_schema=ON SELECT id FROM items: [('a',)]
#   3.41.0 trusted_schema=ON PRAGMA quick_check: [('ok',)]
#   3.41.0 trusted_schema=OFF SELECT id FROM items: [('a',)]
#   3.41.0 trusted_schema=OFF PRAGMA quick_check: [('ok',)]
#
# Exits with 0 where that is what comes out, with 1 where it is something else. Needs Python 3.8 to 3.11 ($PYTHON, else python3.11
# or python3), since apsw 3.40.1.0 has no wheel for a newer one.
set -euo pipefail

expected="$(sed -n 's/^#   \(3\.4.*\)/\1/p' "$0")"
python="${PYTHON:-$(command -v python3.11 || command -v python3)}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > try.py <<'PY'
import apsw

connection = apsw.Connection("store.db")
cursor = connection.cursor()
cursor.execute(
    "CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, doc TEXT);"
    "CREATE INDEX IF NOT EXISTS by_type ON items (json_extract(doc, '$.type'));"
    "INSERT OR REPLACE INTO items VALUES ('a', '{\"type\": \"message\"}')"
)
connection.close()
for trusted in ("ON", "OFF"):
    for query in ("SELECT id FROM items", "PRAGMA quick_check"):
        cursor = apsw.Connection("store.db", flags=apsw.SQLITE_OPEN_READONLY).cursor()
        cursor.execute(f"PRAGMA trusted_schema={trusted}")
        try:
            answer = str(cursor.execute(query).fetchall())
        except apsw.Error as error:
            answer = f"{type(error).__name__} {error.result}: {str(error).partition(': ')[2]}"
        print(f"{apsw.sqlitelibversion()} trusted_schema={trusted} {query}: {answer}")
PY

for version in 3.40.1.0 3.41.0.0; do
    "$python" -m venv "venv-$version"
    "venv-$version/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "apsw==$version"
    rm -f store.db
    "venv-$version/bin/python" try.py
done | tee seen.txt

if [ "$(cat seen.txt)" != "$expected" ]; then
    echo "The behaviour has changed." >&2
    exit 1
fi
