"""A made-up deployment for a first look: realistic data, a few planted problems, nothing outside a temporary folder."""
