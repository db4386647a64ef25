"""`lint --from …`: a prototype's SQL as PostgreSQL's, shown as a diff, or written."""

from __future__ import annotations

import dataclasses
import difflib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from stepladder.cli.output import count, print_json, prose
from stepladder.errors import UsageError
from stepladder.sql import Rewritten, Text, failing, rewritten


def fix(texts: Sequence[Text], dialect: str, *, write: bool, json: bool) -> int:
    """Rewrite, or show what would be; 1 where something could not be rewritten."""
    if not texts:
        raise UsageError("--from needs .sql files or -. Nothing was written.")
    if write and any(text.file == "<stdin>" for text in texts):
        raise UsageError("--fix writes files: standard input is none. Nothing was written.")
    changed = [(text, rewritten(text, dialect)) for text in texts]
    for text, new in changed:
        if write and new.text != text.text:
            _write(Path(text.file), new.text)
    findings = [finding for _, new in changed for finding in new.findings]
    if json:
        print_json(
            {
                "files": [{"file": text.file, "diff": _diff(text, new)} for text, new in changed],
                "findings": [dataclasses.asdict(each) for each in findings],
            }
        )
    else:
        sys.stdout.write("".join(_diff(text, new) for text, new in changed))
        prose().print("\n\n".join(map(str, findings)), markup=False)
    number = sum(new.text != text.text for text, new in changed)
    verb = "rewritten" if write else "to rewrite; --fix writes"
    prose().print(f"{count(number, 'file')} {verb} · {count(len(findings), 'remark')}", markup=False)
    return int(failing(findings))


def _diff(text: Text, new: Rewritten) -> str:
    lines = difflib.unified_diff(
        text.text.splitlines(), new.text.splitlines(), text.file, text.file, lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def _write(path: Path, text: str) -> None:
    """Whole or not at all, with the rights that the file had."""
    path = path.resolve()
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        made = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            made.chmod(path.stat().st_mode & 0o7777)
            made.replace(path)
        except BaseException:
            made.unlink(missing_ok=True)
            raise
