"""Components for the browser: a Python wrapper each, beside its script."""
