"""The model card: architecture, scores, training and limits of a checkpoint, as Markdown."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from s2s.config import Config, to_dict

LUONG = "Luong, Pham and Manning 2015"
ATTENTION = {
    "additive": ("additive attention (Bahdanau, Cho and Bengio 2015)", "加性注意力（Bahdanau 2015）"),
    "general": (f"general attention ({LUONG})", "乘性注意力（Luong 2015）"),
    "dot": (f"dot attention ({LUONG})", "点积注意力（Luong 2015）"),
    "concat": (f"concat attention ({LUONG})", "拼接注意力（Luong 2015）"),
    "location": (f"location attention ({LUONG})", "位置注意力（Luong 2015）"),
    "local-m": (f"local monotonic attention ({LUONG})", "局部注意力 local-m（Luong 2015）"),
    "none": (
        "no attention: one vector for the whole source (Cho et al. 2014)",
        "无注意力：整句压成一个向量（Cho 2014）",
    ),
    "local-p": (f"local predictive attention ({LUONG})", "局部注意力 local-p（Luong 2015）"),
}
EXTRAS = {
    "coverage": ("coverage (See, Liu and Manning 2017)", "覆盖机制（See 2017）"),
    "pointer": ("a pointer-generator (See, Liu and Manning 2017)", "指针生成网络（See 2017）"),
    "prior": ("prior knowledge of source words (Su Jianlin)", "源词先验知识（苏剑林）"),
}
GUIDED = (
    "trained with guided attention to follow word alignments (Mi, Wang and Ittycheriah 2016)",
    "训练时引导注意力跟随词对齐（Mi 2016）",
)
HEADING = "\n## Scores\n"


def hardware(threads: int) -> str:
    """The processor's name and the number of threads."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = (line for line in cpuinfo.read_text().splitlines() if line.startswith("model name"))
        name = next((line.split(":", 1)[1].strip() for line in lines), name)
    return f"{name}, {threads} {'thread' if threads == 1 else 'threads'}"


def bleu_name(signature: str) -> str:
    """The name of a BLEU score: "character BLEU" if it counts characters.

    >>> bleu_name("nrefs:1|case:mixed|eff:no|tok:char|smooth:exp|version:2.6.0")
    'character BLEU'
    """
    return "character BLEU" if counts_characters(signature) else "BLEU"


def counts_characters(signature: str) -> bool:
    """Whether a BLEU with this signature of sacrebleu counts characters."""
    return "tok:char" in signature.split("|")


def scored_splits(metrics: Mapping[str, Any]) -> list[str]:
    """The splits that have scores: dev, test, then others by name."""
    found = (name for name, value in metrics.items() if isinstance(value, Mapping) and "bleu" in value)
    return sorted(found, key=lambda name: (name != "dev", name != "test", name))


def render_card(name: str, config: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """The card as Markdown.

    ``config`` is a checkpoint's config as plain values; ``metrics`` is its ``metrics.json``: scores
    under the name of each split, and ``training`` with command, seconds, epoch, pairs, hardware and
    parameters. KeyError if one is missing. An imported model has
    ``imported`` instead of ``training``.
    """
    if "imported" in metrics:
        return _imported(name, config, metrics)
    training, model = metrics["training"], config["model"]
    english, chinese = _architecture(model)
    if config["train"].get("objective") == "guided_attention":
        english, chinese = f"{english}, {GUIDED[0]}", f"{chinese}，{GUIDED[1]}"
    return f"""# {name}

{_summary(name, chinese, training, metrics)}

An encoder-decoder of {model.get("cell", "gru").upper()} layers with {english}: {training["parameters"]:,} \
parameters, stored in half precision.

## Scores

{_scores(metrics)} The weights kept are those with the best BLEU on dev. sacrebleu's signatures:

{_signatures(metrics)}

## Data

{config["data"]["origin"] or "Not stated."}

## Limits

{_limits(config)}

## Training

`{training["command"]}`

{training["pairs"]:,} pairs; the weights are those after epoch {training["epoch"]}, reached in \
{training["seconds"]:,} seconds on {training["hardware"]}.

```toml
{config_toml(config)}
```
"""


def _imported(name: str, config: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """The card of an imported model: origin, conversion notes, and scores if any were measured."""
    origin = metrics["imported"]
    english, chinese = _architecture(config["model"])
    library = " ".join(filter(None, (origin["library"], origin["version"])))
    return f"""# {name}

> **中文简介** {name} 由 {library} 训练，转换而来：{chinese}，{origin["parameters"]:,} 个参数。\
转换只改写格式，不改变计算；它学了什么、译得如何，要问训练它的人。

A model of {library}, converted: an encoder-decoder of {config["model"].get("cell", "gru").upper()} layers with \
{english}, {origin["parameters"]:,} parameters, stored in single precision. It was trained elsewhere; what it was \
trained on is not known here.

## Origin

Read from {", ".join(f"`{file}`" for file in origin["files"])}. The conversion changes the form, not the computation:

{chr(10).join(f"- {note}" for note in origin["notes"])}

## Scores

{_measured(metrics)}

## Config

```toml
{config_toml(config, ("model", "text"))}
```
"""


def with_scores(text: str, metrics: Mapping[str, Any]) -> str:
    """An existing card with its section of scores replaced, or added if it has none."""
    before, _, after = text.partition(HEADING)
    _, following, others = after.partition("\n## ")
    return f"{before.rstrip()}\n{HEADING}\n{_measured(metrics)}\n{following}{others}"


def _measured(metrics: Mapping[str, Any]) -> str:
    if not scored_splits(metrics):
        return "None was measured."
    return f"{_scores(metrics)} sacrebleu's signatures:\n\n{_signatures(metrics)}"


def _scores(metrics: Mapping[str, Any]) -> str:
    return f"""| split | sentences | BLEU | chrF | ROUGE-L | perplexity | token accuracy |
|---|---|---|---|---|---|---|
{chr(10).join(_row(split, metrics[split]) for split in scored_splits(metrics))}

BLEU, chrF and ROUGE-L are computed on greedy, cased output in which unknown words remain `<unk>`; perplexity and token
accuracy are teacher-forced."""


def _architecture(model: Mapping[str, Any]) -> tuple[str, str]:
    """The architecture in one sentence, in English and in Chinese."""
    english, chinese = ATTENTION.get(model["attention"], (model["attention"],) * 2)
    if model["attention"] not in ("additive", "none") and model["input_feeding"]:
        english, chinese = f"{english} with input feeding", f"{chinese}，带 input feeding"
    for key, names in EXTRAS.items():
        if model.get(key):
            english, chinese = f"{english}, {names[0]}", f"{chinese}，{names[1]}"
    return english, chinese


def _summary(name: str, attention: str, training: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    titles = {"dev": "验证集", "test": "测试集"}
    scores = "，".join(f"{titles.get(s, s)} BLEU {metrics[s]['bleu']:.2f}" for s in scored_splits(metrics))
    return (
        f"> **中文简介** {name} 是用于教学与研究的小型 seq2seq 模型：{attention}，{training['parameters']:,} 个参数，"
        f"以 {training['pairs']:,} 个句对训练。{scores}。数据来源与署名见 Data，局限见 Limits；请不要依赖它的输出。"
    )


def _row(split: str, s: Mapping[str, Any]) -> str:
    return (
        f"| {split} | {s['sentences']} | {s['bleu']:.2f} | {s['chrf']:.2f} | {s['rouge_l']:.2f} "
        f"| {s['perplexity']:.2f} | {s['token_accuracy']:.3f} |"
    )


def _signatures(metrics: Mapping[str, Any]) -> str:
    """Each sacrebleu signature once, with the splits it applies to."""
    by_text: dict[str, list[str]] = {}
    for split in scored_splits(metrics):
        signatures = metrics[split]["signatures"]
        for kind, title in (("bleu", bleu_name(signatures["bleu"])), ("chrf", "chrF")):
            by_text.setdefault(f"{title} `{signatures[kind]}`", []).append(split)
        if "references" in metrics[split]:
            cut = f"references cut and joined as outputs are (`{metrics[split]['references']}`), `<unk>` never right"
            by_text.setdefault(cut, []).append(split)
        if left := metrics[split].get("left_out"):
            by_text.setdefault(f"left out: {left}, where a side has no word or too many", []).append(split)
    return "\n".join(f"- {text} ({', '.join(names)})" for text, names in by_text.items())


def _limits(config: Mapping[str, Any]) -> str:
    limits = [
        f"It was trained on single texts of at most {config['data']['max_tokens']} tokens; longer ones go wrong.",
        "A word outside the vocabulary is read as `<unk>`, and comes out as `<unk>`; nothing repairs it.",
        "Even where it is sure it may be wrong, especially in names, numbers and negation. Do not rely on its output.",
        "Its attention shows where it looked, which does not alone explain why it chose a word.",
    ]
    if config["text"]["source_back_off"]:
        limits[1] = (
            "A source word outside the vocabulary is read character by character, and an unknown character is read as "
            "`<unk>`. A target word outside the vocabulary comes out as `<unk>`. Nothing repairs this."
        )
    if "Tatoeba" in config["data"]["origin"]:
        limits.insert(
            0,
            "Tatoeba's sentences are short and everyday. Names like Tom are frequent in them, and so in the output; "
            "news, technical and literary texts are beyond this model.",
        )
    return "\n".join(f"- {limit}" for limit in limits)


def _lines(values: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]


def config_toml(config: Mapping[str, Any], sections: Sequence[str] = ("model", "text", "data", "train")) -> str:
    """The sections of the config as TOML; with all of them it can start a run.

    A nested table is written only if it differs from the default.
    """
    defaults = to_dict(Config())
    lines = [f"name = {json.dumps(config['name'], ensure_ascii=False)}"]
    for section in sections:
        tables = {key: value for key, value in config[section].items() if isinstance(value, Mapping)}
        lines += ["", f"[{section}]", *_lines({k: v for k, v in config[section].items() if k not in tables})]
        for key, values in tables.items():
            if values != defaults[section][key]:
                lines += ["", f"[{section}.{key}]", *_lines(values)]
    return "\n".join(lines)
