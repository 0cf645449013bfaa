"""The page *Is attention the reason?*, over a file."""
