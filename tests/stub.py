"""The model whose probabilities are written down, by the name that tests know it by."""

from s2s.model.toy import TableModel as StubModel

__all__ = ["StubModel"]
