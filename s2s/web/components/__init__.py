"""Browser components: a Python wrapper for each, beside its script."""
