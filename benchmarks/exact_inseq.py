"""Run by inseq's own interpreter: what it attributes to source and prefix of a Hugging Face model.

``python -m benchmarks.exact_inseq DIRECTORY < pairs.json > numbers.json``: of each ``[source, target]`` the source's
pieces, and of each step its piece and its rows, summed over the embedding, each ``[source, prefix]``. The prefix begins
with what opens the decoder.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import inseq

INTEGRATED = {"n_steps": 80, "include_eos_baseline": True}


def word(args: Any) -> Any:
    """Log p of the target's piece."""
    logits_BV = args.attribution_model.output2logits(args.forward_output)
    return logits_BV.log_softmax(-1).gather(-1, args.target_ids.reshape(len(logits_BV), 1)).squeeze(-1)


def word_and_not_end(args: Any) -> Any:
    """The same less log p of the end."""
    logits_BV = args.attribution_model.output2logits(args.forward_output)
    return word(args) - logits_BV.log_softmax(-1)[:, args.attribution_model.eos_token_id]


ROWS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "gradient": ("input_x_gradient", word, {}),
    "integrated": ("integrated_gradients", word, INTEGRATED),
    "contrast": ("integrated_gradients", word_and_not_end, INTEGRATED),
}


def summed(values_SE: Any) -> list[float]:
    """Over the embedding."""
    return [float(value) for value in values_SE.double().sum(-1)]


def numbers(models: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    """The rows of every step of a pair."""
    found = {}
    for name, (method, attributed, options) in ROWS.items():
        told = {"attribute_target": True, "attributed_fn": attributed, "show_progress": False}
        found[name] = (
            models[method].attribute(source, target, method=method, **told, **options).sequence_attributions[0]
        )
    one = found["gradient"]
    steps = []
    for t in range(one.source_attributions.shape[1]):
        rows = {
            name: [summed(each.source_attributions[:, t]), summed(each.target_attributions[: t + 1, t])]
            for name, each in found.items()
        }
        steps.append({"piece": one.target[t + 1].token, "rows": rows})
    return {"source": [piece.token for piece in one.source], "steps": steps}


if __name__ == "__main__":
    loaded = {method: inseq.load_model(sys.argv[1], method, device="cpu") for method, _, _ in ROWS.values()}
    print(json.dumps([numbers(loaded, *texts) for texts in json.load(sys.stdin)]))
