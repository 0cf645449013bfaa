"""Text to tokens and back: segmenters, vocabularies, subwords, alignment. Imports neither torch nor jieba."""
