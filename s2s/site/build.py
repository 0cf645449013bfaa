"""Build the site: one page, its scripts and styles, texts, examples and models, as files for any web host.

Every file that a page loads lies beside it and is named by a relative path, so that the site works below any path. The
policy in the page allows nothing else.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any

from s2s import disk
from s2s.browser_model import pack
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.ranges import ON_PAGES
from s2s.decode.strategy import Settings
from s2s.errors import LANGUAGES, UserError, say
from s2s.lesson.film import read_film
from s2s.player import bundle, page
from s2s.player.live import KERNELS, LiveModel, live_texts
from s2s.site import content

FOLDER = Path(__file__).parent / "browser"
PACKAGE = Path(__file__).parents[1]
COMPONENTS = PACKAGE / "web" / "components"
PLAYGROUND = PACKAGE / "browser_model" / "playground"
PLAYER = PACKAGE / "player" / "browser"
NAMES = {"zh": "中文", "en": "English"}  # of the languages, in themselves
FIRST = "zh-en-luong"  # the model that the site opens with, if it has it
PARTS = {  # the components that a page loads when it shows them: script and style
    "player": (PLAYER / "app.js", PLAYER / "player.css"),
    "live": (FOLDER / "live_part.js", None),
    "network": (COMPONENTS / "network" / "network.js", COMPONENTS / "network" / "network.css"),
    "weighing": (COMPONENTS / "weighing" / "weighing.js", COMPONENTS / "weighing" / "weighing.css"),
    "playground": (PLAYGROUND / "mount.js", PLAYGROUND / "playground.css"),
    "film": (COMPONENTS / "film" / "mount.js", COMPONENTS / "film" / "film.css"),
}
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; "
    "worker-src 'self'; img-src data: blob:; base-uri 'none'; form-action 'none'"
)
Files = dict[str, bytes]  # by path below the site's directory


def build_site(out: Path, checkpoints: Mapping[str, Path]) -> dict[str, int]:
    """Write the site with these checkpoints, by name, into a directory; returns the bytes of its files by path.

    Raises UserError without a checkpoint, for a broken one, and for a directory that has other files.
    """
    if not checkpoints:
        raise UserError("site_no_model")
    refuse_strangers(out)
    paths = {name: checkpoints[name] for name in sorted(checkpoints, key=lambda name: (name != FIRST, name))}
    files = _scripts()
    rows = _models(files, paths)
    files |= _texts(files)
    files["index.html"] = _index(files, rows, paths)
    files["sw.js"] = _service_worker(files)
    for path, data in files.items():  # the page and the list of its files come last
        file = out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        disk.write_file(file, functools.partial(_fill, data))
    for old in disk.directory_files(out):
        if old.relative_to(out).as_posix() not in files:
            old.unlink()
    return {path: len(data) for path, data in files.items()}


def _fill(data: bytes, file: Path) -> None:
    file.write_bytes(data)


def refuse_strangers(out: Path) -> None:
    """Raise UserError unless the directory is missing, empty, or has a site in it, which is then replaced."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "sw.js").is_file())):
        raise UserError("site_not_empty", directory=str(out))


def _scripts() -> Files:
    """Scripts and styles, without comments."""
    files = {
        "site.js": _code(bundle.script(FOLDER / "site.js")),
        "worker.js": _code(bundle.script(FOLDER / "worker.js")),
        "training.js": _code(bundle.script(PACKAGE / "browser_model" / "training" / "worker.js")),
        "site.css": page.style(FOLDER / "site.css").encode(),
    }
    for name, (script, style) in PARTS.items():
        files[f"parts/{name}.js"] = _code(bundle.script(script))
        if style:
            files[f"parts/{name}.css"] = page.style(style).encode()
    files["kernels.wasm"] = KERNELS.read_bytes()
    return files


def _code(script: str) -> bytes:
    return page.short(script).encode()


def _models(files: Files, paths: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Add the models and their examples to the files; returns the rows of the list of models."""
    rows = content.model_rows(paths)
    held = {name: load(path) for name, path in paths.items()}
    for checkpoint in held.values():
        checkpoint.recurrent  # noqa: B018 (raises for another kind of model)
    for row in rows:
        _add_model(files, row, held[row["name"]], paths[row["name"]])
        _add_examples(files, row, held)
        if film := read_film(paths[row["name"]], row["name"]) if row["film"] else None:
            texts = {language: content.film_texts(film, language) for language in LANGUAGES}
            row["film"] = _add(files, f"films/{row['name']}.json", {"film": film, "texts": texts})
        else:
            row["film"] = None
    if any(row["chinese"] for row in rows):
        _add(files, "tools.json", {"dictionary": pack.dictionary_values(), "simplifier": pack.simplifier_values()})
    return rows


def _add_model(files: Files, row: dict[str, Any], checkpoint: Checkpoint, path: Path) -> None:
    name = row["name"]
    model = LiveModel(checkpoint, path, [])
    described = model.described()
    _add(files, f"models/{name}/config.json", described["config"])
    _add(files, f"models/{name}/vocab.json", described["vocab"])
    files[f"models/{name}/model.safetensors"] = model.weights()
    own = [f"models/{name}/{file}" for file in ("config.json", "vocab.json", "model.safetensors")]
    row["digest"], row["vocabulary"] = checkpoint.digest, len(checkpoint.target.vocab)
    row["files"] = [{"url": versioned(files, file), "bytes": len(files[file])} for file in own]


def _add_examples(files: Files, row: dict[str, Any], held: Mapping[str, Checkpoint]) -> None:
    if not row["examples"]:
        return
    name, example = row["name"], row["examples"][0]
    row["ahead"] = _add(files, f"examples/{name}.json", content.related_values(row, held, example))
    row["annotated"] = _add(files, f"layers/{name}.json", content.annotated(held[name], example["text"]))


def _add(files: Files, path: str, value: Any) -> str:
    files[path] = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return path


def versioned(files: Files, path: str) -> str:
    """The address of a file, which changes with its content: a browser that keeps it asks for a new one."""
    return f"{path}?{hashlib.sha256(files[path]).hexdigest()[:12]}"


def _texts(files: Files) -> Files:
    code = "".join(files[path].decode() for path in files if path.endswith(".js"))
    found: Files = {}
    for language in LANGUAGES:
        values = {
            "sentences": content.texts(language, code),
            "formulas": content.formulas(language),
            "live": live_texts(language, code),
        }
        _add(found, f"texts/{language}.json", values)
    return found


def _index(files: Files, rows: Sequence[Mapping[str, Any]], paths: Mapping[str, Path]) -> bytes:
    """The page, with the list of models, and the first model's example, which is painted before anything else comes."""
    tools = {"url": versioned(files, "tools.json")} if "tools.json" in files else None
    ahead = json.loads(files[f"examples/{rows[0]['name']}.json"]) if rows[0].get("ahead") else []
    site = {
        "models": rows,
        "tools": tools,
        "lengths": content.measured_lengths(rows),
        "settings": {"ranges": {name: list(ends) for name, ends in ON_PAGES.items()}, "defaults": asdict(Settings())},
        "languages": NAMES,
        "first": ahead[:1],
    }
    preloads = [f'<link rel="preload" as="fetch" crossorigin href="texts/{language}.json">' for language in LANGUAGES]
    values = {
        "policy": page.escaped(POLICY),
        "title": page.escaped(say("app.title", "en")),
        "description": page.escaped(say("app.tagline", "en")),
        "no_script": page.escaped(" · ".join(say("export.no_script", language) for language in LANGUAGES)),
        "preloads": "\n".join(preloads),
        "site": page.embedded(site),
    }
    return Template((FOLDER / "index.html").read_text(encoding="utf-8")).substitute(values).encode()


def _service_worker(files: Files) -> bytes:
    """The service worker, with the files that it keeps, and a version that changes with any of them."""
    own = sorted(path for path in files if not path.startswith(("models/", "tools.json")))
    models = [versioned(files, path) for path in files if path.startswith(("models/", "tools.json"))]
    version = hashlib.sha256(b"".join(hashlib.sha256(files[path]).digest() for path in own)).hexdigest()[:16]
    code = (FOLDER / "sw.js").read_text(encoding="utf-8")
    filled = {"version": version, "files": json.dumps(own), "models": json.dumps(sorted(models))}
    for name, value in filled.items():
        code = code.replace(f"${name}", value)
    return _code(code)
