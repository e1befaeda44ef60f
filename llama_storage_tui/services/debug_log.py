"""The debug log, for front ends."""

from __future__ import annotations

from llama_storage_tui.files.log import keep_quiet, start_log, stop_log

__all__ = ["keep_quiet", "start_log", "stop_log"]
