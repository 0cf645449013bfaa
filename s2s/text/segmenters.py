"""Segmenters, which cut text into tokens and join them: jieba words, Latin words, characters, tokens between spaces.

A segmenter is a named pair of pure functions; a checkpoint stores the name, so that text is cut as in training.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import jieba
from opencc import OpenCC

from s2s.text import keras_tokenizer as keras_text
from s2s.text.hidden import is_joiner
from s2s.text.keras_tokenizer import KerasConfig

# How Unicode names of letters begin in scripts without spaces; Chinese has a segmenter of its own.
UNSPACED = ("HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "TAI ", "NEW TAI", "JAVANESE")
SPACE = "␣"  # the character segmenter's token for a space

_LATIN_TOKEN = re.compile(
    r"\d+(?:[.,:]\d+)+"  # 3.5  1,000  10:30
    r"|n't\b|'(?:s|m|re|ve|ll|d|S|M|RE|VE|LL|D)\b"  # the second half of don't, it's
    r"|[^\W\d_]+?(?=n't\b)"  # the first half of don't
    r"|[oO]'\w+"  # o'clock
    r"|\w+(?:[-.]\w+)*"  # words, well-known, e.g
    r"|[^\w\s]"
)
_CLOSING = set(".,!?;:%)]}…”’")
_OPENING = set("([{$“‘„¿¡")
_HALF_TO_FULL = {"?": "？", "!": "！", ",": "，", ";": "；", ":": "：", ".": "。"}
_CHINESE_PUNCTUATION = re.compile(r"(?<![\w.,:?!;])([?!,;:.])(?!\w)|(?<=[\u4e00-\u9fff])([?!,;:.])")


def clean(text: str) -> str:
    """Drop control and format characters, collapse white space to one space, compose (NFC).

    >>> clean(" a\\u200b\\tb\\x00 ")
    'a b'
    """
    kept = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def spaced(text: str) -> list[str]:
    """Split at spaces only; other white space is part of a token.

    >>> spaced("10\u00a0000  people")
    ['10\xa0000', 'people']
    """
    return [token for token in text.split(" ") if token]


def is_token(token: str) -> bool:
    """Whether a text can be one token: not empty, without spaces and invisible characters.

    A joiner after a letter is allowed: it shapes the letters around it (Persian, Hindi).

    >>> is_token("苹果"), is_token(""), is_token("a b"), is_token("a\\u200b"), is_token("می\\u200cخواهم")
    (True, False, False, False, True)
    """
    composed = unicodedata.normalize("NFC", "".join(c for at, c in enumerate(token) if not is_joiner(token, at)))
    return bool(token) and " " not in composed and clean(composed) == composed


def spelled(token: str) -> str:
    """A token of another program's vocabulary in our spelling: cleaned, with a visible space.

    >>> spelled("cafe\\u0301"), spelled("می\\u200cخواهم") == "میخواهم", spelled(" "), spelled("\\t")
    ('café', True, '␣', '␉')
    """
    if token.isspace():
        return SPACE if token.strip(" ") == "" else chr(0x2400 + ord(token[0])) if token[0] < " " else "\ufffd"
    return clean(token).replace(" ", SPACE)


@functools.cache
def dictionary() -> jieba.Tokenizer:
    """jieba with its own dictionary, read once.

    ``initialize`` would load ``jieba.cache`` from the shared directory for temporary files, where any user of the
    machine can put one. Reading the package's own text takes as long.
    """
    tokenizer = jieba.Tokenizer()
    with tokenizer.get_dict_file() as file:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(file)
    tokenizer.initialized = True
    return tokenizer


@functools.cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Traditional characters to simplified ones (OpenCC t2s); other text unchanged."""
    return str(_simplifier().convert(text))


def normalised(text: str) -> str:
    """``clean``, then simplified characters, half-width letters and digits, full-width sentence marks.

    >>> normalised("１２ 個蘋果.")
    '12 个苹果。'
    """
    narrow = "".join(unicodedata.normalize("NFKC", c) if c.isalnum() else c for c in simplify(clean(text)))
    return _CHINESE_PUNCTUATION.sub(lambda mark: _HALF_TO_FULL[mark.group(0)], narrow)


def spelling(text: str) -> str:
    """The normalised characters of a text without white space: equal for every segmentation of it.

    >>> spelling("喜歡 Tom’s 茶。") == spelling("".join(["喜欢", "Tom", "'s", "茶", "."]))
    True
    """
    plain = unicodedata.normalize("NFKC", simplify(clean(text)))
    return plain.replace(" ", "").replace(SPACE, "").replace("▁", "").replace("’", "'").replace("。", ".")


def jieba_words(text: str) -> list[str]:
    """Chinese words by jieba's dictionary, without its hidden Markov model, which guesses words.

    >>> jieba_words("我喜歡蘋果。")
    ['我', '喜欢', '苹果', '。']
    """
    return [w for w in dictionary().cut(normalised(text), HMM=False) if not w.isspace()]


def latin_words(text: str) -> list[str]:
    """Words, numbers and punctuation of a language written with spaces; contractions are split in two.

    >>> latin_words("I don't know, Tom's here.")
    ['I', 'do', "n't", 'know', ',', 'Tom', "'s", 'here', '.']
    """
    return _LATIN_TOKEN.findall(clean(text).replace("’", "'"))


def characters(text: str) -> list[str]:
    """One token a character; a space between characters is the token ``␣``.

    >>> characters("May 5")
    ['M', 'a', 'y', '␣', '5']
    """
    return [SPACE if c == " " else c for c in clean(text)]


def join_chinese(tokens: list[str]) -> str:
    """Join words, with a space only between two Latin words.

    >>> join_chinese(["我", "是", "Tom", "Smith", "。"])
    '我是Tom Smith。'
    """
    text = ""
    for token in tokens:
        both_latin = text and text[-1].isascii() and text[-1].isalnum() and token[0].isascii() and token[0].isalnum()
        text += (" " if both_latin else "") + token
    return text


def join_latin(tokens: list[str]) -> str:
    """Join words, undoing ``latin_words``: no space before closing marks and ``n't``, ``'s``.

    >>> join_latin(['I', 'do', "n't", 'know', ',', 'Tom', '.'])
    "I don't know, Tom."
    """
    text, glue, quote_open, low_open = "", True, False, False
    for token in tokens:
        ends = token == "“" and low_open  # „ … “
        closing = token in _CLOSING or token == "n't" or token[0] == "'" or ends
        if token == '"':
            closing, quote_open = quote_open, not quote_open
        low_open = token == "„" or (low_open and not ends)
        text += token if glue or closing else " " + token
        glue = (token in _OPENING and not ends) or (token == '"' and quote_open)
    return text


def join_characters(tokens: list[str]) -> str:
    """Join characters; ``␣`` becomes a space."""
    return "".join(tokens).replace(SPACE, " ")


def pieces(text: str) -> list[str]:
    """Split a text that another program has tokenized at white space.

    >>> pieces("a well@@ -known  name")
    ['a', 'well@@', '-known', 'name']
    """
    return clean(text).split()


def _plain(text: str) -> str:
    """Lower-case letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")


def _plainly_spelled(token: str) -> str:
    return _plain(clean(token))


def ascii_words(text: str) -> list[str]:
    """The words of TensorFlow's translation tutorial: a to z, and ``? . ! , ¿``; all else separates.

    >>> ascii_words("¿Qué haces, Ana? I don't know.")
    ['¿', 'que', 'haces', ',', 'ana', '?', 'i', 'don', 't', 'know', '.']
    """
    return re.findall("[a-z]+|[?.!,¿]", _plain(text))


def ascii_stops(text: str) -> list[str]:
    """The words of PyTorch's translation tutorial: a to z, and ``. ! ?``, which a word right after them joins.

    >>> ascii_stops("J'ai vu l'été, Ana! a.b")
    ['j', 'ai', 'vu', 'l', 'ete', 'ana', '!', 'a', '.b']
    """
    return re.findall("[.!?]?[a-z]+|[.!?]", _plain(text))


def ascii_marks(text: str) -> list[str]:
    """``ascii_stops`` in the tutorial's later form, which drops full stops.

    >>> ascii_marks("Je suis prêt. Et toi?")
    ['je', 'suis', 'pret', 'et', 'toi', '?']
    """
    return re.findall("[!?]?[a-z]+|[!?]", _plain(text))


def join_bpe(tokens: list[str]) -> str:
    """Join subwords: a piece that ends with ``@@`` continues in the next (subword-nmt).

    >>> join_bpe(["a", "well@@", "-known"])
    'a well-known'
    """
    return " ".join(tokens).replace("@@ ", "").removesuffix("@@")


def join_sentencepiece(tokens: list[str]) -> str:
    """Join subwords: a word begins with ``▁`` (SentencePiece).

    >>> join_sentencepiece(["▁a", "▁well", "-known"])
    'a well-known'
    """
    return "".join(tokens).replace("▁", " ").strip()


def _latin_spelled(token: str) -> str:
    return clean(token).replace("’", "'")


@dataclass(frozen=True)
class Segmenter:
    """The functions that cut one side's text into tokens and join them again.

    ``spell`` normalises a word as ``cut`` does: a vocabulary from another program may spell it differently.
    """

    name: str
    cut: Callable[[str], list[str]]
    join: Callable[[list[str]], str]
    exact: bool = True  # whether the tokens contain exactly the text's characters
    spell: Callable[[str], str] = spelled


def keras_segmenter(rules: KerasConfig) -> Segmenter:
    """A segmenter like Keras' Tokenizer; with ``jieba`` it first cuts a text without ``split`` into Chinese words."""

    def cut(text: str) -> list[str]:
        if rules.characters:
            found = keras_text.keras_letters(text, rules.lower)
        else:
            parts = jieba_words(text) if rules.jieba and rules.split not in text.strip(rules.split) else [text]
            found = [w for part in parts for w in keras_text.keras_words(part, rules.lower, rules.filters, rules.split)]
        return [word for word in map(spelled, found) if word]

    join = join_characters if rules.characters else join_chinese if rules.jieba else " ".join
    return Segmenter("keras", cut, join, exact=False)


SEGMENTERS = {
    s.name: s
    for s in (
        Segmenter("jieba", jieba_words, join_chinese, spell=normalised),
        Segmenter("latin", latin_words, join_latin, spell=_latin_spelled),
        Segmenter("characters", characters, join_characters),
        Segmenter("spaces", pieces, " ".join),
        Segmenter("ascii", ascii_words, " ".join, exact=False, spell=_plainly_spelled),
        Segmenter("ascii-stops", ascii_stops, " ".join, exact=False, spell=_plainly_spelled),
        Segmenter("ascii-marks", ascii_marks, " ".join, exact=False, spell=_plainly_spelled),
        Segmenter("bpe", pieces, join_bpe),
        Segmenter("sentencepiece", pieces, join_sentencepiece),
        keras_segmenter(KerasConfig()),
    )
}
