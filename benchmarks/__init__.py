"""What a person waits for, measured: ``python -m benchmarks`` (or ``make bench``)."""
