"""One HTML file that needs no network and no script: its head, its one style sheet, the policy that allows no more."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from html import escape
from importlib.resources import files


def document(title: str, body: str) -> str:
    """The file. `body` is HTML, `title` text."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n{_head(title)}</head>\n<body>\n{body}</body>\n</html>\n'
    )


@cache
def _style() -> str:
    return files("stepladder.report").joinpath("page.css").read_text(encoding="utf-8")


def _head(title: str) -> str:
    """The policy allows this one style sheet, by its hash, and nothing else."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n"
    )
