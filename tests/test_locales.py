"""The texts of each language are in that language, and pages have no texts outside the locales."""

from __future__ import annotations

import ast
import re
import string
from contextlib import suppress

import pytest
from markdown_it import MarkdownIt

from s2s.errors import LANGUAGES, fill, sentences
from tests.paths import ROOT

CHINESE = re.compile(r"[　-〿㐀-鿿＀-￯]")
WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
# Code, formulas, places, options, addresses, calls, and names with a dot, a slash, a dash or an underscore within.
CODE = re.compile(
    r"`[^`]*`|\$\$.*?\$\$|\{[^}]*\}|\"[^\"]*\"|<[^>]*>|https?:[\w/.:-]+|--?[a-z][a-z-]*|\w+\([^)]*\)|\w+=\S+"
    r"|\.?\w+(?:[./_-]\w+)+|\.\w+|[A-Za-z]+\d+",
    re.DOTALL,
)
# What Chinese texts call by its Latin name. A word that has a Chinese name does not belong here.
NAMES = set(
    re.findall(
        r"\S+",
        """
        Lookback Hugging Face JoeyNMT Keras TensorFlow NiuTrans PostgreSQL SQLite JavaScript Tatoeba AutoMaster LCSTS
        Luong Bahdanau Cho Hu Chen Zhu Bengio Huszár Arora Mgiza eflomal awesome align fast Tom AMD EPYC CC BY FR MIT
        GRU LSTM BERT FGM PCA UMAP ReLU Dense BahdanauAttention Trace Lanes README Classical Modern
        Tokenizer BLEU chrF ROUGE NLL AER ECE KL AOPC NAOPC ExAccErr Top ISO SHA ID id
        softmax sigmoid logits logit nat log ln exp tanh lp cp cd MB kB bit unk Nov nd
        Excel GBK gbk BOM CR sacrebleu kaleido Chrome Chromium localhost https tok char odds
        JSON CSV TSV HTML PNG TOML UTF BF TAB Lines zip pickle safetensors
        Home End Esc Ctrl Tab Enter Shift PageUp PageDown EDIT STEP TEXT START END QID Question Dialogue True False
        yes no general dot concat location local top scores logprobs attention free forced inspect list load lanes to
        source target dev test train call config wrong uniform previous data reference python generate date car report
        Wa Ua Va embedding attention out encoder decoder gru state dict
        teacher forcing scheduled sampling postgresql sqlite pip install
        """,
    )
)
# Names, and a word of a source.
BOTH = {"app.title", "own.logo", "card.known.classical", "lesson.prior.text", "lesson.training.answer"}


# Settings that may be *, which command lines say.
STARS = {"error.setting_proxies", "error.setting_frames"}


def marks_left(text: str) -> list[str]:
    """The parts of a text, read as Markdown, in which a mark of emphasis is left as it stands."""
    blocks = MarkdownIt("commonmark").parse(text)
    plain = [one.content for block in blocks for one in block.children or () if one.type == "text"]
    return [part for part in plain if "*" in part]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_mark_of_emphasis_is_left_in_a_text(language: str) -> None:
    """Between Chinese signs bold ends before a full stop: a mark between a sign and a word begins or ends nothing."""
    assert marks_left("**它分不出。**两位") and marks_left("它说**“好”**吗")
    assert not marks_left("**它分不出**。两位") and not marks_left("`a * b`")
    found = {}
    for key, text in sentences(language).items():
        places = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for value in (1, "Luong 注意力"):
            with suppress(ValueError):  # a place for a number alone
                found[key] = found.get(key) or marks_left(fill(text, **dict.fromkeys(places, value)))
    assert {key: parts for key, parts in found.items() if parts and key not in STARS} == {}


# What English sentences count. None of these may stand after a 1, nor a verb in the plural.
COUNTED = """
    bits branches bytes categories characters columns dates days epochs examples files guesses heads hours images
    inspections items layers lines marks messages minutes models outputs pages pairs people phones places positions
    predictions questions rooms rounds rows runs samples seats seconds sentences states steps students times tokens
    trainings units visitors votes weights words
"""
AFTER_ONE = re.compile(
    rf"(?<!to )(?<![\w.])1 (?:(?!(?:to|of|in|for|are|has|contains)\b)[\w-]+ ){{0,2}}(?:{'|'.join(COUNTED.split())})\b"
    r"|(?<!and )(?<![\w.])1 (?:have|are|were|do)\b|\b(?:there are|there were|these|those) 1\b(?! to )",
    re.IGNORECASE,
)
NEVER_ONE = {
    *("builtin.most", "builtin.wrong_type", "error.import_kind"),  # Streamlit's for 2 and more; names, not numbers
    *("why.early_end", "why.late_end", "why.doubtful_reference", "exposure.gap"),  # ratios
    *("error.archive_members", "report.attention_cut"),  # limits of ours
    "card.layers",  # 1 + 1 layers
}


def faults_after_one(text: str) -> list[str]:
    """The plurals in a sentence all of whose places are filled with 1."""
    places = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    return [found[0] for found in AFTER_ONE.finditer(fill(text, **dict.fromkeys(places, 1)))] if places else []


def test_english_texts_are_right_for_one() -> None:
    assert faults_after_one("{count} words have {tokens} tokens") == ["1 words", "1 tokens"]
    assert faults_after_one("{count} {count:word has|words have} {tokens} {tokens:token|tokens}") == []
    found = {key: faults_after_one(text) for key, text in sentences("en").items() if key not in NEVER_ONE}
    assert {key: faults for key, faults in found.items() if faults} == {}


def test_a_choice_by_number_has_two_words_and_is_in_english_alone() -> None:
    for language in LANGUAGES:
        for key, text in sentences(language).items():
            choices = [spec for _, _, spec, _ in string.Formatter().parse(text) if spec and "|" in spec]
            assert all(re.fullmatch(r"[^|{}]+\|[^|{}]+", choice) for choice in choices), key
            assert language == "en" or not choices, key


def test_chinese_texts_are_chinese() -> None:
    found = {key: set(WORD.findall(CODE.sub(" ", text))) - NAMES for key, text in sentences("zh").items()}
    assert {key: words for key, words in found.items() if words} == {}


def test_english_texts_are_english() -> None:
    assert {key for key, text in sentences("en").items() if CHINESE.search(text)} <= BOTH


def test_the_two_languages_say_different_things() -> None:
    """A sentence that was not translated."""
    english = sentences("en")
    same = {key for key, text in sentences("zh").items() if text == english[key]}
    assert {key for key in same if len(WORD.findall(CODE.sub(" ", english[key]))) > 3} == set()


# A full-width mark brings its own space.
MARK = "[，。、；：！？）]"
SAYS = r"(?:\bt|\bsay|\bstrings|\btext)"
KEY = rf"{SAYS}(?:\.|[(\[]f?[\"'])([\w.]+(?:\{{[\w.]+\}})?)"  # a text by its key, of which the end may vary
BEFORE_SPACE = re.compile(rf"{KEY}(?:[\"'][^{{}}\n]*)?\}} |{KEY}, \" \"")
OTHERS = {"join", "log_prob", "entropy"}  # where a space follows, it is another text of that name, without a mark
BETWEEN = re.compile(rf"[\"'] [\"']\.join\([^\n]*{SAYS}\(|join\(\" \"\)[^\n]*sentence")


def spaced(code: str, chinese: dict[str, str]) -> list[str]:
    """Where code writes a space after a text whose Chinese ends with a full-width mark."""
    ends = [key for key, text in chinese.items() if re.search(MARK + "$", text)]
    found = [match[0] for match in BETWEEN.finditer(code)]
    for match in BEFORE_SPACE.finditer(code):
        key = match[1] or match[2] or ""
        start, varies, _ = key.partition("{")
        if key not in OTHERS and any(
            one.startswith(start) if varies else f".{one}".endswith(f".{key}") for one in ends
        ):
            found.append(match[0])
    return found


def test_no_space_follows_a_full_width_mark() -> None:
    chinese = {"room.said": "它已经说了：", "room.phase.open": "投票进行中。", "room.code": "房间"}
    for line in (
        """f"{t(f'room.phase.{phase}')} {voted}\"""",
        """f'{escape(text["said"])} <span>'""",
        'strings.said, " ", words',
        """" ".join([t("room.said"), rest])""",
        "`${strings.said} ${word}`",
    ):
        assert spaced(line, chinese), line
        assert not spaced(line.replace("said", "code").replace("phase.", "code."), chinese) or "join" in line, line
    texts_ = sentences("zh")
    assert {key for key, text in texts_.items() if re.search(MARK + r" (?!·)", text)} == set()
    files = [path for kind in ("*.py", "*.js") for path in (ROOT / "s2s").rglob(kind)]
    found = {path.name: spaced(path.read_text(encoding="utf-8"), texts_) for path in files}
    assert {name: places for name, places in found.items() if places} == {}


def texts(tree: ast.AST) -> list[tuple[int, str]]:
    """The strings of a module that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    said = {id(node.body[0].value) for node in nodes if isinstance(node.body[0], ast.Expr)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [(node.lineno, str(node.value)) for node in strings if id(node) not in said]


def test_no_page_has_chinese_of_its_own() -> None:
    """Texts stand in the locales; sentences to begin with, and the one that warms a segmenter up, are data."""
    found = []
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "s2s" / "web").rglob("*.py")]:
        if path.name in ("examples.py", "language.py"):
            continue
        for line, text in texts(ast.parse(path.read_text(encoding="utf-8"))):
            if CHINESE.search(text) and text not in ("Lookback · 回望", "热身"):
                found.append(f"{path.relative_to(ROOT)}:{line} {text}")
    for path in (ROOT / "s2s").rglob("*.js"):
        if path.name in ("date_forms.js", "shown_dates.js"):  # data of the task
            continue
        code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [f"{path.relative_to(ROOT)} {line}" for line in code.splitlines() if re.search(r"[㐀-鿿]", line)]
    assert found == []


def test_what_is_said_of_colours_and_sides_holds_in_both_themes_and_on_a_phone() -> None:
    shades = re.compile(r"\b(?:darker|lighter|brighter|paler)\b|深浅|颜色越[深浅]|越[深浅亮暗]")
    sides = re.compile(r"\b(?:left|right|above|below)\b|[左右上下]")
    for lang in LANGUAGES:
        texts = sentences(lang)
        assert [key for key, text in texts.items() if shades.search(text)] == []
        assert not sides.search(texts["player.flow_about"])
