"""A proof as a page: reports/prove.html."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from stepladder import __version__
from stepladder.compare.comparison import shown
from stepladder.config import Project
from stepladder.errors import ResourceError
from stepladder.prove import ModelProof, Proof
from stepladder.report import ProofModel, ProofPage, ProofRow, proof_page

_VERDICTS = {
    "equal": "equal",
    "different": "different",
    "empty": "no rows",
    "failed": "failed on both",
    "refused": "not portable",
    "not run": "not run",
}


def write_proof(proof: Proof, project: Project, now: dt.datetime) -> Path:
    """Write the page into the project's folder. Raises ResourceError."""
    path = project.folder / "reports" / "prove.html"
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(exist_ok=True)
        fresh.write_text(proof_page(_page(proof, project, now)), encoding="utf-8")
        fresh.replace(path)  # a reader sees the old page or the new one
    except OSError as error:
        raise ResourceError(f"{path} cannot be written: {error.strerror}.", sqlstate="58030") from error
    return path


def _page(proof: Proof, project: Project, now: dt.datetime) -> ProofPage:
    return ProofPage(
        project=project.name,
        equal=proof.equal,
        engines=proof.engines,
        facts=(
            ("Input from", proof.source),
            (
                "Proved on",
                f"{proof.engines[0]} in a scratch file, {proof.engines[1]} in a scratch schema of {proof.target}",
            ),
            ("Order of text", proof.text_order.meaning),
            ("Made", f"{now:%Y-%m-%d %H:%M} UTC in {proof.seconds:.1f} s, by Stepladder {__version__}"),
        ),
        notes=proof.notes,
        inputs=tuple((each.table, each.rows, each.read) for each in proof.inputs),
        models=tuple(map(_model, proof.models)),
    )


def _model(found: ModelProof) -> ProofModel:
    rows = tuple(
        ProofRow(
            place="" if each.difference.key is None else ", ".join(map(shown, each.difference.key)),
            column=each.difference.column or "",
            sqlite=""
            if each.difference.left is None and each.difference.column is None
            else shown(each.difference.left),
            postgres=""
            if each.difference.right is None and each.difference.column is None
            else shown(each.difference.right),
            cause=each.cause.name,
            why=each.cause.why,
        )
        for each in found.findings
    )
    errors = tuple(f"{side}: {message}" for side, message in found.said)
    return ProofModel(
        name=found.name,
        good=found.state == "equal",
        verdict=_VERDICTS[found.state],
        intervals=found.intervals,
        sqlite_rows=found.sqlite_rows,
        postgres_rows=found.postgres_rows,
        compared=found.compared,
        differences=found.differences,
        rows=rows,
        notes=(*errors, *found.notes),
    )
