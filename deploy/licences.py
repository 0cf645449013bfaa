"""Write the tables of docs/LICENCES.md from what is installed beside this interpreter and from the checkpoints' cards.

``make lock`` runs it in an environment that has the locked packages and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "LICENCES.md"
LONGEST = 60  # characters of a licence's name; some packages write its whole text into that field
CLASSIFIER = "License :: OSI Approved :: "


def licence(package: Distribution) -> str:
    """The licence as the package's metadata declare it: an SPDX expression, a name, or else its classifiers."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression", ""):
        return expression
    name = metadata.get("License", "")
    if 0 < len(name) <= LONGEST and "Copyright" not in name:
        return name
    classifiers = metadata.get_all("Classifier", [])
    return ", ".join(value.removeprefix(CLASSIFIER) for value in classifiers if value.startswith(CLASSIFIER))


def packages(found: Iterable[Distribution]) -> list[tuple[str, str, str]]:
    """Name, version and licence of each package, by name."""
    return sorted((package.name.lower().replace("_", "-"), package.version, licence(package)) for package in found)


def data(card: Path) -> str:
    """What a card says of the data: the paragraph below its heading "Data"."""
    return card.read_text(encoding="utf-8").split("## Data\n")[1].split("\n## ")[0].strip()


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(row)} |" for row in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])


def page(software: list[tuple[str, str, str]]) -> str:
    """The page with its tables made new and its text as it is."""
    cards = sorted(ROOT.glob("checkpoints/*/README.md"))
    learnt = [(f"[{card.parent.name}](../checkpoints/{card.parent.name})", data(card)) for card in cards]
    tables = {
        "| package |": table(("package", "version", "licence"), software),
        "| checkpoint |": table(("checkpoint", "data"), learnt),
    }
    paragraphs = PAGE.read_text(encoding="utf-8").split("\n\n")
    for head, made in tables.items():
        (old,) = (index for index, paragraph in enumerate(paragraphs) if paragraph.startswith(head))
        paragraphs[old] = made
    return "\n\n".join(paragraphs).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(packages(distributions())), encoding="utf-8")
