"""Training: one loop (``loop``) over objectives (``objectives``)."""
