"""axe-core on a page, its shadow trees included, and what it finds of Streamlit's own."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from playwright.sync_api import Frame

SCRIPT = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RUN = """async (contrast) => {
    const named = "label-content-name-mismatch"; // experimental: who speaks the words that are seen presses the button
    const rules = { "color-contrast": { enabled: contrast }, [named]: { enabled: true } };
    const { violations } = await axe.run(document, { resultTypes: ["violations"], rules });
    return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ html, any, all, none }) => {
        const why = [...any, ...all, ...none].map(({ message }) => message).join("; ");
        return { id, impact, html: html.slice(0, 300), why };
    }));
}"""
# The smallest type of a page, in pixels: of what is seen, our own components and HTML.
SMALL = """() => {
    const found = [];
    const look = (root, ours) => {
        for (const node of root.querySelectorAll("*")) {
            if (node.shadowRoot) look(node.shadowRoot, true);
            const text = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
            if (!text || !(ours || node.closest("[data-testid=stHtml]")) || node.closest("style, script")) continue;
            const size = parseFloat(getComputedStyle(node).fontSize);
            if (size < 11.9 && node.checkVisibility()) found.push(`${size} ${node.outerHTML.slice(0, 120)}`);
        }
    };
    look(document, !document.querySelector("[data-testid=stApp]"));
    return found;
}"""
# What Streamlit 1.67 makes: rule of axe, what its element's HTML has, where it was reported. A line that nothing on any
# page needs fails the test.
STREAMLIT: Mapping[tuple[str, str], str] = {
    ("presentation-role-conflict", "stFileUploaderDropzone"): "left by the mending of streamlit#15921 (#15928): "
    "react-dropzone's role=presentation on an element that now has tabindex=-1; the conflict itself is not reported",
    ("list", "stSidebarNavItems"): "not reported: the groups of a phone's menu are div elements in its list",
    ("region", "data-floating-ui-portal"): "not reported: the open list of pages in the header is in no landmark",
    ("listitem", "st-emotion-cache"): "not reported: the pages of those groups, items of no list",
}


def violations(page: Frame, contrast: bool = True) -> list[dict[str, Any]]:
    """Every element that breaks a rule: id of the rule, impact, the element's HTML, why.

    The rule of contrast takes twice as long as all others together.
    """
    if not page.evaluate("() => 'axe' in globalThis"):
        page.evaluate(SCRIPT)
    return list(page.evaluate(RUN, contrast))


def excuse(violation: Mapping[str, Any]) -> tuple[str, str] | None:
    """The line of ``STREAMLIT`` that a violation belongs to; None for one that is ours."""
    return next((key for key in STREAMLIT if key[0] == violation["id"] and key[1] in violation["html"]), None)


def too_small(page: Frame) -> list[str]:
    """Texts of ours on the page smaller than 12 pixels."""
    return list(page.evaluate(SMALL))
