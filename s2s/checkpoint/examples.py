"""Example sentences of our own, with references, for each task that a model may have been trained on."""

from __future__ import annotations

EXAMPLES: dict[str, list[tuple[str, str]]] = {
    "zh-en": [
        ("她昨天没有去学校。", "She didn't go to school yesterday."),
        ("我妹妹每天早上骑自行车去学校。", "My sister goes to school by bike every morning."),
        ("如果明天不下雨，我们就去爬山。", "If it doesn't rain tomorrow, we will go hiking."),
        ("这家餐厅的面条比那家的便宜。", "The noodles at this restaurant are cheaper than those at that one."),
        ("你能告诉我最近的地铁站在哪里吗？", "Can you tell me where the nearest subway station is?"),
        ("他把钥匙忘在办公室里了。", "He left his keys in the office."),
        (
            "老师问的问题太难，没有一个学生能回答。",
            "The question the teacher asked was so hard that no student could answer it.",
        ),
        (
            "老师告诉我们，如果明天不下雨，我们就可以去公园里踢足球，但是我想待在家里看书。",
            "The teacher told us that if it doesn't rain tomorrow, we can play soccer in the park, "
            "but I want to stay at home and read.",
        ),
    ],
    "classical-modern": [
        ("将军不听，遂大败。", "将军不听，于是大败。"),
        ("太守闻之，大喜，赐帛十匹。", "太守听说了这件事，非常高兴，赏赐给他十匹帛。"),
        ("王问群臣，莫能对。", "大王问群臣，没有人能回答。"),
        ("其母老病，不能远行。", "他的母亲年老多病，不能出远门。"),
        ("客至，主人置酒，相与论诗，夜半乃罢。", "客人到了，主人摆下酒席，一起谈论诗歌，到半夜才结束。"),
        ("贼众数万围城，城中食尽。", "贼兵几万人包围了城池，城中的粮食吃完了。"),
        (
            "初，太守善射，每出猎，从者数百人，后年老，不复能骑，乃命其子代之，其子不肖，日与宾客饮酒，郡中大乱。",
            "当初，太守擅长射箭，每次出去打猎，跟随的有几百人；后来年老，不能再骑马，就命令他的儿子代替自己，"
            "他的儿子不贤，每天和宾客喝酒，郡中大乱。",
        ),
    ],
    "car-report": [
        (
            "车主说：师傅您好，上线检测，尾气那一项不合格，我的车是逸动，跑了十二万公里，还能接着开吗？|车主说：今天店里人多吗？|技师说：一开始怀疑前氧传感器，量了一遍没有异常|"
            "车主说：好的，那再看看别的地方|技师说：停车就在门口，直接开进来|技师说：三元催化器仔细看过，是好的|车主说：好，辛苦师傅|技师说：拆下来阀口糊得死死的，关不严。|"
            "技师说：我们七点下班|技师说：根子在废气阀，已经积碳了，年检尾气超标就是这么来的|技师说：拆洗废气阀就行，下午就能取车|技师说：370元，已经给您算优惠了|车主说：好的，那您安排吧|"
            "技师说：好的，给您留工位",
            "逸动年检尾气超标，经检查为废气阀积碳，已排除前氧传感器、三元催化器，需拆洗废气阀，费用370元。",
        ),
        (
            "车主说：你好，想问一下，家里那辆宝骏，上牌有五年多了，倒车影像一直闪，看不清，严重吗？|技师说：您好，这种情况有多久了？|车主说：以前没有，最近才这样，不是每次都有|"
            "技师说：保养都按时做了吧？|技师说：稍等，来了个客户|车主说：春节前在路边店做的小保养|车主说：是不是玻璃升降电机出毛病了？|技师说：玻璃升降电机的可能性不大，刚检查过，状态还可以|"
            "技师说：您看，把橡胶套扒开，里面有两根已经露铜了。|技师说：可以确定了，是门边线束断裂引起的倒车影像黑屏|车主说：要紧吗？|技师说：拖着不修会连累别的件|"
            "技师说：处理办法是修复门边线束，下午就能取车|技师说：工时加配件一共120元|车主说：行，那就修吧|技师说：好的，给您留工位",
            "车主反映宝骏倒车影像黑屏，技师确认门边线束断裂，已排除玻璃升降电机，需修复门边线束，共120元。",
        ),
    ],
    "date": [
        ("二〇二六年十一月廿二日", "2026-11-22"),
        ("Nov. 22nd, 2026", "2026-11-22"),
        ("the 3rd of May, 1998", "1998-05-03"),
        ("2031年7月9号 星期三", "2031-07-09"),
        ("february the twenty-ninth, two thousand and four", "2004-02-29"),
        ("03/04/05", "2003-04-05"),
    ],
    "date-hard": [
        ("2026年11月22日，三天后，再过一周", "2026-11-22 2026-11-25 2026-12-02"),
        (
            "Feb. 28, 2015, a day later, two weeks later, 10 days later; a week on",
            "2015-02-28 2015-03-01 2015-03-15 2015-03-25 2015-04-01",
        ),
        ("Feb. 21, 2044; a day on; a week on; 2 days on", "2044-02-21 2044-02-22 2044-02-29 2044-03-02"),
        ("2031年12月28日，三天后；一周之后；两周之后", "2031-12-28 2031-12-31 2032-01-07 2032-01-21"),
        (
            "二〇二六年十一月廿二日，10天后；两周之后，再过一天",
            "2026-11-22 2026-12-02 2026-12-16 2026-12-17",
        ),
    ],
}
# By model: sentences for which a beam of 5 finds a more probable output than greedy decoding, and a better one.
GREEDY_LOSES: dict[str, list[tuple[str, str]]] = {
    "zh-en-luong": [
        ("天黑以前我们必须到家。", "We must be home before dark."),
        ("这个问题没有你想的那么简单。", "This question isn't as easy as you think."),
        ("弟弟把杯子打破了。", "My little brother broke the glass."),
        ("这本书我已经看了三遍了。", "I have already read this book three times."),
    ],
}
# By shipped model, the numbers of its examples, from 0. "well": the output is the reference, token for token. "wrong":
# a person read the output (tests/checkpoint/test_examples.py has it) and found it wrong. Other outputs differ from the
# reference, but are not wrong: their mark is "other".
MARKS: dict[str, dict[str, tuple[int, ...]]] = {
    "zh-en-luong": {"well": (0,), "wrong": (1, 2, 3, 4, 6, 7)},
    "zh-en-bahdanau": {"well": (0,), "wrong": (1, 2, 3, 4, 6, 7)},
    "zh-en-guided": {"well": (0,), "wrong": (1, 2, 3, 4, 5, 6, 7)},
    "zh-en-none": {"well": (0,), "wrong": (1, 2, 3, 4, 5, 6, 7)},
    "classical-modern": {"well": (0,), "wrong": (5, 6)},
    "classical-modern-plain": {"well": (0,), "wrong": (5, 6)},
    "car-report": {"wrong": (0,)},
    "date": {"well": (0, 1, 2, 3, 4), "wrong": (5,)},
    "date-hard": {"well": (0,), "wrong": (1, 2, 3, 4)},
    "date-hard-replacement-1": {"well": (0, 3), "wrong": (1, 2, 4)},
}
LONG = 30  # characters of an example that is marked as long
WORDS = {("jieba", "latin"): "zh-en"}  # the task whose examples suit any model with these two segmenters


def examples(name: str, source: str, target: str) -> list[tuple[str, str]]:
    """Pairs (text, reference) for a model, by the longest task that its name begins with, else by its segmenters.

    ``source`` and ``target`` name the segmenters of the two sides. Empty if nothing suits.
    """
    named = [task for task in EXAMPLES if name == task or name.startswith(task + "-")]
    task = max(named, key=len) if named else WORDS.get((source, target))
    return EXAMPLES[task] if task else []


def marks(name: str, number: int, text: str) -> list[str]:
    """What is known of an example before it is run: ``well``, ``wrong`` or ``other`` for a shipped model, ``long``.

    >>> marks("date", 5, "03/04/05")
    ['wrong']
    """
    known = [mark for mark, numbers in MARKS.get(name, {}).items() if number in numbers]
    if name in MARKS and not known:
        known = ["other"]
    return known + ["long"] * (len(text) >= LONG)


def first_marked(name: str, mark: str) -> int | None:
    """The number of a model's first example with a mark, ``well`` or ``wrong``; None without one."""
    return next(iter(MARKS.get(name, {}).get(mark, ())), None)
