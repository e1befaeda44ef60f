"""What an operator has to know of rows before they are brought: owners, tenants, folders of files."""

from __future__ import annotations

import getpass
import posixpath
import shlex
from typing import Final

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.access import Tenancy
from llama_storage_tui.model.data import Filter, Table
from llama_storage_tui.services.migration.conversions import OWNER
from llama_storage_tui.services.migration.plan_context import PlanContext
from llama_storage_tui.services.migration.renamed_home import is_renamed_later
from llama_storage_tui.services.migration.stores import DataStore
from llama_storage_tui.text import plural
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.data_kinds import COMPLETIONS, RESPONSES

_WRITTEN_BEFORE_0_4: Final = frozenset((*RESPONSES.earlier, *COMPLETIONS.earlier))


@dataclass(frozen=True, slots=True)
class TablesPlace:
    """A table of a kind: on which store, under which name, of which provider (or store of the config)."""

    store: DataStore
    table: str
    owner: str


async def count_rows(
    context: PlanContext, place: TablesPlace, column: str | None = None, text: str | None = None
) -> int:
    """Count the rows of a table: all, or those with a text (None: with NULL) in a column."""
    reader = (await context.readers.of(place.store)).tables
    filters = () if column is None else (Filter(column, text),)
    try:
        return (await reader.count(place.table, filters)).value
    except NotFoundError:
        return 0


async def say_of_owners(context: PlanContext, place: TablesPlace, table: Table) -> None:
    """Say what becomes of rows whose owner or tenant is NULL, and of those that have attributes."""
    columns = {column.name for column in table.columns}
    if not {"access_attributes", OWNER} <= columns:
        return
    version = context.version
    where = f"{place.table} on {place.store.backend}"
    ownerless = await count_rows(context, place, OWNER)
    if ownerless and version >= changes.OWNERLESS_HIDDEN and not context.choices.public_rows:
        found = f"{plural(ownerless, 'row')} of {where}"
        # Two references may keep their rows in one table.
        if found not in context.ownerless:
            context.ownerless.append(found)
    is_multi = version >= changes.TENANCY and context.new.access.tenancy is Tenancy.MULTI
    if is_multi and context.tenant is None:
        context.notice(
            f"With tenancy multi nobody sees rows without a tenant: choose a tenant for those of {where}."
        )
    written_by = context.old.version.chosen if context.old is not None else None
    is_earlier = written_by < changes.ATTRIBUTES_ANY if written_by else place.table in _WRITTEN_BEFORE_0_4
    if not (version >= changes.ATTRIBUTES_ANY and is_earlier):
        return
    everybodys = ownerless + await count_rows(context, place, OWNER, "")
    if await count_rows(context, place) > everybodys:
        context.notice(
            "From 0.4 on the default policy shows a row to everybody who shares one role, team, project or namespace with its "
            "owner; 0.3 required a match in each. So rows of one user become readable to whoever shares a role."
        )


def say_of_ownerless(context: PlanContext) -> None:
    """Say once what becomes of rows without an owner."""
    if context.ownerless:
        context.notice(
            f"Rows without an owner (NULL): {', '.join(context.ownerless)}. Servers up to 0.3.1 wrote so what anonymous clients "
            "stored, and from 0.4 on nobody sees such rows. They stay without one, unless you choose that they are public."
        )


def folder_of(context: PlanContext, target: TablesPlace) -> tuple[str | None, bool]:
    """Return the folder of a files provider, and whether it is one that keeps files in a folder."""
    found = [each for each in context.new.providers if each.api == "files"]
    named = [each for each in found if each.id == target.owner] or found
    provider = next(iter(named), None)
    if provider is None:
        return None, True
    return provider.storage_dir, provider.storage_dir is not None or provider.type == "inline::localfs"


def old_folder(context: PlanContext) -> str | None:
    """Return the folder of files of the old config, where it has one."""
    if context.old is None:
        return None
    folders = [each.storage_dir for each in context.old.providers if each.storage_dir]
    return folders[0] if len(folders) == 1 else None


def say_of_files(context: PlanContext, target: TablesPlace) -> None:
    """Say where the contents of files have to lie, which are not part of a plan, and the line that brings them there."""
    folder, old = folder_of(context, target)[0], old_folder(context)
    if folder is None or (old is not None and posixpath.normpath(old) == posixpath.normpath(folder)):
        return
    if old is not None and is_renamed_later(old, folder):
        return
    if old is None:
        context.notice(
            f"The contents of files are not copied: copy them from where their file_path says into {folder}, under the same "
            "names, before the server starts."
        )
        return
    copy = f"mkdir -p {shlex.quote(folder)} && cp -Rpn {shlex.quote(old)}/. {shlex.quote(folder)}/"
    context.notice(
        f"The contents of files are not copied. Before the server starts, where its files are: {copy}"
    )


def say_of_new_files(context: PlanContext) -> None:
    """Say whose the SQLite files will be that are made: servers often run as another user. Looks for the files."""
    targets = [item.target.target for item in context.items]
    paths = dict.fromkeys(each.path for each in targets if isinstance(each, SqliteTarget))
    new = [path for path in paths if not path.exists()]
    if not new:
        return
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "the user who runs this"
    names = " and ".join(str(path) for path in new)
    is_one = len(new) == 1
    context.notice(
        f"{names} {'is' if is_one else 'are'} made, and {'belongs' if is_one else 'belong'} to {user} then: run this as the user of"
        f" the server, or give {'it' if is_one else 'them'} to that user before the server starts."
    )
