"""The page *Checkpoints*: model cards, uploads, saved runs."""
