"""Bringing a deployment to another version: the preview, and what earlier versions left behind."""
