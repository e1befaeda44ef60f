"""The MongoDB engine: logins, password changes and connection tests. The only room that imports pymongo, an optional driver."""
