"""Bringing a deployment to another version: what its data needs."""
