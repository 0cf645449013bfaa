"""The texts of each language are in that language, and pages have no texts outside the locales."""

from __future__ import annotations

import ast
import re

from s2s.errors import sentences
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
        Lookback Hugging Face JoeyNMT Keras NiuTrans PostgreSQL SQLite JavaScript Tatoeba AutoMaster LCSTS Tokenizer
        Luong Bahdanau Cho Hu Chen Zhu Bengio Huszár Arora Mgiza eflomal awesome align fast Tom AMD EPYC CC BY FR MIT
        GRU LSTM BERT FGM PCA UMAP ReLU Dense BahdanauAttention Trace Lanes README Classical Modern
        BLEU chrF ROUGE NLL AER ECE KL AOPC NAOPC ExAccErr Top ISO SHA ID id
        softmax sigmoid logits logit nat log ln exp tanh lp cp cd MB bit unk Nov nd
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
        code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [f"{path.relative_to(ROOT)} {line}" for line in code.splitlines() if re.search(r"[㐀-鿿]", line)]
    assert found == []
