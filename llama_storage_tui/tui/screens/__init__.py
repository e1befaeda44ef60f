"""Screens: one module and one `.tcss` each. A worker awaits a service and posts a message; only `@on` handlers touch widgets."""
