"""One sentence to a ``Trace``: inputs, strategies, search, what-if."""
