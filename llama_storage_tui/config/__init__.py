"""Run file to values: the only room that imports yaml. Pure text in, values out; nothing here contacts a backend."""
