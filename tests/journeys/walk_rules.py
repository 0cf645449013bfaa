"""What a walk leaves alone, and which fields and controls may change together."""

from __future__ import annotations

import re

from s2s.web.shell import page_state

# By page, the fields that the page itself sets when they are empty, or clears when they belong to another sentence.
CHOSEN_BY_PAGE = {"lesson": {"chapter"}, "inspection": {"inspection"}, "compare": {"b_text", "b_tokens"}}
LONG_WORK = re.compile(
    r"train$|train-resume|inspect_start|.*measure$|go-|stop|check-dates|delete-sure-"
)  # controls that start minutes of work or a process, or delete what later walks look at
EMPTIED = ("typed",)  # text fields that the page empties after it has used their text
SENTENCE_FIELDS = {"text", "ref", "tokens"}
EDITED_FIELDS = {"b_text", "b_tokens"}
FAULT = re.compile(r"[(（](error|编号) ?[0-9a-f]{8}[)）]")  # the message for an unexpected exception
INSPECTION_FIELDS = set(page_state.INSPECTION)
FILTERS = {
    *("label-filter-verdict", "label-filter-category", "label-filter-person"),
    *("inspect_search", "inspect_search_how", "inspect_search_field", "inspect_errors", "slice-open"),
    *("inspect-filter-verdict", "inspect-filter-rarest_rank", "inspect-filter-unknown", "inspect-filter-own"),
}
# By a pattern of a control's key: the fields of the link and the keys of other controls that change with it.
MOVES_WITH: tuple[tuple[str, set[str]], ...] = (
    (r"model$", {*SENTENCE_FIELDS, "layer", "head", "compare", "tab", *EDITED_FIELDS, "chip", "segmentation"}),
    (
        r"(run|None)$",
        {*SENTENCE_FIELDS, *EDITED_FIELDS, "chip", "segmentation"},
    ),  # None is the key of an example sentence's button
    (r"loses-", {*SENTENCE_FIELDS, "model", "strategy", "beam", "length_penalty", "coverage_penalty"}),
    (r"(to-|back$|on$)", {"chapter"}),
    (r"(use-|open-|train-open)", {"compare", *SENTENCE_FIELDS, "model", "layer", "head", "tab"}),
    (r"own_tokens$", {"tokens"}),
    (r"(act-|undo$|as_a$|segmentation$|typed$)", {*EDITED_FIELDS, "chip", "segmentation"}),
    (r"(strategy|mode)$", {"tab"}),
    (r"projector", {"projector"}),
    (r"words$", {"pieces"}),
    (r"pieces$", {"words"}),
    (r"(chip-|slice-|inspect_search|inspect-filter)", {*INSPECTION_FIELDS, *FILTERS}),
    (r"not-", {*INSPECTION_FIELDS, "slice-open"}),
    (r"(label-filter|inspect_errors)", {*INSPECTION_FIELDS, "slice-open"}),
    (r"(row-|inspect|label|states|sort|order|against|won_by)", INSPECTION_FIELDS),
    (r"lecture$", {"logit-0", "logit-1", "logit-2"}),
    (r"again$", set()),
)


class Finding(AssertionError):
    """A fault that a walk found; ``kind`` is its class."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
