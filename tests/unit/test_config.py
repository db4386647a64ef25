"""Settings as values: where they come from, which one wins, and that no password is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepladder.config import (
    FILE_NAME,
    Project,
    Target,
    find_project,
    read_project,
    require_project,
    resolve_target,
)
from stepladder.errors import ConfigError, ConnectionFailed, Error, MissingFile, redact

TOML = """
name = "shop"
default = "dev"
timezone = "Europe/Berlin"

[targets]
dev = "sqlite:///shop.db"
prod = "postgresql://app:${SHOP_PASSWORD}@db.example/shop"
full = { url = "postgresql+psycopg2://db.example/shop" }

[vars]
currency = "EUR"
"""
SECRET = "hush"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / FILE_NAME).write_text(TOML)
    return tmp_path


@pytest.fixture
def shop(folder: Path) -> Project:
    return read_project(folder)


def written(folder: Path, text: str) -> Path:
    (folder / FILE_NAME).write_text(text)
    return folder


# -- the project
def test_a_project_says_what_its_file_says(shop: Project, folder: Path) -> None:
    assert (shop.name, shop.default, shop.timezone) == ("shop", "dev", "Europe/Berlin")
    assert list(shop.targets) == ["dev", "prod", "full"]
    assert shop.vars == {"currency": "EUR"}
    assert shop.models == folder / "models"


def test_an_empty_file_is_a_project_in_utc_named_like_its_folder(tmp_path: Path) -> None:
    project = read_project(written(tmp_path, ""))
    assert (project.name, project.default, project.timezone) == (tmp_path.name, None, "UTC")
    assert project.targets == {}
    assert project.vars == {}


def test_the_project_is_found_from_below(folder: Path) -> None:
    below = folder / "models" / "sales"
    below.mkdir(parents=True)
    found = find_project(below)
    assert found is not None
    assert found.folder == folder.resolve()


def test_the_nearest_project_is_taken(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    written(inner, 'name = "inner"')
    found = find_project(inner)
    assert found is not None
    assert found.name == "inner"


def test_the_current_folder_is_where_the_search_begins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    found = find_project()
    assert found is not None
    assert found.name == "shop"


def test_without_a_file_there_is_no_project(tmp_path: Path) -> None:
    assert find_project(tmp_path) is None
    with pytest.raises(ConfigError, match="stepladder init NAME"):
        require_project(tmp_path)


def test_a_folder_without_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="cannot be read"):
        read_project(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "shop\nx = 1', r"not valid TOML: .*line 1"),
        ("[targets]\na = 1\na = 2", "not valid TOML"),
        ('defualt = "dev"', r"unknown key 'defualt'\. Did you mean 'default'\?"),
        ("[target]", r"Did you mean 'targets'\?"),
        ("zzz = 1", r"unknown key 'zzz'\. Known: name, default"),
        ("name = 1", "name must be text in quotes"),
        ("default = ['dev']", "default must be text in quotes"),
        ("targets = 'dev'", r"\[targets\] must be a table"),
        ("[targets]\ndev = 1", "target 'dev' must be a URL in quotes"),
        (
            "[targets.dev]\nurll = 'sqlite:///a.db'",
            r"target 'dev': unknown key 'urll'\. Did you mean 'url'\?",
        ),
        ("[targets.dev]", "target 'dev' must be a URL in quotes"),
        ("vars = 1", r"\[vars\] must be a table"),
        ("timezone = 1", "timezone must be text"),
        ("timezone = 'Europe/Berln'", r"'Europe/Berln' is no zone"),
        ("timezone = '../etc/passwd'", "is no zone"),
        ("timezone = '/etc/localtime'", "is no zone"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        read_project(written(tmp_path, text))
    assert str(tmp_path / FILE_NAME) in str(caught.value)


def test_a_file_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b'name = "caf\xe9"')
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_project(tmp_path)


# -- which target
def test_the_default_is_taken_where_nothing_else_is_said(shop: Project, folder: Path) -> None:
    target = resolve_target(None, shop, {})
    assert (target.name, target.driver, target.path) == ("dev", "sqlite3", (folder / "shop.db").resolve())
    assert target.is_sqlite


def test_a_name_beats_the_variable_and_the_variable_beats_the_default(shop: Project) -> None:
    values = {"STEPLADDER_TARGET": "full"}
    assert resolve_target(None, shop, values).name == "full"
    assert resolve_target("dev", shop, values).name == "dev"


def test_the_variable_may_be_a_url(shop: Project) -> None:
    found = resolve_target(None, shop, {"STEPLADDER_TARGET": "sqlite:///other.db"})
    assert (found.name, found.path) == (None, (shop.folder / "other.db").resolve())


def test_the_variable_works_without_a_project(tmp_path: Path) -> None:
    found = resolve_target(None, None, {"STEPLADDER_TARGET": f"sqlite:///{tmp_path}/a.db"})
    assert found.path == (tmp_path / "a.db").resolve()


def test_the_variable_may_stand_in_the_env_file(shop: Project) -> None:
    (shop.folder / ".env").write_text("STEPLADDER_TARGET=full\n")
    assert resolve_target(None, shop, {}).name == "full"
    assert resolve_target(None, shop, {"STEPLADDER_TARGET": "dev"}).name == "dev"


def test_the_process_environment_is_the_environment(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPLADDER_TARGET", "full")
    assert resolve_target(None, shop).name == "full"


def test_nothing_named_is_refused_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="STEPLADDER_TARGET"):
        resolve_target(None, None, {})
    project = read_project(written(tmp_path, "[targets]\ndev = 'sqlite:///a.db'"))
    with pytest.raises(ConfigError, match="The project knows: dev"):
        resolve_target(None, project, {})


def test_an_unknown_name_is_refused_with_the_nearest(shop: Project) -> None:
    with pytest.raises(ConfigError, match=r"no target 'prd'.*Did you mean 'prod'\?.*dev, prod, full"):
        resolve_target("prd", shop, {})
    with pytest.raises(ConfigError, match=r"no target 'dev': no stepladder\.toml"):
        resolve_target("dev", None, {})


# -- ${NAME}
def test_a_variable_is_asked_for_only_where_it_is_used(shop: Project) -> None:
    assert resolve_target("dev", shop, {}).name == "dev"
    with pytest.raises(ConfigError, match=r"target 'prod' needs \$\{SHOP_PASSWORD\}, which is not set"):
        resolve_target("prod", shop, {})


def test_the_environment_beats_the_env_file(shop: Project) -> None:
    (shop.folder / ".env").write_text('# passwords\nexport SHOP_PASSWORD="from-file"\n')
    assert "from-file" in resolve_target("prod", shop, {}).url
    assert "from-env" in resolve_target("prod", shop, {"SHOP_PASSWORD": "from-env"}).url


def test_values_of_the_env_file_are_taken_as_they_stand(shop: Project) -> None:
    (shop.folder / ".env").write_text("OTHER=x\nSHOP_PASSWORD='a$b${OTHER}'\n")
    assert resolve_target("prod", shop, {}).url == "postgresql://app:a$b${OTHER}@db.example/shop"


def test_a_given_url_is_taken_as_it_stands(shop: Project) -> None:
    assert resolve_target("postgresql://h/${NAME}", shop, {}).url == "postgresql://h/${NAME}"


# -- URLs
@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///a.db", "sqlite3"),
        ("postgresql://h/db", "psycopg"),
        ("postgres://h/db", "psycopg"),
        ("postgresql+psycopg://h/db", "psycopg"),
        ("postgresql+psycopg2://h/db", "psycopg2"),
        ("postgresql+embedded:///folder", "embedded"),
    ],
)
def test_the_scheme_names_the_driver(url: str, driver: str) -> None:
    found = resolve_target(url, None, {})
    assert (found.driver, found.is_sqlite) == (driver, driver == "sqlite3")


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite:///"])
def test_a_database_in_memory_has_no_path(url: str) -> None:
    assert resolve_target(url, None, {}).path is None


def test_a_relative_path_is_relative_to_the_project(
    shop: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert resolve_target("sqlite:///data/a.db", shop, {}).path == (shop.folder / "data/a.db").resolve()
    assert resolve_target("sqlite:///a.db", None, {}).path == (elsewhere / "a.db").resolve()
    assert resolve_target("postgresql+embedded:///pg", shop, {}).path == (shop.folder / "pg").resolve()


def test_four_slashes_are_an_absolute_path(shop: Project) -> None:
    assert resolve_target("sqlite:////srv/a.db", shop, {}).path == Path("/srv/a.db").resolve()


def test_options_are_no_part_of_the_path(shop: Project) -> None:
    assert resolve_target("sqlite:///a.db?mode=ro", shop, {}).path == (shop.folder / "a.db").resolve()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlte:///a.db", r"Did you mean 'sqlite'\?"),
        ("mysql://h/db", "not a URL that Stepladder knows"),
        ("postgresql+psycop2://h/db", r"Did you mean 'postgresql\+psycopg2'\?"),
        ("sqlite://a.db", "three slashes"),
        ("postgresql+embedded://a", "three slashes"),
        ("postgresql+embedded:///", "names no folder"),
    ],
)
def test_a_url_of_another_kind_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        resolve_target(url, None, {})


# -- passwords
SHOWN_SAFELY = [
    f"postgresql://app:{SECRET}@h/db",
    f"postgres://app:{SECRET}@h:5432/db",
    f"postgresql+psycopg2://app:{SECRET}@h/db",
    f"postgresql://:{SECRET}@h/db",
    f"postgresql://app:{SECRET}@[::1]:5432/db",
    f"postgresql://app:{SECRET}@h1:1,h2:2/db",
    f"postgresql://app:a@{SECRET}@h/db",
    f"postgresql://app:a:{SECRET}@h/db",
    f"postgresql://app:%2F{SECRET}%40@h/db",
    f"postgresql://app:a?{SECRET}@h/db",
    f"postgresql://app:a#{SECRET}@h/db",
    f"postgresql://app:a'{SECRET}@h/db",
    f"postgresql://app:a/{SECRET}@h/db",
    f"postgresql://h/db?password={SECRET}",
    f"postgresql://h/db?user=app&password={SECRET}&sslmode=require",
    f"postgresql://h/db?PASSWORD={SECRET}",
    f"postgresql://h/db?password=%20{SECRET}",
    f"postgresql://h/db?password=a'{SECRET}",
    f"postgresql://h/db?sslpassword={SECRET}",
    f"POSTGRESQL://app:{SECRET}@h/db",
    f"mysql://app:{SECRET}@h/db",
]


@pytest.mark.parametrize("url", SHOWN_SAFELY)
def test_a_target_never_shows_its_password(url: str) -> None:
    target = Target(url, "psycopg", "prod")
    for shown in (str(target), repr(target), f"{target}", repr([target]), redact(f"see {url} there")):
        assert SECRET not in shown
    assert "db" in str(target)


@pytest.mark.parametrize("url", SHOWN_SAFELY)
def test_no_error_shows_a_password(url: str) -> None:
    assert SECRET not in str(Error(f"it failed: {url}"))
    assert SECRET not in repr(Error(f"it failed: {url}"))


@pytest.mark.parametrize(
    "text",
    [
        f"host=h password={SECRET}",
        f"password={SECRET} host=h",
        f"host=h password = {SECRET}",
        f"host=h password='{SECRET}'",
        f"host=h password='my {SECRET}'",
        rf"host=h password='it\'s {SECRET}'",
        f"PGPASSWORD={SECRET} psql",
    ],
)
def test_words_of_a_connection_string_are_shown_without_the_password(text: str) -> None:
    assert SECRET not in redact(text)


@pytest.mark.parametrize(
    "text",
    [f"host=h password={SECRET}", f"host=h password='my {SECRET}'", rf"host=h password='it\'s {SECRET}'"],
)
def test_a_connection_string_in_place_of_a_target_is_refused_without_its_password(
    shop: Project, text: str
) -> None:
    for project in (shop, None):
        with pytest.raises(ConfigError) as caught:
            resolve_target(text, project, {})
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://app:{SECRET}@h/db",
        f"sqlite://app:{SECRET}@h/a.db",
        f"postgresql+embedded://app:{SECRET}@h/folder",
    ],
)
def test_a_refused_url_is_shown_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_target(url, None, {})
    assert SECRET not in str(caught.value)


def test_what_has_no_password_is_shown_whole() -> None:
    for text in (
        "postgresql://app@h:5432/db?sslmode=require",
        "sqlite:////srv/a.db",
        "see https://example.org:8080/a and mail me@example.org",
        "the password is wrong",
    ):
        assert redact(text) == text


def test_a_project_never_shows_a_password(tmp_path: Path) -> None:
    project = read_project(written(tmp_path, f"[targets]\nprod = 'postgresql://app:{SECRET}@h/db'"))
    assert SECRET not in repr(project)
    assert SECRET not in str(project)
    assert SECRET not in repr(resolve_target("prod", project, {}))


@given(
    secret=st.text(
        st.characters(codec="ascii", exclude_characters="/ \t\n\r\v\f\x1c\x1d\x1e\x1f"), min_size=4
    ).filter(lambda text: not set(text) <= set("*@:"))
)
def test_whatever_stands_before_the_last_at_sign_is_hidden(secret: str) -> None:
    assert redact(f"<postgresql://app:{secret}@db/shop>") == "<postgresql://app:***@db/shop>"


# libpq takes the first @ for the end of the password, and a / for the end of the address: what it then says of
# "the host" or "the port" is a part of the password.
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
@pytest.mark.parametrize(
    "password",
    [f"a@{SECRET}", f"a/{SECRET}", f"{SECRET}/a", f"a%zz{SECRET}", f"{SECRET}@a", f"a:{SECRET}", SECRET],
)
def test_a_connection_that_fails_does_not_show_the_password(driver: str, password: str) -> None:
    import stepladder as sl

    with pytest.raises((ConnectionFailed, ConfigError)) as caught:
        sl.connect(f"postgresql+{driver}://app:{password}@127.0.0.1:1/db")
    assert SECRET not in str(caught.value)
