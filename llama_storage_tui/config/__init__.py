"""Run files to values and back: pure text in, text out. The only room that imports yaml and pydantic models."""
