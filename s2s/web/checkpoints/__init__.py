"""The page *Models*: model cards, uploads, saved runs."""
