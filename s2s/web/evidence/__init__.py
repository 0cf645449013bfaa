"""The page *Evidence*: is attention the reason, over a file."""
