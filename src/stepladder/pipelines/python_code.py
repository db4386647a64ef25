"""The text of a Python model that decides about its rows: its function, and what that needs of the project's modules.

Tokens, without comments, docstrings and blank lines: steady across Python's versions, formatters of spaces and edits
of remarks. Of the function's own file only the statements that it reaches by name count (and those that bind no name);
of the project's other modules that they import, all.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stepladder.pipelines.modules import Modules

_SILENT = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER)
_OPENS = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")}
_CLOSES = {getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")}
_Place = tuple[int, int]
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class _Token:
    start: _Place
    text: str


def python_code(path: Path, name: str, modules: Modules) -> str:
    """The code of the function `name` in `path`. Raises SyntaxError, OSError."""
    source = _source(path)
    tree = ast.parse(source)
    tokens = list(_tokens(source, tree))
    needed = _reached(tree, name)
    parts = [_text(tokens, statement) for statement in needed]
    others = _imported(needed, path, modules)
    return "\n".join([*parts, *(_module_text(other) for other in others)])


def model_lines(path: Path) -> dict[str, list[int]]:
    """The lines of the functions of each name that `@sl.model` marks."""
    found: dict[str, list[int]] = {}
    for statement in ast.parse(_source(path)).body:
        if isinstance(statement, _DEFINITIONS) and _model_decorators(statement):
            found.setdefault(statement.name, []).append(statement.lineno)
    return found


def _source(path: Path) -> str:
    with tokenize.open(path) as file:
        return file.read()


# -- what a function needs of its own file
def _reached(tree: ast.Module, name: str) -> list[ast.stmt]:
    """The top-level statements that a function reaches, in their order, itself first."""
    binders: dict[str, list[ast.stmt]] = {}
    always: list[ast.stmt] = []
    for statement in tree.body:
        names = set(_bound(statement))
        for each in names:
            binders.setdefault(each, []).append(statement)
        if not names and not _is_text(statement) and not _is_future(statement):
            always.append(statement)
    found: dict[int, ast.stmt] = {}
    todo = [*binders.get(name, []), *always]
    own = todo[0] if todo else None
    while todo:
        statement = todo.pop()
        if id(statement) not in found:
            found[id(statement)] = statement
            todo += [other for word in _words(statement) for other in binders.get(word, [])]
    rest = [statement for statement in tree.body if id(statement) in found and statement is not own]
    return [own, *rest] if own is not None else rest


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a top-level statement gives something to."""
    if isinstance(statement, _DEFINITIONS):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (each.asname or each.name.partition(".")[0] for each in statement.names)
    else:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, _DEFINITIONS):
                yield node.name
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from _bound(node)


def _words(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement reads from its module: not a function's own parameters and variables."""
    local = set(_locals(statement))
    skipped = {id(node) for decorator in _model_decorators(statement) for node in ast.walk(decorator)}
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and id(node) not in skipped and node.id not in local:
            yield node.id


def _locals(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        borrowed = {
            name for node in ast.walk(statement) if isinstance(node, ast.Global) for name in node.names
        }
        for node in ast.walk(statement):
            name = node.arg if isinstance(node, ast.arg) else getattr(node, "id", "")
            stored = isinstance(node, ast.arg) or isinstance(getattr(node, "ctx", None), ast.Store)
            if stored and name not in borrowed:
                yield name


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _model_decorators(statement: ast.stmt) -> list[ast.expr]:
    """`@sl.model(...)`: its keys are the model's, not the function's code."""
    found = []
    for decorator in getattr(statement, "decorator_list", []):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if word == "model":
            found.append(decorator)
    return found


# -- other modules of the project
def _imported(statements: Iterable[ast.stmt], path: Path, modules: Modules) -> list[Path]:
    """The files of the project that these statements import, and those that they import; by name."""
    found: set[Path] = set()
    todo = [(path, list(statements))]
    while todo:
        here, nodes = todo.pop()
        for name in (name for node in nodes for name in _imports(node, here, modules)):
            file = _file(name, modules)
            if file is not None and file not in found and file != path:
                found.add(file)
                todo.append((file, ast.parse(_source(file)).body))
    return sorted(found)


def _imports(statement: ast.stmt, path: Path, modules: Modules) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield from _with_packages(each.name)
        elif isinstance(node, ast.ImportFrom):
            name = modules.imported(node.module or "", path, node.level)
            yield from _with_packages(name)
            yield from (f"{name}.{each.name}" for each in node.names)


def _with_packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:place]) for place in range(1, len(parts) + 1))


def _file(name: str, modules: Modules) -> Path | None:
    found = modules.find(name) if name else None
    if found is not None and found.is_dir():
        found = found / "__init__.py"
    return found if found is not None and found.is_file() else None


def _module_text(path: Path) -> str:
    source = _source(path)
    tree = ast.parse(source)
    return " ".join(token.text for token in _tokens(source, tree))


# -- tokens
def _text(tokens: Sequence[_Token], statement: ast.stmt) -> str:
    """A statement's tokens; a function's begin at `def`, or at those decorators that are not the model's."""
    start, end = (statement.lineno, 0), (statement.end_lineno or statement.lineno, 1 << 30)
    own = _model_decorators(statement)
    kept = [each for each in getattr(statement, "decorator_list", []) if each not in own]
    before = [
        token.text
        for decorator in kept
        for token in tokens
        if _start(decorator) <= token.start < (decorator.end_lineno or 0, decorator.end_col_offset or 0)
    ]
    return " ".join([*before, *(token.text for token in tokens if start <= token.start <= end)]).strip()


def _start(node: ast.expr) -> _Place:
    return node.lineno, node.col_offset


def _tokens(source: str, tree: ast.Module) -> Iterator[_Token]:
    """The tokens that count, each line's first with its line break and depth. A string with expressions inside is one
    token, as it was before Python 3.12."""
    docstrings = set(_docstrings(tree))
    lines = source.splitlines(keepends=True)
    level, strings, opened = 0, 0, (0, 0)
    fresh = silent = False  # whether a line begins; whether its end is a docstring's
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        start, text = token.start, token.string
        if token.type in _OPENS:
            opened = opened if strings else start
            strings += 1
            continue
        if token.type in _CLOSES:
            strings -= 1
            start, text = opened, _between(lines, opened, token.end)
        if strings or token.type in _SILENT:
            continue
        if token.type in (tokenize.INDENT, tokenize.DEDENT):
            level += 1 if token.type == tokenize.INDENT else -1
        elif token.type == tokenize.NEWLINE:
            fresh, silent = fresh or not silent, False
        elif start in docstrings:
            silent = True
        else:
            yield _Token(start, f"\n{'  ' * level}{text}" if fresh else text)
            fresh = False


def _between(lines: list[str], start: _Place, end: _Place) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    middle = lines[start[0] : end[0] - 1]
    return "".join([lines[start[0] - 1][start[1] :], *middle, lines[end[0] - 1][: end[1]]])


def _docstrings(tree: ast.Module) -> Iterator[_Place]:
    """Where the strings stand that are statements: they say something to people, and do nothing."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield _start(node.value)
