"""No sentence of the program leads somebody to lose data: each that advises a change was judged, and a new one has to be.

"Safe" means: in every state that a server, a server that ended early, or a second program leaves behind. `…` stands for what is
filled in; a sentence is found by its beginning. Where a sentence changes, judge it again.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from tests.architecture.advice import advice

BY_HAND: Final = {
    "Copy both files first, and read the copy. The next program that writes": (
        "undoing the write is what SQLite does anyway; a -journal beside a file that was put back is named"
    ),
    "Stop the server and copy the file with its -wal. Restore": "said only where quick_check confirms it; what follows is for the copy",
    "Stop the server, copy the file with its -wal, and run `PRAGMA": "all that follows is done to the copy, and under a condition",
    "Stop the server, copy the file with its -wal and -journal to a volume": "the old file stays, and no row is left in a -wal",
    "Stop the server, copy the file or folder to a volume": "the old one stays; what else has to follow, the finding itself says",
    "Stop the server, copy the folder to a volume": "the old folder stays; file_path is named, since servers open that path",
    "Before the first ogx command, and with the server stopped: copy": "the old file stays, and no row is left in a -wal",
    "Write the path out, or ${env.SQLITE_STORE_DIR": "a new path begins empty, so that the place of the rows so far is named",
    "Write storage.backends out, or use 0.5.1": "a new path begins empty, so that the place of the rows so far is named",
    "Stop every server that uses the table, back it up, and run as": (
        "tried on PostgreSQL: servers before 1.0.3 wrote times in their session's zone, so that a fixed zone would shift them"
    ),
    "Stop the servers, copy the file with its -wal, and rename these keys": (
        "a name that exists is left alone; ogx marks its copy of vector stores as done although it found none"
    ),
    "Where everybody may see them: stop the servers, back up": "the ids are kept, since '' does not say that it was NULL",
    'Stop the servers, back up the table, and add "store": true': "the default of servers that wrote no such field",
    "Find out which tenant each belongs to, stop the servers, back up the table, and set tenant_id": "as it says",
    "Copying again also brings back": "recorded with ogx 1.5.0 on both engines (tests/oracle); what it brings back besides is said",
    "Stop the servers and back up the database. If … has": "recorded with ogx 1.5.0 on both engines: no item is lost",
    "Stop the servers, back up the database, and delete the row": "recorded with ogx 1.5.0 on both engines: the items are copied",
    "Find out what uses it, stop that": "recorded with ogx 1.5.0 on both engines: a renamed table keeps its rows",
    "Set storage_dir to a folder that holds these and those": "files are copied, and those that are readable today stay so",
    "Go on with the release that wrote them until": "the conversion is done in a copy",
}
"""Changes of stored rows and files by hand: each has the servers stopped, or says what else protects, and a copy first."""

OF_A_SETTING: Final = {
    "Name one: … RUN_CONFIG": "chooses what is read",
    "Name one when you start the program": "chooses what is read",
    "Fix the config, or set the variables": "the config could not be read; no store is touched",
    "Set pool_mode = transaction or session": "no stored data; servers cannot work through the pooler before it",
    "ALTER ROLE … CONNECTION LIMIT": "no stored data; a wider limit",
    "ALTER DATABASE … CONNECTION LIMIT": "no stored data; a wider limit",
    "GRANT SELECT, INSERT": "no stored data; rights of the servers' role",
    "ALTER TABLE … OWNER TO": "no stored data; the old owner's rights end, which the servers' role needs",
    "Reset default_transaction_read_only": "no stored data; servers cannot write before it",
    "Create the schema, or set another search_path": "said where the role has no schema to create tables in: none can be hidden",
    "Keep it on a volume that can be written": "no server starts before it, and the read-only volume stays",
    "Copy the file out of the pod before": "the rows are kept first",
    "Set server.auth.provider_config.": "no store is touched",
    "Enable the provider under providers.inference": "a setting of the config; no release starts with it, and no store is touched",
    "Write the name of the package that brings": "no server of this version starts before it, and no store is touched",
    "This program does not look there. Set the password": "a setting of the config; no stored data, and the server reads it first",
    "Write a value as the message says": "no server of this version starts before it, and no store is touched",
    "Register the model in registered_resources": "a setting of the config; no server of this version starts before it",
    "Keep the entry that is right, and remove the other": "no server of this version starts with both; a stored object stays",
    "Correct the file, or move it out of the folder": "no server of this version starts before it; moved, not removed",
    "Write the stored values into the config": "nothing stored changes; what an unregistered object loses is said",
    "Set the variable, or give a default": "a variable without which no server starts",
    "Remove the field, or move it to where": "a line of the config; no server of this version loads it",
    "Keep the one that is right": "a line of the config; no server of this version loads it",
    "Set the password, or upgrade to 1.0.3": "no server logs in before it",
    "Remove the one that does not count": "the line that no server reads",
    "Remove it from apis and providers, or check": "a line of the config; no server of this version starts with it",
    "Add a provider for it, or remove it from apis": "a line of the config; no server of this version starts with it",
    "Move it to storage.stores. The rows": "a line of the config; what is not read then is said",
    "Set it, or write ${env.": "a variable without which no server starts",
    "Move the store to storage.backends": "no server of this version starts before it",
    "Set server.tls_certfile": "no store is touched",
    "Remove it from providers": "a line of the config; the server provides that API by itself",
    "Remove it, or check the config for a version": "a line of the config; no server of this version starts with it",
    "Add a provider under providers": "a line of the config; no server of this version starts without it",
    "Set table_name: …": "both tables stay; which of them is out of sight then is said",
    "… keeps using these rows. Back them up": "the configured store holds no rows where this is said",
    "Rows of both are mixed": "the rows stay, and where they are is said",
    "Each deployment lists, changes and deletes": "the rows stay, and where they are is said",
    "Equal keys of both deployments overwrite": "the keys stay, and where they are is said",
    "Use one worker in one replica. PostgreSQL takes several": "the rows stay, and that no server copies them is said",
    "Set server.tenancy.default_tenant_id": "no server starts before it; that the copy happens once is said",
    "Add the provider again under that id": "first what loses nothing; what an unregistered object loses is said",
    "Stop a process that holds connections": "a server's transaction ends or is undone; nothing was changed yet",
    "Only where the servers do not need the rights of": "ends what a role may do besides, so that the condition comes first",
    "Back up the stores, and start …": "said where nothing is hidden, and nothing rewritten; the copy comes first",
    "Stop every server that uses these stores": "a server's writes end in order; the copy is the next step",
    "Rename ~/.llama to ~/.ogx:": "after the servers were stopped and all was copied; nothing is left out, and ogx does the same",
    "Keep the old stores for what this version": "nothing is removed",
    "Start …, and look at the rows before": "after the copy, the move and a check; the old stores are there until then",
    "ALTER TABLE, quick at any size": "says what a server does by itself",
    "the rows take their space twice": "says what a server does by itself; nothing may go before its copy is done",
    "paths in the file that spell ~/.llama": "says what a server does by itself; both ways keep the rows",
    "Replace the file; the old one is kept": "the old config is kept beside it",
    "chmod … …": "fewer may read a folder of this program's own",
    "Find them with: find FOLDER -samefile": "the content stays under the first name",
    "Find out who put it there. Move it": "moved, not removed",
}
"""Settings, and what is not stored data."""

OF_A_MIGRATION: Final = {
    "Replace the file; the old one": "the old config is kept beside it, and no row is touched",
    "stop the servers, and rename it yourself": "what ogx itself does at its first command, with all that is in the folder",
    ", and its traces stay where they are": "no store is touched; no release after 0.2 reads them",
    "From 1.2 on a server does not start without a certificate": "no store is touched",
    "… … wrote to a folder whose name is the unexpanded": "the files are moved as they are, to where the server then looks",
    "… has no built-in password from": "no store is touched; no server starts before it",
    "The value of … is percent-encoded": "no store is touched; the password at the server stays",
}
"""What a migration of a config leaves to its operator."""

OF_A_ROTATION: Final = {
    "Which processes are logged in as this user is unknown": "a restart: their next login would fail without it",
    "f: remove what it left": "what is staged; the server was not asked for anything",
    "f: make the change, u: undo": "refused where the server or any place has the new password",
    "Finish it with: … rotate": "decided by the journal, which has both passwords, and two logins",
    "Undo the change ": "refused where the server or any place has the new password",
    "Give the password that works with --adopt": "the password is proved at the server before a file is written",
    "The server shows no session of this role. Restart": "after every place has the new password",
    "Move this backend with its data": "opens the plan; the source is never written, and it asks",
    "…: … of the target differ from": "said before anything is changed; a row that is replaced is kept in the journal's record",
    "Move … to": "the title of the form of a move",
    "move of a backend": "the name of what is half done",
    "stop before anything is changed": "the choice that changes nothing",
    "With --recover: drop the change": "refused where the server or any place has the new password",
    "Undo a change that the server": "refused where the server or any place has the new password",
    "Undo the change?": "asks; refused where the server or any place has the new password",
    "…. Keep it, and the files whose names": "what may hold the new password is kept until all places have it",
    "the server still has the old password: there": "recovering is decided by two logins",
    "Keep the new password in a safe place, change": "the password is kept before the server has it",
    "env file of compose (env_file:)": "the shell refuses to write over a file (set -C), so that no other variable is lost",
    "compose environment: or a systemd drop-in": "the journal has both passwords",
    "ALTER ROLE … in a transaction": "what this program does itself: see rotation's own tests",
    "ALTER ROLE … PASSWORD": "what this program does itself: see rotation's own tests",
    "have PgBouncer read": "connections of clients stay; tried with PgBouncer 1.18",
    "then restart the programs that connect": "after every place has the new password",
    "restart afterwards: the processes behind": "after every place has the new password",
    "You have written the new password: read": "reads and logs in; the change stays open until all places yield it",
    "to restart afterwards": "after every place has the new password",
    "restart the processes behind these sessions": "after every place has the new password",
    "Choose another name, or replace it": "an export; the operator asks for it with an option of its own",
}
"""Steps of a password change, which a journal with both passwords protects."""

OF_A_TRANSFER: Final = {
    "ALTER TABLE … ADD COLUMN": "what servers do at their start; nullable, in the transfer's own transaction",
    "The role may not write to …": "no stored data; rights of the role",
    "Stop what writes to it, and try again": "a server's transaction ends or is undone; nothing was changed",
    "Stop what writes there, and make a new plan": "a server's transaction ends or is undone; nothing was changed",
    "… is open in …": "servers that are stopped lose nothing, and nothing was changed",
    "Where the target has another row in its place": "the default changes nothing; what is replaced is recorded and can be put back",
    "The target is in …, which does not exist yet": "servers are stopped first; ogx renames the same folder, and nothing was changed",
    "Choose what becomes of rows that differ": "nothing was changed; what is replaced is recorded and can be put back",
    "move of one of this config's backends": "says what is half done",
    "replace it there": "a choice; what is replaced is recorded and can be put back",
    "Move … with …": "asks; the source is never written, and the config is the last step",
    "Use: move RUN_CONFIG BACKEND": "how the command is called",
    "The backend has moved, and": "every row was read back, and nobody has the source open",
    "The pending move was finished, and": "every row was read back, and nobody has the source open",
    "Set a variable, and name it": "no stored data; a variable that the config then reads",
    "Restore what the move wrote there": "the config's text; the source and the target are left alone",
    "Everything was copied, and the source is still": "the config leads to the source, which is complete",
    "The config gets …: …. The typed password": "a variable that servers read; no stored data",
    "Set that variable, or do this on a terminal": "a variable that this program reads; no stored data",
    "Move to another database, schema or file": "nothing was changed; the table that is there stays as it is",
    "Undo the last move: restore the config": "what servers wrote to the target since stays and is listed; the source is whole",
    "Then remove from the source every row": "asked for by an option; only what was read back from the target",
    "Undo the last transfer: remove what it wrote": "what was changed there since stays and is listed; what was replaced is put back",
    "Undo the transfer: remove what it wrote": "asks; what was changed there since stays and is listed",
    "Undo the move, and begin it again": "the source is whole; undo takes only what the journal has",
    "Undo the move?": "asks; the source is whole, and what servers wrote to the target since stays and is listed",
    "Restore the backend's entry in the config": "the source is whole; what undo could not edit, the operator does",
    "Remove what was transferred?": "asks; what was changed there since stays and is listed",
    "Restore its source and finish it, or undo": "nothing is changed by reading it; undo takes only what the journal has",
    "Finish or undo an unfinished": "opens the screen that shows where it stands, and asks",
    "f: finish it, u: undo it": "both ask; decided by the journal",
    "u: undo it, escape: go back": "asks; what was changed there since stays and is listed",
    "Delete one of the two documents": "MongoDB before 1.0.3 has no index that is unique; only an operator knows which of two is right",
    "Raise maxmemory, or set maxmemory-policy noeviction": "a full server then refuses writes; the source still has every key",
}
"""What a transfer or a move says before it changes anything, and of its end."""

NO_ADVICE: Final = {
    "Delete one that is no longer used": "a filter that the operator saved by name: no stored data",
    "Rename or delete the file": "the operator's own saved filters: no stored data",
    "Delete the selected saved filter": "a filter that the operator saved by name: no stored data",
    "End the search and remove the marks": "marks on the screen",
    "Set $VISUAL or $EDITOR": "of the operator's own shell: no server reads it",
    "Start with ": "starts this program with an option",
    "If the path is the server's, start with": "starts this program with an option",
    "To wait longer, start with": "starts this program with an option",
    "The config comes from stdin": "says what was found",
    "… reads the keys of SQLite files as 0.2 wrote": "says how a server works",
    "SET LOCAL lock_timeout": "SQL of the own session",
    "REPLACE INTO row VALUES": "SQL in memory",
    "Restore nothing. The cause": "tells to do nothing to the file",
    "… has the set-user-id": "says what was found",
    "Reload the page": "reads",
    "name different previous responses; servers rebuild": "says what was found",
    "Remove the last filter": "a filter of a list on the screen",
    "Remove all filters": "a filter of a list on the screen",
    "Remove the filter on this column": "a filter of a list on the screen",
    "stop where no password is checked": "a choice of the plan",
    "The rules are the built-in default": "says how a server works",
}

JUDGED: Final = BY_HAND | OF_A_SETTING | OF_A_MIGRATION | OF_A_ROTATION | OF_A_TRANSFER | NO_ADVICE


@cache
def found() -> tuple[tuple[str, str], ...]:
    return tuple(advice())


def test_every_sentence_that_advises_a_change_was_judged() -> None:
    unjudged = [each for each in found() if not any(each[1].startswith(start) for start in JUDGED)]
    assert unjudged == [], (
        "nobody has judged these: safe in every state that servers leave? Say why, under the sentence's beginning, in the table "
        "that fits: BY_HAND where it changes stored rows or files, OF_A_SETTING where it does not, NO_ADVICE where it advises nothing"
    )


def test_no_judgement_outlives_its_sentence() -> None:
    assert [start for start in JUDGED if not any(text.startswith(start) for _, text in found())] == []


def test_a_change_by_hand_begins_with_a_copy_and_without_servers() -> None:
    for start in BY_HAND:
        for _, text in found():
            if text.startswith(start):
                assert re.search(
                    r"\bstop|stopped\b|interrupted|release that wrote|…$", text, re.IGNORECASE
                ), text
                assert re.search(r"\bback|\bcopy|\bcopies|\bkeep", text, re.IGNORECASE), text


def test_no_sentence_tells_to_drop_or_empty_a_table() -> None:
    for place, text in found():
        assert not re.search(r"\b(?:DROP TABLE|TRUNCATE|VACUUM INTO)\b", text), place
        assert not re.search(r"\bdrop (?:it|the table|them)\b", text, re.IGNORECASE), place
