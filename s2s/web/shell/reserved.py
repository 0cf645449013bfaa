"""CSS that keeps the room of what comes late, so that a page stands still while it loads.

Streamlit loads the script of a kind of element into the browser when it meets the first of that kind. Until then it
shows a bar, 40 pixels high whatever follows, and 16 wide in a row. Our components are empty until their script has run.
Both keep here at least the room that they will take.
"""

BAR, ELEMENT = "[data-testid='stSkeleton']", "[data-testid='stElementContainer']"
FORMULA = f"[data-testid='stMarkdown'] {BAR}"
# Bars in a row of elements are not seen: the elements that replace them push each other aside.
ROWS = f"""
.stHorizontalBlock > {ELEMENT}:has({BAR}) {{ visibility: hidden; }}
.stHorizontalBlock > {ELEMENT}:has({FORMULA}) {{ min-height: 80px; }}
.st-key-contents > * {{ height: 36px; }}
.st-key-line-source > .st-key-b_text {{ flex: 1 1 200px; min-width: 0; }}
.st-key-undo {{ min-width: 54px; }}
.st-key-as_a {{ min-width: 78px; }}
@media (max-width: 760px) {{
  .st-key-contents > * {{ height: 40px; }}
  .st-key-words > .st-key-chip {{ min-width: 60%; }}
}}
"""
# By element: formulas, a chapter's tables, fields with their labels, files.
ELEMENTS = f"""
{ELEMENT}:has({FORMULA}) {{ min-height: 60px; }}
[class*='st-key-chapter-'] {ELEMENT}:not([class*='st-key-']):has(> {BAR}) {{ min-height: 92px; }}
.st-key-chapter-cross_entropy {ELEMENT}:not([class*='st-key-']):has(> {BAR}) {{ min-height: 123px; }}
.st-key-chapter-homework {ELEMENT}:not([class*='st-key-']):has(> {BAR}) {{ min-height: 217px; }}
:is([class*='st-key-logit-'], .st-key-layers-step, [class*='st-key-train_'], [class*='_source'], [class*='_target'],
  .st-key-evidence_most, .st-key-inspect_limit, [class*='st-key-inspect_checkpoint'],
  [class*='st-key-against-'], [class*='st-key-cards-'],
  [class*='st-key-kind-']){ELEMENT} {{ min-height: 68px; }}
:is(.st-key-evidence_file, .st-key-inspect_file) {{ min-height: 96px; }}
@media (max-width: 760px) {{ :is(.st-key-evidence_file, .st-key-inspect_file) {{ min-height: 128px; }} }}
[class*='st-key-attention-'] > {ELEMENT} {{ min-height: 114px; }}
"""
# By component: less than any of its figures takes, and enough for what follows it to lie below the screen.
FIGURES = """
.st-key-network { min-height: 500px; }
.st-key-weighing { min-height: 260px; }
.st-key-film { min-height: 300px; }
.st-key-comparison { min-height: 440px; }
.st-key-sentence-lanes { min-height: 620px; }
.st-key-inspect_charts { min-height: 320px; }
@media (max-width: 760px) { .st-key-inspect_charts { min-height: 530px; } }
[class*='st-key-chapter-'] .st-key-lanes { min-height: 410px; }
"""
# A field for files measures its width once it is there; until then it stacks its parts, as one below 23rem does.
FILES = """
[data-testid='stFileUploader'] { container-type: inline-size; }
@container (width >= 23rem) {
  [data-testid='stFileUploader'] section[data-testid='stFileUploaderDropzone'] { flex-direction: row; gap: 1rem; }
  [data-testid='stFileUploader'] section[data-testid='stFileUploaderDropzone'] > span { flex: none; width: auto; }
  [data-testid='stFileUploader'] section [data-testid='stFileUploaderDropzoneInstructions'] { align-self: center; }
}
"""
RESERVED = ROWS + ELEMENTS + FIGURES + FILES
# Projected, a figure is fitted to the screen, which may leave it less.
FITTED = ":is(.st-key-network, .st-key-weighing, .st-key-film, .st-key-lanes) { min-height: 0 !important; }"
