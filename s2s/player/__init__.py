"""The player that pages, notebooks and exported files share; ``browser`` has its script."""
