"""Bringing a deployment to another version: what that would change, before anything is changed."""
