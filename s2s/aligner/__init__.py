"""Word alignment of parallel sentences without a neural model: which source word does each target word translate?"""
