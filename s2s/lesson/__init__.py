"""What the chapters of the lesson compute: one sentence or a handful of numbers, without a page."""
