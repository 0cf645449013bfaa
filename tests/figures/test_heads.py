"""Small pictures of heads hold the weights themselves, and words as text."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
from PIL import Image

from s2s.figures.heads import heads_html, picture

WEIGHTS = np.array([[[0.0, 1.0, 0.0], [0.5, 0.25, 0.25]], [[0.2, 0.2, 0.6], [1.0, 0.0, 0.0]]])


def test_opacity_is_the_weight() -> None:
    content = base64.b64decode(picture(WEIGHTS[0]).removeprefix("data:image/png;base64,"))
    pixels = np.array(Image.open(io.BytesIO(content)))
    assert pixels.shape == (2, 3, 4)
    np.testing.assert_allclose((pixels[..., 3] / 255) ** (1 / 0.7), WEIGHTS[0], atol=0.01)


def test_words_are_text_and_the_chosen_head_is_framed() -> None:
    drawn = heads_html(WEIGHTS, ["<b>", "a", "b"], 4, [2], {"alt": "{layer}.{head} {share}: {words}"})
    first, second = re.findall(r"<figure.*?</figure>", drawn)
    assert 'alt="4.1 75.0 %: a &lt;b&gt; b"' in first and "<b>" not in drawn
    assert 'class="seen"' in second and 'class="seen"' not in first and ">0.80<" in second
