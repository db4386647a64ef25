"""Views: SQLite's text as PostgreSQL's, translated over the tables' new types, so that their columns have types too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from stepladder.adopt.plan import Obstacle, ViewPlan
from stepladder.db.foreign_file import Entry
from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql import (
    Column,
    Created,
    PlannedSchema,
    Text,
    in_their_case,
    rewritten,
    translate,
)

_INSTEAD = "drop it, and make it again in PostgreSQL's SQL afterwards: DROP VIEW"


def plan_views(
    views: Iterable[Entry],
    tables: Mapping[str, Sequence[Column]],
    columns_of: Callable[[str], Sequence[str]],
) -> tuple[list[ViewPlan], list[Obstacle]]:
    """Every view after those that it reads. What cannot be translated is in the way. `columns_of`: a view's own names."""
    schema, plans, waiting = PlannedSchema(tables), [], list(views)
    while waiting:
        failed: list[tuple[Entry, str]] = []
        for view in waiting:
            try:
                plan = _planned(view, columns_of(view.name), schema)
            except (DatabaseError, NotPortable) as error:
                failed.append((view, error.message))
                continue
            plans.append(plan)
            schema.known[view.name] = plan.definition.columns
        if len(failed) == len(waiting):
            return plans, [
                Obstacle(
                    view.name, None, f"the view cannot be PostgreSQL's: {said}", f"{_INSTEAD} {view.name}"
                )
                for view, said in failed
            ]
        waiting = [view for view, _ in failed]
    return plans, []


def _planned(view: Entry, columns: Sequence[str], schema: PlannedSchema) -> ViewPlan:
    names = [view.name, *schema.known, *(each.name for columns in schema.known.values() for each in columns)]
    found = rewritten(Text(view.name, in_their_case(view.sql, names)), "sqlite")
    refused = next((finding for finding in found.findings if finding.severity == "refused"), None)
    if refused is not None:
        raise NotPortable(f"the view {view.name}", why=f"{refused.what}: {refused.why}".removesuffix(": "))
    made = translate(found.text, schema, {})
    created = next((effect for effect in made.effects if isinstance(effect, Created)), None)
    if created is None or created.table.stored_name != view.name or made.before or made.parameters:
        raise NotPortable(f"the view {view.name}", why="its text makes something else in PostgreSQL")
    called = [column.name for column in created.definition.columns]
    if called != list(columns):
        why = f"its columns would be called {', '.join(called)}, and are called {', '.join(columns)}"
        raise NotPortable(f"the view {view.name}", why=why)
    return ViewPlan(view.name, made.sql, created.definition)
