"""The columns of the AutoMaster CSV of car owners' questions, and the cleaning of their text."""

from __future__ import annotations

import re

COLUMNS = ("QID", "Brand", "Model", "Question", "Dialogue", "Report")
QUESTION_COLUMNS = ("QID", "Question", "Dialogue")  # the columns that a test file has at least

_NOISE = re.compile(r"\[(?:语音|图片|视频|电话|表情|位置)\]")
_SPEAKER = re.compile(r"^(?:技师|车主)说[：:]")
_SENTENCE = re.compile(r"[^。！？!?]+[。！？!?]*")
_EDGES = " \t，,。.！!？?~～、;；"
_BOAST = re.compile(r"(?:如图|您当前的问题已经解决)[，,]?(?=您当前的|建议您下载|请您点击)")
_ADVERT = re.compile(r"汽车大师|点击我的头像|关注我|欢迎关注|搜索我的名字|一对一图文|打赏|好评")
_NOTHING = re.compile(
    r"(?:(?:您好|你好|老哥|师傅|有问题|有疑问|有事|不懂|请|可以)[，,]?)*(?:随时|及时|再)?联系(?:我)?"
    r"|(?:已解决|祝您用车愉快|未提供信息|无|暂无|没有)"
    r"|(?:请|详细)?(?:见|看|如|查询)(?:图|图解|对话|对话框|上图|下图)|已经?发图|图已(?:经)?(?:上传|发)"
)


def source_text(question: str, dialogue: str) -> str:
    """The question and all turns of the dialogue that contain text, separated by spaces.

    >>> source_text("灯不亮", "技师说：[语音]|车主说：换过灯泡|技师说：[图片]|技师说：查保险丝")
    '灯不亮 换过灯泡 查保险丝'
    """
    turns = (_SPEAKER.sub("", turn.strip()) for turn in f"{question}|{dialogue}".split("|"))
    return " ".join(words for turn in turns if (words := _plain(turn)))


def target_text(report: str) -> str:
    """The report without advertising sentences; empty if the rest says nothing about the fault.

    >>> target_text("更换保险丝。欢迎关注，有问题可以单独咨询。"), target_text("老哥，随时联系！")
    ('更换保险丝。', '')
    """
    turns = (_SPEAKER.sub("", turn.strip()) for turn in report.split("|"))
    text = _plain(_BOAST.sub("", " ".join(turns)))
    kept = "".join(sentence for sentence in _SENTENCE.findall(text) if not _ADVERT.search(sentence)).strip()
    bare = kept.strip(_EDGES)
    return "" if not bare or _NOTHING.fullmatch(bare) else kept


def _plain(text: str) -> str:
    return " ".join(_NOISE.sub(" ", text).split())
