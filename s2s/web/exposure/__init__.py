"""The page *Exposure bias*: one sentence, a corpus, remedies."""
