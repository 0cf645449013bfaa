"""Sentences to begin with, our own, for each kind of text that a model may read."""

from __future__ import annotations

EXAMPLES: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("jieba", "latin"): [
        ("我妹妹每天早上骑自行车去学校。", "My sister goes to school by bike every morning."),
        ("如果明天不下雨，我们就去爬山。", "If it doesn't rain tomorrow, we will go hiking."),
        ("这家餐厅的面条比那家的便宜。", "The noodles at this restaurant are cheaper than those at that one."),
        ("你能告诉我最近的地铁站在哪里吗？", "Can you tell me where the nearest subway station is?"),
        ("他把钥匙忘在办公室里了。", "He left his keys in the office."),
        (
            "老师问的问题太难，没有一个学生能回答。",
            "The question the teacher asked was so hard that no student could answer it.",
        ),
    ],
}


def examples(source: str, target: str) -> list[tuple[str, str]]:
    """Pairs for a model that reads and writes these segmentations; none where we have none."""
    return EXAMPLES.get((source, target), [])
