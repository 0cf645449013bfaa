"""The page *Compare*: two sources, models or decodings side by side."""
