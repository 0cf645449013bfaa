"""The commands ``inspect`` and ``compare``: find a test set's errors and their causes; compare two runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments, pair_options, slice_option
from s2s.commands.arguments import WholeNumber
from s2s.commands.terminal import baseline_rows, text_table, write_output
from s2s.data.readers import silent
from s2s.errors import fill
from s2s.figures.numbers import chance
from s2s.text.safe import printable
from s2s.train.signals import status, stoppable

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands
    from s2s.inspect.run import Inspection


# oneDNN and torch cache compiled code by matrix shape, 1,024 entries each: several 100 MB for 10 % of the time.
CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")


def add_inspect_command(commands: Commands) -> None:
    """Add the commands ``inspect`` and ``compare`` and their options."""
    p = commands.add_parser("inspect", help="find the causes of a model's errors on a file of pairs")
    p.set_defaults(run=inspect)
    _inspect_arguments(p)
    p = commands.add_parser("compare", help="compare two or more inspections of one file")
    p.set_defaults(run=compare)
    _compare_arguments(p)


def _inspect_arguments(p: arguments.Parser) -> None:
    arguments.add_checkpoint_argument(p)
    pair_options.add_pair_options(p)
    p.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="where to write rows and summary, or to continue them"
    )
    p.add_argument("--limit", type=WholeNumber(1, arguments.MANY), metavar="N", help="only the first N pairs")
    p.add_argument(
        "--mode", choices=("both", "forced", "free"), default="both", help="which lanes to run; causes need both (both)"
    )
    p.add_argument(
        "--source-share", action="store_true", help="also how much of each output word comes from the source (slower)"
    )
    p.add_argument("--states", action="store_true", help="also save the states, or add them to a finished inspection")
    p.add_argument("--json", metavar="FILE", help="write the summary as JSON; - for the terminal")
    slice_option.add_slice_option(p)
    slice_option.add_database_option(p)


def _compare_arguments(p: arguments.Parser) -> None:
    p.add_argument("first", metavar="DIR_A", type=Path, help="a directory that inspect wrote")
    p.add_argument("second", metavar="DIR_B", type=Path, help="one for another model on the same file")
    p.add_argument("others", metavar="DIR", type=Path, nargs="*", help="more of them: each pair is compared")
    scores = ("bleu", "chrf", "rouge_l", "nll", "perplexity", "accuracy_forced", "accuracy_free")
    p.add_argument(
        "--score", choices=scores, default="chrf", help="the score that decides which model wins an example (chrf)"
    )
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")
    slice_option.add_slice_option(p)
    slice_option.add_database_option(p)


def inspect(options: argparse.Namespace, command: str) -> int:
    """``inspect``: write rows, causes and a summary to ``--out``, resuming an unfinished run."""
    directory, stopped = find_checkpoint(options.checkpoint), 0
    for cache in CACHES:
        os.environ.setdefault(cache, "32")  # entries; read at the first matrix product
    try:
        with stoppable():
            from s2s.checkpoint.open import load
            from s2s.inspect.run import Input, Inspection

            read = options.format, options.limit, options.skip_bad, options.encoding
            with pair_options.print_remarks() as remarks:
                source = Input(
                    options.file, pair_options.column_names(options), *read, remarks.form if _rank() == 0 else silent
                )
                inspection = Inspection(options.out, load(directory), source, options.mode, options.source_share)
            first = _run(inspection, options.states)
    except KeyboardInterrupt as stop:
        stopped, first = status(stop), _rank() == 0
    if not first:
        return stopped
    if stopped:  # printed here, as the progress bar is gone by now
        print("Stopped. Run the same command again to continue.", file=sys.stderr)
        return stopped
    from s2s.inspect.report.content import part_summary
    from s2s.inspect.table import Examples

    examples = Examples(options.out)
    part = slice_option.read_part(options, examples)
    summary = part_summary(examples, part.rows_N if part else None)
    if part:
        summary["slice"] = json.loads(part.slice.pack())
    if options.json:
        write_output(_json(summary), options.json)
    else:
        print(text_table(summary_rows(summary), right=(1,)))
        print(f"Rows: {options.out / 'examples.parquet'}")
    return 0


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))


def _run(inspection: Inspection, keep: bool) -> bool:
    """Run the inspection, and the states with ``keep``; returns whether this is the first process."""
    from tqdm import tqdm

    from s2s.inspect.states.capture import StateWriter
    from s2s.inspect.table import Examples
    from s2s.train.distributed import join, leave

    group = join()
    total = inspection.share(group)
    with tqdm(total=total, unit=" pairs", disable=None if group.first else True, leave=False) as bar:
        inspection.run(group, bar.update)
    if keep:
        states = StateWriter(Examples(inspection.directory), inspection.checkpoint)
        total, silent = states.share(group), None if group.first else True
        with tqdm(total=total, unit=" sentences", disable=silent, leave=False) as bar:
            states.make(group, bar.update)
    leave()
    return group.first


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def summary_rows(summary: Mapping[str, Any]) -> list[list[str]]:
    """The summary as table rows."""
    held = summary["checkpoint"]
    passed = fill("{left:,} skipped, {bad:,} bad {bad:row|rows}", left=summary["left_out"], bad=summary["bad_rows"])
    rows = [
        ["checkpoint", "", held["name"], held["digest"]],
        ["examples", f"{summary['examples']:,}", f"of {summary['of']:,}" if "of" in summary else "", passed],
        *[[VERDICTS[name], f"{count:,}", "", ""] for name, count in summary.get("verdicts", {}).items()],
    ]
    tokens = summary.get("bleu_tokenizer", "")
    what = {"bleu": "by character" if tokens == "char" else f"tokens: {tokens}" if tokens else ""}
    rows += [[name, _number(x["value"]), _between(x), what.get(name, "")] for name, x in summary["scores"].items()]
    without = summary.get("baselines", {})
    of = "" if without.get("rows") == summary["examples"] else f", on {without.get('rows', 0):,} random examples"
    rows += [[name, "", scores, f"without a model{of}"] for name, scores in baseline_rows(without)]
    if share := summary.get("distributions", {}).get("source_share"):
        rows.append(["source's share", _number(share["mean"]), "", "of the words but the first"])
    for kind, title in (("causes", "wrong"), ("mechanisms", "why")):
        for name, one in sorted(summary.get(kind, {}).items(), key=lambda item: -item[1]["count"]):
            share = one["share"]
            value = "" if share["value"] is None else f"{100 * share['value']:.1f} % of errors"
            rows.append([f"{title}: {name}", f"{one['count']:,}", value, _tried(one)])
    rows += [[words_name(one), f"{one['reference']:,}", _f1(one["f1"][0]), ""] for one in summary.get("words", ())]
    rows += worst_rows(summary.get("worst", {}))
    return rows


def _tried(one: Mapping[str, Any]) -> str:
    """What an experiment and its placebo did; empty for what has none."""
    if "tried" not in one:
        return ""
    stated = "" if one["stated"] else ", so it is not stated"
    return f"tried {one['tried']:,}: {one['mended']:,} against {one['placebo']:,} by placebo{stated}"


def compare(options: argparse.Namespace, command: str) -> int:
    """``compare``: compare two or more inspections of one file by a score."""
    from s2s.inspect.comparison import comparisons, rows_beside, same_model
    from s2s.inspect.pair_findings import pair_findings
    from s2s.inspect.paired import Paired
    from s2s.inspect.table import Examples

    systems = [Examples(path) for path in (options.first, options.second, *options.others)]
    part = slice_option.read_part(options, systems[0], systems[1], options.score)
    rows_N = part.rows_N if part else None
    made = comparisons(systems, options.score, rows_N=rows_N)
    for pair in made:
        first, second = (systems[n] for n in pair["systems"])
        pair |= pair_findings(Paired(first, second, options.score), rows_beside(systems[0], first, rows_N))
    names = [f"{examples.manifest['checkpoint']['name']} ({examples.directory})" for examples in systems]
    if options.json:
        pair = made[0] if len(made) == 1 else {"score": options.score, "pairs": made}
        conditions = {"slice": json.loads(part.slice.pack())} if part else {}
        write_output(_json({**pair, **conditions, "systems": names}), options.json)
        return 0
    if part:
        told = fill(
            "Slice: {name}, {count:,} {count:row|rows}.", name=printable(options.slice), count=made[0]["examples"]
        )
        print(told)
    print(text_table(pair_rows(names, made[0]) if len(made) == 1 else pairs_rows(names, made), right=(1,)))
    if len(systems) == 2 and same_model(*systems):
        print(
            "This is the same model with attention read at two places: its outputs are the same, so every score ties.",
            file=sys.stderr,
        )
    return 0


def pair_rows(names: Sequence[str], made: Mapping[str, Any]) -> list[list[str]]:
    """The comparison of two systems as table rows."""
    from s2s.inspect.causes import CAUSES

    rows = [["", made["score"], "", ""]]
    for name, key in (*zip(names, ("first", "second"), strict=True), ("difference", "difference")):
        rows.append([printable(name), _number(made[key]["value"]), _between(made[key]), ""])
    rows[-1][-1] = f"p {chance(made['p'])}, paired bootstrap"
    rows.append(["", "", "", f"p {chance(made['p_randomisation'])}, approximate randomisation"])
    rows += [[f"the first is {what}", f"{made[key]:,}", "examples", ""] for what, key in OUTCOMES]
    for name, n in made["causes"].items():
        kind = "wrong" if name in CAUSES else "why"
        rows.append([f"{kind}: {name}", f"{n['first']:,}", f"against {n['second']:,}", ""])
    rows += [
        [f"mean {name}", _number(n["first"]), f"against {_number(n['second'])}", ""]
        for name, n in made["attention"].items()
    ]
    for one in made["words"]:
        rows.append([words_name(one), _f1(one["f1"][0]), f"against {_f1(one['f1'][1])}", _f1(one["difference"], True)])
    for side, key in ((0, "first"), (1, "second")):
        rows += worst_rows(made["worst"][key], f"the {key} is behind: ")
        for one in made["ngrams"][side][:3]:
            words = printable(" ".join(one["tokens"]))
            p = f"p {chance(one['p'])}"
            rows.append(
                [f"the {key} is right: {words}", str(one["right"][side]), f"against {one['right'][1 - side]}", p]
            )
    return rows


def pairs_rows(names: Sequence[str], made: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The comparisons of all pairs of three or more systems as table rows."""
    sides = {pair["systems"][i]: pair[key] for pair in made for i, key in ((0, "first"), (1, "second"))}
    rows = [["", made[0]["score"], "", "", ""]]
    rows += [
        [f"{n + 1} {printable(name)}", _number(sides[n]["value"]), _between(sides[n]), "", ""]
        for n, name in enumerate(names)
    ]
    rows += [["", "", "", "", ""], ["pair", "difference", "", "p, paired bootstrap", "p, approximate randomisation"]]
    for pair in made:
        first, second = (n + 1 for n in pair["systems"])
        difference = pair["difference"]
        p_values = [f"{chance(pair[key])}, Holm {chance(pair[f'{key}_holm'])}" for key in ("p", "p_randomisation")]
        rows.append([f"{first} - {second}", _number(difference["value"]), _between(difference), *p_values])
    return rows


def worst_rows(search: Mapping[str, Any], lead: str = "worst: ") -> list[list[str]]:
    """The slices of a search whose p is at most 0.05, as table rows."""
    rows = []
    for one in search.get("found", ()):
        if one["p"] <= SURE:
            effect = f"{search['score']} {one['difference']:+.3g} ({_between(one)})"
            rows.append([f"{lead}{slice_name(one)}", f"{one['count']:,}", effect, f"p {chance(one['p'])}"])
    return rows


def slice_name(one: Mapping[str, Any]) -> str:
    """A slice of a search in words."""
    if one["kind"] == "word":
        return f"source word {printable(one['value'])}"
    if one["kind"] == "unknown":
        return f"unknown {one['value']} word"
    low, high = one["value"]
    name = one["kind"].replace("_", " ")
    return f"{name} {low} to {high}" if low and high else f"{name} up to {high}" if high else f"{name} from {low}"


def words_name(one: Mapping[str, Any]) -> str:
    """A bucket of the target vocabulary in words."""
    return f"words of rank {one['first']} to {one['last']}" if one["first"] else "words not in the vocabulary"


def _f1(one: Mapping[str, Any], signed: bool = False) -> str:
    value = one["value"]
    return "" if value is None else f"F1 {value:+.3f} ({_between(one)})" if signed else f"F1 {value:.3f}"


SURE = 0.05  # the largest p of a slice that the terminal shows
VERDICTS = {"same": "says the same", "doubtful": "doubtful", "error": "with an error"}
OUTCOMES = (("better", "wins"), ("worse", "losses"), ("as good", "ties"))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _between(one: Mapping[str, Any]) -> str:
    return "" if one["low"] is None or one["high"] is None else f"{one['low']:.4g} to {one['high']:.4g}"
