"""Attention that other programs wrote while they translated, read as traces; ``read`` is the way in."""
