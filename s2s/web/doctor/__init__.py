"""The page *Attention doctor*: what is examined, its progress, and the diagnosis."""
