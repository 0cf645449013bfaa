"""Files to sentence pairs to batches."""
