"""A walk of code for texts of others that Streamlit renders as Markdown: in labels, bodies and options of elements.

A value counts as ours if it is a literal, a number by its format, or comes from ``t``, ``code``, ``plain`` and the
like; a name counts as what its function assigns to it.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator

from s2s import errors

# Streamlit's methods whose label, body or options are Markdown. Options of selectbox and multiselect are plain text.
_NAMES = (
    "badge button caption chat_message checkbox color_picker date_input download_button error exception expander "
    "feedback file_uploader form_submit_button header info link_button markdown metric multiselect number_input "
    "page_link pills popover progress radio segmented_control select_slider selectbox slider spinner status "
    "subheader success table tabs text_area text_input time_input title toast toggle warning write menu_button "
)
BODIES = frozenset(_NAMES.split())
OPTIONS = {"pills", "radio", "segmented_control"}  # their options are Markdown, by ``format_func``
KEYWORDS = {"label", "body", "help", "captions", "text", "caption"}
ESCAPED = {"t", "code", "plain", "quoted", "explain", "say", "language.t", "language.explain", "language.say"}
# Functions that give numbers, or their text.
NUMBERS = {
    "len",
    "int",
    "float",
    "round",
    "sum",
    "min",
    "max",
    "abs",
    "math.exp",
    "signed",
    "share",
    "chance",
    "with_interval",
}
NUMERIC = re.compile(r"[,+]?(\.\d+)?[defg%]$|^\+?\.?\d*[defg%]$|^,$")


class Scope:
    """One function, or a module's top level: what it assigns to each name, and the scope around it."""

    def __init__(self, node: ast.AST, parent: Scope | None) -> None:
        self.parent = parent
        self.assigned: dict[str, list[ast.expr | None]] = {}
        self.functions: dict[str, ast.FunctionDef] = dict(parent.functions) if parent else {}
        for child in nodes_within(node):
            if isinstance(child, ast.FunctionDef):
                self.functions[child.name] = child
            for name, value in _assignments(child):
                self.assigned.setdefault(name, []).append(value)

    def values(self, name: str) -> list[ast.expr | None]:
        """What the name may hold; None among them for what cannot be followed."""
        if name in self.assigned:
            return self.assigned[name]
        return self.parent.values(name) if self.parent else [None]


def nodes_within(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a function or module, without those of functions in it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from nodes_within(child)


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from _pairs(target, node.value)
    elif isinstance(node, ast.AugAssign):
        yield from _pairs(node.target, node.value)
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id, node.value
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield from _items(node.target, node.iter)
    elif isinstance(node, ast.arg):
        yield node.arg, None
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from _pairs(node.optional_vars, None)


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        values: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
            values = list(value.elts)
        elif isinstance(value, ast.IfExp):
            for branch in (value.body, value.orelse):
                yield from _pairs(target, branch)
            return
        for part, of_part in zip(target.elts, values, strict=True):
            yield from _pairs(part, of_part)


def _items(target: ast.expr, iterated: ast.expr) -> Iterator[tuple[str, ast.expr | None]]:
    """A loop's names: numbers for ``range`` and the first of ``enumerate``; the elements of a literal."""
    called = ast.unparse(iterated.func) if isinstance(iterated, ast.Call) else ""
    if called == "range":
        yield from _pairs(target, ast.Constant(0))
    elif called == "enumerate" and isinstance(target, ast.Tuple) and isinstance(iterated, ast.Call):
        yield from _pairs(target.elts[0], ast.Constant(0))
        yield from _items(target.elts[1], iterated.args[0])
    elif isinstance(iterated, (ast.Tuple, ast.List)):
        for item in iterated.elts:
            yield from _pairs(target, item)
    else:
        yield from _pairs(target, None)


def unsafe(node: ast.expr | None, scope: Scope, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The parts of an expression that may hold text of others."""
    if node is None:
        return
    follow = lambda *parts: (found for part in parts for found in unsafe(part, scope, seen))  # noqa: E731
    match node:
        case ast.Constant() | ast.Compare():
            return
        case ast.Lambda(body=body):
            yield from follow(body)
        case ast.JoinedStr(values=values):
            yield from follow(*values)
        case ast.FormattedValue(value=value, format_spec=spec):
            if not (spec and NUMERIC.search(ast.unparse(spec)[2:-1])):
                yield from follow(value)
        case ast.IfExp(body=body, orelse=other):
            yield from follow(body, other)
        case ast.BinOp(left=left, op=op, right=right):
            if isinstance(op, (ast.Add, ast.Mod)):
                yield from follow(left, right)
        case ast.BoolOp(values=values) | ast.List(elts=values) | ast.Tuple(elts=values):
            yield from follow(*values)
        case ast.Starred(value=value) | ast.GeneratorExp(elt=value) | ast.ListComp(elt=value):
            yield from follow(value)
        case ast.Dict(values=values):
            yield from follow(*values)
        case ast.DictComp(value=value):
            yield from follow(value)
        case ast.Subscript(value=value):
            yield from follow(value)
        case ast.Name(id=name):
            if name in seen or name.isupper():
                return
            for value in scope.values(name):
                if value is None:
                    yield name
                else:
                    yield from unsafe(value, scope, seen | {name})
        case ast.Attribute(attr=name) if name.isupper():
            return
        case ast.Call():
            yield from _of_call(node, scope, seen)
        case _:
            yield ast.unparse(node)


def _of_call(call: ast.Call, scope: Scope, seen: frozenset[str]) -> Iterator[str]:
    called = ast.unparse(call.func)
    if called in ("t", "language.t", "say"):
        yield from _inserted(call, scope, seen)
    elif called in ESCAPED | NUMBERS or called in ("language.strings", "strings", "errors.strings"):
        return
    elif called == "map":
        if ast.unparse(call.args[0]) not in ESCAPED:
            yield ast.unparse(call)
    elif isinstance(call.func, ast.Attribute) and call.func.attr in (
        "join",
        "strip",
        "get",
        "items",
        "values",
        "__getitem__",
    ):
        for part in (call.func.value, *call.args):
            yield from unsafe(part, scope, seen)
    elif called in scope.functions and called not in seen:
        function = scope.functions[called]
        inner = Scope(function, scope)
        for part in nodes_within(function):
            if isinstance(part, ast.Return):
                yield from unsafe(part.value, inner, seen | {called})
    elif called in ("list", "tuple", "dict", "zip", "sorted", "joined"):
        for part in (*call.args, *[word.value for word in call.keywords]):
            yield from unsafe(part, scope, seen)
    else:
        yield ast.unparse(call)


def _inserted(call: ast.Call, scope: Scope, seen: frozenset[str]) -> Iterator[str]:
    """The values of a sentence's places that are not numbers by the place's format, in any sentence of the key."""
    key = call.args[0]
    for word in call.keywords:
        if word.arg is None or not _numeric(key, word.arg):
            yield from unsafe(word.value, scope, seen)


def _numeric(key: ast.expr, place: str) -> bool:
    parts = key.values if isinstance(key, ast.JoinedStr) else [key]
    pattern = "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in parts)
    sentences = [text for name, text in errors.sentences("en").items() if re.fullmatch(pattern, name)]
    specs = [spec or "" for text in sentences for _, name, spec, _ in string.Formatter().parse(text) if name == place]
    return all(NUMERIC.search(spec) for spec in specs if "|" not in spec)


def places(tree: ast.Module) -> Iterator[tuple[ast.expr, Scope]]:
    """Every expression that Streamlit renders as Markdown, and where its names are looked up."""
    yield from _places(tree, Scope(tree, None))


def _places(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
    for child in nodes_within(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _places(child, Scope(child, scope))
        if (
            isinstance(child, ast.Call)
            and isinstance(child.func, ast.Attribute)
            and child.func.attr in BODIES
            and not _other(child)
        ):
            yield from ((part, scope) for part in _rendered(child))


def _other(call: ast.Call) -> bool:
    """Whether the method is of a log or the like, not of Streamlit."""
    return ast.unparse(call.func).split(".")[0] in ("LOG", "events", "self", "re")


def _rendered(call: ast.Call) -> Iterator[ast.expr]:
    assert isinstance(call.func, ast.Attribute)
    yield from call.args[: 1 if call.func.attr != "progress" else 2][-1:]
    words = {word.arg: word.value for word in call.keywords}
    yield from (value for name, value in words.items() if name in KEYWORDS)
    if call.func.attr in OPTIONS:
        shown = words.get("format_func") or words.get("options") or (call.args[1] if len(call.args) > 1 else None)
        if shown is not None:
            yield shown


def foreign(tree: ast.Module) -> set[str]:
    """The source of every expression that may hold text of others and is rendered as Markdown."""
    return {part for whole, scope in places(tree) for part in unsafe(whole, scope)}
