"""Text to tokens and back: segmenters, vocabularies, subwords, alignment. Neither torch nor jieba is imported here."""
