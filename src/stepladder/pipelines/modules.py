"""The Python modules of a project, loaded for one reading of it.

They find each other by `import`, as if the project's folder and its `models` were on Python's path. But sys.path
stays as it is, no bytecode is left behind, and a module of the project hides none of the same name elsewhere: each
has an `__import__` of its own (and a `print` that writes to standard error), and stands in sys.modules under a name
that begins with `PREFIX`. It works as well in a function that imports something while it runs.
"""

from __future__ import annotations

import builtins
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

PREFIX = "stepladder_project_"


def _print(*values: object, file: Any = None, **more: Any) -> None:
    """`print` of models: standard output is for data, which `run --json` writes there."""
    print(*values, file=sys.stderr if file is None else file, **more)


class Modules:
    """The modules below `root`; `also` are more folders in which a module is looked for."""

    def __init__(self, root: Path, *also: Path) -> None:
        self._root = root
        self._folders = (root, *also)
        self._prefix = f"{PREFIX}{hashlib.blake2b(str(root).encode(), digest_size=6).hexdigest()}"
        self._loaded: dict[Path, ModuleType] = {}
        for name in [name for name in sys.modules if name.partition(".")[0] == self._prefix]:
            del sys.modules[name]  # of an earlier reading; whoever still has them keeps them
        sys.modules[self._prefix] = ModuleType(self._prefix)

    def load(self, path: Path) -> ModuleType:
        """The module in a file, or of a folder. Raises whatever its code raises, SyntaxError, OSError."""
        if path in self._loaded:
            return self._loaded[path]
        dotted = ".".join(path.relative_to(self._root).with_suffix("").parts).removesuffix(".__init__")
        module = ModuleType(f"{self._prefix}.{dotted}")
        file = path / "__init__.py" if path.is_dir() else path
        if path.is_dir() or path.stem == "__init__":
            module.__path__ = [str(file.parent)]
        module.__package__ = (
            module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]
        )
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import, "print": _print}
        self._loaded[path] = sys.modules[module.__name__] = module
        if not file.is_file():  # a folder without __init__.py is a package too
            return module
        module.__file__ = str(file)
        try:
            exec(compile(file.read_bytes(), str(file), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the user's own code
        except BaseException:
            del self._loaded[path], sys.modules[module.__name__]
            raise
        return module

    def find(self, name: str) -> Path | None:
        """The file or folder of a module of the project; None for a module from elsewhere."""
        parts = name.split(".")
        for folder in self._folders:
            found = folder.joinpath(*parts)
            file = found.with_name(f"{found.name}.py")
            if (found / "__init__.py").is_file():
                return found
            if file.is_file():
                return file
            if found.is_dir() and any(found.glob("*.py")):
                return found
        return None

    def imported(self, name: str, path: Path, level: int) -> str:
        """The absolute name, in this project, of what the module in `path` names `name` with so many dots before it."""
        if not level:
            return name
        here = path.relative_to(self._root).parent.parts
        return ".".join([*here[: len(here) - level + 1], *([name] if name else [])])

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - __import__'s own names
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        full = self.imported(name, Path(str((globals or {}).get("__file__"))), level) if level else name
        if self.find(full.partition(".")[0]) is None:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        first: ModuleType | None = None
        module: ModuleType | None = None
        parts = full.split(".")
        for place in range(1, len(parts) + 1):
            outer, module = module, self._one(".".join(parts[:place]))
            first = first or module
            if outer is not None:
                setattr(outer, parts[place - 1], module)
        for part in fromlist or ():
            if part != "*" and not hasattr(module, part) and self.find(f"{full}.{part}"):
                setattr(module, part, self._one(f"{full}.{part}"))
        found = module if fromlist else first
        assert found is not None
        return found

    def _one(self, name: str) -> ModuleType:
        path = self.find(name)
        if path is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return self.load(path)
