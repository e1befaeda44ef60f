"""Who reads which reference: one row for a version, and a way to every table of a record family."""

from __future__ import annotations

from collections import Counter

from llama_storage_tui.model.families import TableLayout
from llama_storage_tui.upstream.consumers import CONSUMERS, store_layouts
from llama_storage_tui.upstream.families import FAMILIES
from llama_storage_tui.upstream.versions import RELEASES
from tests.configs import SQLITE, catalog_of


def test_one_row_says_what_a_release_keeps_at_a_reference() -> None:
    readers = Counter(
        (".".join(row.path), type_, row.api, str(release))
        for release in RELEASES
        for row in CONSUMERS
        if row.holds_for(release)
        for type_ in row.types
    )
    twice = sorted({reference[:3] for reference, count in readers.items() if count > 1})
    assert twice == [], "the second row is never asked: name its tables in each row that there is already"


def test_a_reference_leads_to_every_table_of_a_family() -> None:
    led_to = {table for row in CONSUMERS for table in row.tables}
    led_to |= {
        table for release in RELEASES for layout in store_layouts(release).values() for table in layout.tables
    }
    led_to |= {
        table
        for each in catalog_of(SQLITE, "1.5").references
        if each.physical is not None
        for table in each.physical.tables
    }
    missing = {
        family.name: layout.table
        for family in FAMILIES
        for layout in family.layouts
        if isinstance(layout, TableLayout) and layout.table is not None and layout.table not in led_to
    }
    assert missing == {}, (
        "`objects` never looks there: name the table in the rows of CONSUMERS, or of store_layouts"
    )
