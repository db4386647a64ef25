"""CREATE SCHEMA and DROP SCHEMA. In a SQLite file a schema is the part of a table's name before the point."""

from __future__ import annotations

from stepladder.sql.effects import Effect, SchemaDropped, SchemaMade, SequenceDropped
from stepladder.sql.infer.context import Analysis, refuse
from stepladder.sql.infer.raw import Raw, body_of
from stepladder.sql.names import TableName
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.tables import NOTHING, Defined, fault


def create_schema(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    """CREATE SCHEMA."""
    if body.get("authrole"):
        raise refuse("AUTHORIZATION", None, why="a SQLite file has no roles", instead="leave it out")
    if body.get("schemaElts"):
        raise refuse(
            "CREATE SCHEMA with what is in it", None, instead="make the tables by their own statements"
        )
    name = body["schemaname"]
    if name.startswith("pg_"):
        raise fault(
            "42939", f'unacceptable schema name "{name}"\nThe prefix "pg_" is reserved for system schemas.'
        )
    if analysis.schema.relations(name) is not None:
        if body.get("if_not_exists"):
            return NOTHING, (), False
        raise fault("42P06", f'schema "{name}" already exists')
    return NOTHING, (SchemaMade(name),), False


def dropped_schemas(analysis: Analysis, body: Raw) -> list[str]:
    """The schemas that DROP SCHEMA names. Raises an error for one that is not there, and without CASCADE for what is in it."""
    names = []
    for each in body["objects"]:
        name = body_of(each)["sval"]
        found = analysis.schema.relations(name)
        if name == "public":
            raise refuse("dropping the schema public", None, instead="drop what is in it")
        if found is None:
            if not body.get("missing_ok"):
                raise fault("3F000", f'schema "{name}" does not exist')
            continue
        if found and body.get("behavior") != "DROP_CASCADE":
            lines = [f"{analysis.schema.kind(each)} {each.sql} depends on schema {name}" for each in found]
            head = f"cannot drop schema {name} because other objects depend on it"
            raise fault(
                "2BP01", "\n".join([head, *lines, "Use DROP ... CASCADE to drop the dependent objects too."])
            )
        names.append(name)
    return names


def gone_with(
    analysis: Analysis, schemas: list[str]
) -> tuple[dict[str, list[TableName]], tuple[Effect, ...]]:
    """Views and tables in the schemas, by their kind, and the effects of what is no table going with them."""
    kinds: dict[str, list[TableName]] = {"view": [], "table": [], "sequence": []}
    for schema in schemas:
        for each in analysis.schema.relations(schema) or ():
            kinds[analysis.schema.kind(each) or "table"].append(each)
    return kinds, (*map(SequenceDropped, kinds["sequence"]), *map(SchemaDropped, schemas))
