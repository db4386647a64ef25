"""Whether a PostgreSQL server, and our role there, are fit for work."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from stepladder.db.health.findings import Finding, fail, ok, warn

# One row. What a later version of the server added is asked for through jsonb, so that PostgreSQL 14 answers too.
ASK = """
SELECT current_user::text AS role, current_database()::text AS database, current_schema()::text AS schema,
       current_setting('server_version_num')::int AS version,
       clock_timestamp() AS now,
       pg_is_in_recovery() AS replica,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
       has_database_privilege(current_database(), 'CREATE') AS may_create_schema,
       has_database_privilege(current_database(), 'TEMP') AS may_temp,
       has_schema_privilege(current_schema(), 'CREATE') AS may_create_table,
       (SELECT has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE')
          FROM pg_namespace n WHERE n.nspname = 'stepladder') AS home,
       (SELECT count(*) FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(c.oid)
           AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
           AND NOT has_table_privilege(c.oid, 'SELECT')) AS unreadable,
       (SELECT jsonb_object_agg(name, reset_val) FROM pg_settings WHERE name IN ('TimeZone', 'DateStyle', 'IntervalStyle',
           'bytea_output', 'standard_conforming_strings', 'default_transaction_read_only', 'statement_timeout', 'fsync',
           'max_connections', 'superuser_reserved_connections', 'reserved_connections')) AS settings,
       (SELECT to_jsonb(d) FROM pg_database d WHERE d.datname = current_database()) AS described,
       (SELECT pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname = current_database()) AS encoding,
       pg_database_size(current_database()) AS size,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS in_use,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS database_in_use,
       (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user) AS role_in_use,
       (SELECT jsonb_agg(jsonb_build_object('pid', pid, 'seconds', extract(epoch FROM clock_timestamp() - state_change)::int))
          FROM pg_stat_activity WHERE application_name = 'stepladder' AND datname = current_database()
           AND state LIKE 'idle in transaction%' AND clock_timestamp() - state_change > interval '60 seconds') AS left_over,
       (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS encrypted,
       host(inet_server_addr()) AS address
"""
_OURS = {
    "TimeZone": ("UTC", "Etc/UTC"),
    "DateStyle": ("ISO, MDY",),
    "IntervalStyle": ("postgres",),
    "bytea_output": ("hex",),
    "standard_conforming_strings": ("on",),
}
_OLDEST, _NEWEST = 14, 18
_SKEW = timedelta(seconds=2)
_PROVIDERS = {"c": "libc", "i": "ICU", "b": "builtin", "d": "default"}
Said = Mapping[str, Any]


def examine(said: Said, before: datetime, after: datetime, pool_size: int) -> Iterator[Finding]:
    """Findings of a row of ASK; `before` and `after` are our clock around it."""
    yield _version(said)
    yield from _rights(said)
    yield _clock(said, before, after)
    yield _session(said["settings"])
    yield _collation(said["described"])
    yield _encoding(said)
    yield _connections(said, pool_size)
    yield ok(
        "disk",
        f"the database has {said['size'] / 2**20:,.0f} MiB; how much room the server has left cannot be asked",
    )
    yield from _safety(said)
    yield from _left_over(said)


def _version(said: Said) -> Finding:
    major = said["version"] // 10_000
    if major < _OLDEST:
        return fail(
            "version",
            f"the server is PostgreSQL {major}; {_OLDEST} is the oldest that is supported",
            "upgrade the server",
        )
    if major > _NEWEST:
        return warn(
            "version",
            f"PostgreSQL {major} is newer than this version of Stepladder was tried with ({_NEWEST})",
            "look for a newer Stepladder",
        )
    return ok("version", f"PostgreSQL {major} is supported")


def _rights(said: Said) -> Iterator[Finding]:
    role, schema = said["role"], said["schema"]
    settings = said["settings"]
    yield ok("rights", f"connected to {said['database']} as {role}")
    if said["superuser"]:
        yield warn(
            "rights",
            f"{role} is a superuser, whom no right stops",
            "use a role of its own: CREATE ROLE etl LOGIN",
        )
    if said["replica"]:
        yield warn(
            "rights", "the server is a replica: queries work, loads and runs do not", "connect to its primary"
        )
    elif settings["default_transaction_read_only"] == "on":
        yield warn("rights", f"every transaction of {role} is read only: loads and runs do not work",
                   f"ALTER ROLE {role} RESET default_transaction_read_only")  # fmt: skip
    if schema is None:
        yield fail(
            "rights",
            "search_path names no schema that exists",
            "CREATE SCHEMA public, or set the role's search_path",
        )
    elif not said["may_create_table"]:
        yield warn(
            "rights",
            f"{role} may not make tables in schema {schema}",
            f"GRANT CREATE ON SCHEMA {schema} TO {role}",
        )
    else:
        yield ok("rights", f"{role} may make tables in schema {schema}")
    yield _home(said)
    if not said["may_temp"]:
        yield warn("rights", f"{role} may not make temporary tables: runs stage their rows in one",
                   f"GRANT TEMPORARY ON DATABASE {said['database']} TO {role}")  # fmt: skip
    if said["unreadable"]:
        yield warn("rights", f"{role} may not read {said['unreadable']} of the tables in sight",
                   f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")  # fmt: skip


def _home(said: Said) -> Finding:
    """Our own tables are in a schema of their own: it is there, or may be made."""
    make = f"CREATE SCHEMA stepladder AUTHORIZATION {said['role']}"
    if said["home"] is None and not said["may_create_schema"]:
        return warn(
            "rights",
            "there is no schema stepladder, where the ledger goes, and the role may not make it",
            make,
        )
    if said["home"] is False:
        return warn("rights", "the role may not make tables in schema stepladder, where the ledger is",
                    f"GRANT USAGE, CREATE ON SCHEMA stepladder TO {said['role']}")  # fmt: skip
    return ok("rights", "the schema stepladder " + ("may be made" if said["home"] is None else "may be used"))


def _clock(said: Said, before: datetime, after: datetime) -> Finding:
    """The server's clock against the middle of the time in which it was asked."""
    half = (after - before) / 2
    skew = said["now"] - (before + half)
    shown = f"{abs(skew.total_seconds()):.1f} s {'ahead of' if skew > timedelta(0) else 'behind'} ours"
    if abs(skew) > _SKEW + half:
        return warn(
            "clock",
            f"the server's clock is {shown}: now() and --now cut days apart",
            "synchronise both with NTP",
        )
    return ok("clock", f"the server's clock is {shown}")


def _session(settings: Mapping[str, str]) -> Finding:
    other = [f"{name} = {settings[name]}" for name, mine in _OURS.items() if settings.get(name) not in mine]
    if other:
        return ok(
            "settings",
            f"the server's {', '.join(other)} is set otherwise on each connection of ours: TimeZone UTC, DateStyle ISO",
        )
    return ok("settings", "TimeZone, DateStyle and the like are as Stepladder sets them")


def _collation(described: Mapping[str, Any]) -> Finding:
    provider = _PROVIDERS.get(described.get("datlocprovider") or "c", "libc")
    name = described.get("datlocale") or described.get("daticulocale") or described["datcollate"]
    if name in ("C", "POSIX", "C.UTF-8", "C.utf8"):
        return ok("collation", f"text is ordered by its bytes ({provider} {name}), as on SQLite")
    return warn(
        "collation",
        f"text is ordered by {name} ({provider}): ORDER BY, < and min() of text differ from SQLite's order by bytes",
        "write COLLATE \"C\" where the order of text matters, or make the database with LOCALE 'C'",
    )


def _encoding(said: Said) -> Finding:
    if said["encoding"] != "UTF8":
        return warn("encoding", f"the database is {said['encoding']}: characters that it has not are refused",
                    "make the database anew with ENCODING 'UTF8'")  # fmt: skip
    return ok("encoding", "the database is UTF8")


def _connections(said: Said, pool_size: int) -> Finding:
    settings, described = said["settings"], said["described"]
    reserved = int(settings["superuser_reserved_connections"]) + int(
        settings.get("reserved_connections") or 0
    )
    limits = [
        (int(settings["max_connections"]) - reserved, said["in_use"], "connections of the server"),
        (described["datconnlimit"], said["database_in_use"], "connections to this database"),
        (said["role_limit"], said["role_in_use"], f"connections of {said['role']}"),
    ]
    limit, in_use, what = min((each for each in limits if each[0] >= 0), key=lambda each: each[0] - each[1])
    shown = f"{in_use} of {limit} {what} are in use; a pool takes up to {pool_size}"
    free = limit - in_use + 1  # one of them is this one
    if free < pool_size:
        return warn(
            "connections", shown, f"sl.connect(..., pool_size={max(1, free // 2)}), or raise the limit"
        )
    return ok("connections", shown)


def _safety(said: Said) -> Iterator[Finding]:
    if said["settings"].get("fsync") == "off":
        yield warn(
            "safety",
            "fsync is off: a crash of the machine destroys the database",
            "ALTER SYSTEM SET fsync = on",
        )
    if said["address"] and not said["encrypted"] and not ipaddress.ip_address(said["address"]).is_loopback:
        yield warn(
            "safety", "the connection is not encrypted", "add ?sslmode=verify-full to the target's URL"
        )


def _left_over(said: Said) -> Iterator[Finding]:
    for each in said["left_over"] or ():
        yield warn(
            "left over",
            f"a session of Stepladder (pid {each['pid']}) stands idle in a transaction since {each['seconds']} s, and holds its locks",
            f"if its process is gone or frozen: SELECT pg_terminate_backend({each['pid']})",
        )
