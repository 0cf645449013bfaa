"""Encoder-decoder models of Hugging Face transformers: cross-attention as a value, ids, the model itself."""
