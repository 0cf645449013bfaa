"""The stub model with given probabilities, under the name that tests use."""

from s2s.model.toy import TableModel as StubModel

__all__ = ["StubModel"]
