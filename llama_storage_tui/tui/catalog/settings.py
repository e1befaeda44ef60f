"""The settings of a backend, secrets masked, and where each value comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from llama_storage_tui.model.catalog import Setting
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.wording import origin, setting_value
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

COLUMNS: Final = (
    ListColumn("Setting", most=24),
    ListColumn("Value", grows=True, least=12, cuts_middle=True),
    ListColumn("Comes from", most=34),
    ListColumn("As written", grows=True, least=12, is_wide_only=True),
)


class SettingList(Listing):
    """One row for each field, in the order of the file; those that the server fills in come muted."""

    def show_settings(self, settings: Sequence[Setting]) -> None:
        """Replace the rows."""
        self.show(COLUMNS, [_cells(setting) for setting in settings])


def _cells(setting: Setting) -> tuple[Shown, ...]:
    tone = Tone.MUTED if setting.is_default else Tone.PLAIN
    source = "server's default" if setting.is_default else origin(setting.source)
    if not setting.is_known:
        source, tone = f"▲ unknown field, {source}", Tone.WARNING
    value = setting_value(setting)
    if not setting.is_resolved:
        value, tone = "✗ unresolved", Tone.BAD
    return (
        Shown(setting.name, tone),
        Shown(value, tone),
        Shown(source, Tone.WARNING if not setting.is_known else Tone.MUTED),
        Shown(setting.expression or "", Tone.MUTED),
    )
