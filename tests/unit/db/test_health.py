"""What is found of a server, from what it says; where a file is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stepladder.db.health import postgres as health_postgres
from stepladder.db.health.sqlite import file_system, left_over

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)
WELL: dict[str, Any] = {
    "role": "etl", "database": "shop", "schema": "public", "version": 160_004, "now": NOW, "replica": False,
    "superuser": False, "role_limit": -1, "may_create_schema": True, "may_temp": True, "may_create_table": True,
    "home": True, "unreadable": 0, "encoding": "UTF8", "size": 2**30, "in_use": 5, "database_in_use": 4, "role_in_use": 3,
    "left_over": None, "encrypted": True,
    "address": "10.0.0.7",
    "settings": {
        "TimeZone": "UTC", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "bytea_output": "hex",
        "standard_conforming_strings": "on", "default_transaction_read_only": "off", "statement_timeout": "0",
        "fsync": "on", "max_connections": "100", "superuser_reserved_connections": "3", "reserved_connections": "0",
    },
    "described": {"datcollate": "C", "datlocprovider": "c", "datconnlimit": -1},
}  # fmt: skip


def found(
    changes: dict[str, Any], settings: dict[str, str] | None = None, pool_size: int = 10
) -> dict[str, str]:
    """What is said -> its state."""
    said = {**WELL, **changes, "settings": {**WELL["settings"], **(settings or {})}}
    return {
        each.said: each.state
        for each in health_postgres.examine(said, NOW, NOW + timedelta(seconds=0.1), pool_size)
    }


def test_a_server_in_order_has_no_warning() -> None:
    assert set(found({}).values()) == {"ok"}


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({"version": 130_020}, "fail", "oldest"),
        ({"version": 190_000}, "warn", "newer"),
        ({"superuser": True}, "warn", "superuser"),
        ({"replica": True}, "warn", "replica"),
        ({"schema": None, "may_create_table": None}, "fail", "search_path"),
        ({"home": False}, "warn", "schema stepladder"),
        ({"home": None, "may_create_schema": False}, "warn", "no schema stepladder"),
        ({"now": NOW + timedelta(seconds=9)}, "warn", "s ahead of ours"),
        ({"now": NOW - timedelta(seconds=9)}, "warn", "s behind ours"),
        (
            {"described": {"datcollate": "de_DE.utf8", "datconnlimit": -1}},
            "warn",
            "ordered by de_DE.utf8 (libc)",
        ),
        (
            {
                "described": {
                    "datcollate": "C",
                    "datlocprovider": "i",
                    "datlocale": "en-US",
                    "datconnlimit": -1,
                }
            },
            "warn",
            "ordered by en-US (ICU)",
        ),
        ({"encoding": "LATIN1"}, "warn", "LATIN1"),
        ({"in_use": 90}, "warn", "90 of 97"),
        ({"role_limit": 8}, "warn", "3 of 8"),
        ({"encrypted": False}, "warn", "not encrypted"),
        ({"left_over": [{"pid": 7, "seconds": 600}]}, "warn", "pid 7"),
    ],
)
def test_what_is_not_in_order(changes: dict[str, Any], state: str, words: str) -> None:
    odd = {said: kind for said, kind in found(changes).items() if kind != "ok"}
    assert list(odd.values()) == [state]
    assert words in next(iter(odd))


def test_settings_that_we_override_are_told_and_no_fault() -> None:
    said = found({}, {"TimeZone": "Europe/Berlin", "DateStyle": "German, DMY"})
    assert set(said.values()) == {"ok"}
    assert any("TimeZone = Europe/Berlin, DateStyle = German, DMY" in each for each in said)


def test_a_local_connection_needs_no_encryption() -> None:
    for address in (None, "127.0.0.1", "::1"):
        assert set(found({"encrypted": False, "address": address}).values()) == {"ok"}


def test_the_file_system_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/a / ext4 rw 0 0\nserver:/x {tmp_path / 'far'} nfs4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n"
    )
    assert file_system(tmp_path / "shop.db", mounts) == "ext4"
    assert file_system(tmp_path / "far" / "shop.db", mounts) == "nfs4"
    assert file_system(tmp_path / "shop.db", tmp_path / "none") is None


def test_a_write_that_did_not_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    assert list(left_over(path)) == []
    Path(f"{path}-journal").write_bytes(b"x")
    assert [each.state for each in left_over(path)] == ["warn"]
