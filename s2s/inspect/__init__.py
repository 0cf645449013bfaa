"""A test set in, the causes of its errors out: one row an example (docs/INSPECT.md)."""
