"""The words with which people head a column of sources or of targets, which a file of pairs does not need."""

from __future__ import annotations

import re
from collections.abc import Sequence

WORDS = frozenset(
    re.findall(
        r"\S+",
        """
        source src target tgt trg reference ref input output text translation question answer query response
        article summary source_text target_text src_text tgt_text input_text
        zh cn en de fr es ja ko ru chinese english german french spanish japanese korean russian
        中文 汉语 英文 英语 原文 译文 源语言 目标语言 源文 源句 目标句 参考 参考译文 参考答案 输入 输出 问题 答案 回答
        摘要 正文 文言文 古文 白话文 现代文
        """,
    )
)


def heading(cells: Sequence[str]) -> tuple[str, ...]:
    """The two cells of a first line if both are words that head columns, and not the same word; else empty.

    >>> heading(["中文", "English"]), heading(["答案", "The answer."])
    (('中文', 'English'), ())
    """
    words = {cell.casefold() for cell in cells}
    return tuple(cells) if len(cells) == len(words) == 2 and words <= WORDS else ()
