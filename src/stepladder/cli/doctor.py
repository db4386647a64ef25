"""`stepladder doctor`: what is set, from where, and what to mend."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from rich.text import Text

from stepladder import ledger
from stepladder.cli.output import count, data, print_json, prose
from stepladder.cli.surroundings import installation, project_settings
from stepladder.config import Project, Target, find_project, resolve_target
from stepladder.db import Finding, examine
from stepladder.errors import Error

_SIGNS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}


def command(arguments: argparse.Namespace) -> int:
    target, findings = _findings(arguments.target)
    if arguments.json:
        listed = [
            {name: value for name, value in asdict(each).items() if name != "exit_code"} for each in findings
        ]
        print_json({"target": None if target is None else str(target), "findings": listed})
    else:
        _print(target, findings)
    return max((each.exit_code for each in findings), default=0)


def _findings(name: str | None) -> tuple[Target | None, list[Finding]]:
    """Everything that is found, up to what cannot be had."""
    findings = list(installation())
    try:
        project = find_project()
    except Error as error:
        return None, [*findings, _wrong("project", error)]
    findings += project_settings(project)
    target, chosen = _target(name, project)
    findings += chosen
    if target is not None:
        findings += examine(target, steps={ledger.PART: len(ledger.STEPS)})
    return target, findings


def _target(name: str | None, project: Project | None) -> tuple[Target | None, list[Finding]]:
    try:
        return resolve_target(name, project), []
    except Error as error:
        if name is None and project is None and "No target is named" in error.message:
            said = "none is named: only this machine was looked at"
            return None, [Finding("target", "warn", said, "stepladder doctor --target URL")]
        return None, [_wrong("target", error)]


def _wrong(topic: str, error: Error) -> Finding:
    said, *rest = error.message.splitlines()
    return Finding(topic, "fail", said, " ".join(rest) or "mend what the sentence names", error.exit_code)


def _print(target: Target | None, findings: list[Finding]) -> None:
    say = data()
    if target is not None:
        say.print(Text(f"target {target}", style="dim"))
    width = max(len(each.topic) for each in findings)
    before = ""
    for each in findings:
        sign, style = _SIGNS[each.state]
        topic = "" if each.topic == before else each.topic
        before = each.topic
        say.print(
            Text(f"{topic:{width}}  ").append(f"{sign} ", style=style).append(each.said), soft_wrap=True
        )
        if each.remedy:
            say.print(Text(f"{'':{width}}    → {each.remedy}", style=style), soft_wrap=True)
    found = {state: sum(each.state == state for each in findings) for state in _SIGNS}
    prose().print(
        f"{count(found['fail'], 'failure')}, {count(found['warn'], 'warning')}, {found['ok']} in order"
    )
