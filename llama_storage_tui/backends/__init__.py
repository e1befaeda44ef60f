"""Engines: the only room that imports sqlalchemy, asyncpg or aiosqlite."""
