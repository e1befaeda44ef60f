"""The screens. They call services and nothing below them; `run.run` is the one way in."""
