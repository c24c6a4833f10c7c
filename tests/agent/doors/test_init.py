"""`chatrec init` writes a configuration that reads back as what was understood, and every command takes it."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest
import typer.main
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from chatrec.agent.doors import cli
from chatrec.agent.doors._config import Config, defaults, keys, read_config
from chatrec.agent.doors._init import as_toml
from chatrec.agent.doors._open import Wanted
from chatrec.agent.doors._told import load_told
from chatrec.errors import CatalogError, ConfigError
from chatrec.indexes import Catalog, Schema

PLANTS = """sku,name,what,light,height (cm),pet safe,tags,notes
p1,Monstera,A climbing plant with holes in its leaves.,half shade,80,no,climbing; large,
p2,Boston Fern,A soft fern for moist corners.,shade,45,yes,hanging; moist,
p3,Spider Plant,Forgives everything and makes babies.,half shade,30,yes,hanging; easy,
p4,Snake Plant,Stands in dark corners and needs little water.,shade,60,no,easy; upright,
p5,Aloe Vera,A succulent for sunny sills.,sun,35,no,easy; succulent,
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "plants"
    folder.mkdir()
    (folder / "plants.csv").write_text(PLANTS, "utf-8")
    monkeypatch.chdir(folder)
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, [*words])


def commands() -> dict[str, Any]:
    return cast("dict[str, Any]", typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]


def write(folder: Path, text: str) -> Config:
    (folder / "chatrec.toml").write_text(text, "utf-8")
    config = read_config(folder)
    assert config is not None
    return config


# -- what init writes


def test_the_file_says_what_was_understood_and_reads_back_as_the_same(folder: Path) -> None:
    ran = run("init", "plants.csv")
    assert ran.exit_code == 0, ran.output
    assert "5 items" in ran.stdout
    assert "chatrec chat" in ran.stdout
    text = (folder / "chatrec.toml").read_text("utf-8")
    values = tomllib.loads(text)
    assert values["catalog"] == "plants.csv"
    assert {name: column.get("role") for name, column in values["columns"].items() if column} == {
        "sku": "id",
        "name": "title",
        "what": "description",
    }
    assert "# number, 30 to 80 cm" in text
    assert '# unit = "cm"' in text
    assert "# several values: easy (3)" in text
    plain, told = Catalog.load("plants.csv"), load_told("plants.csv", None)[0]
    assert told.items == plain.items
    assert told.facets == plain.facets
    assert told.report is not None
    assert {column.column for column in told.report.columns if column.told} == {"sku", "name", "what"}


def uncommented(text: str) -> str:
    """Every setting that stands as a comment, taken as it is: `# key = value`."""
    lines = []
    for line in text.splitlines():
        bare = line.removeprefix("# ")
        try:
            lines.append(bare if tomllib.loads(bare) and bare != line else line)
        except tomllib.TOMLDecodeError:
            lines.append(line)
    return "\n".join(lines)


def test_every_commented_setting_is_known_and_stands_in_its_place(folder: Path) -> None:
    """Taking all the signs away changes nothing but what is a placeholder; columns' guesses hold when they are told."""
    run("init", "plants.csv")
    text = (folder / "chatrec.toml").read_text("utf-8")
    config = write(folder, uncommented(text))
    given = defaults(config, commands())
    assert given["chat"]["max_questions"] == 2
    assert given["chat"]["language"] == "auto"
    assert given["index"]["interactions"]
    schema = config.schema_of(folder / "plants.csv")
    assert schema is not None
    assert schema.columns["height (cm)"].unit == "cm"
    assert schema.columns["tags"].separator == ";"
    assert (schema.separator, schema.header) == (",", True)
    told = Catalog.load("plants.csv", schema=schema)
    assert not told.rejects
    assert told.facets == Catalog.load("plants.csv").facets


def test_what_is_told_holds(folder: Path) -> None:
    (folder / "plants.schema.toml").write_text('[columns.light]\nlabel = "place"\n', "utf-8")
    assert run("init", "plants.csv", "--title", "what", "--id", "name").exit_code == 0
    schema = Schema.of({"columns": tomllib.loads((folder / "chatrec.toml").read_text("utf-8"))["columns"]})
    assert schema.named("title") == ["what"]
    assert schema.named("id") == ["name"]
    assert schema.columns["light"].label == "place"
    catalog, _ = load_told("plants.csv", None)
    assert catalog.items[0].title.startswith("A climbing")
    assert "place" in catalog.facets


def test_nothing_is_overwritten_without_force(folder: Path) -> None:
    path = folder / "chatrec.toml"
    path.write_text("# mine\n", "utf-8")
    ran = run("init", "plants.csv")
    assert isinstance(ran.exception, ConfigError)
    assert "--force" in ran.exception.hint
    assert path.read_text("utf-8") == "# mine\n"
    path.write_text("broken = [", "utf-8")
    assert run("init", "plants.csv", "--force").exit_code == 0
    assert read_config(folder) is not None


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_ends_early_leaves_the_old_file_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    (folder / "chatrec.toml").write_text("# mine\n", "utf-8")

    def stop(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, "replace", stop)
    assert run("init", "plants.csv", "--force").exit_code != 0
    assert sorted(path.name for path in folder.iterdir()) == ["chatrec.toml", "plants.csv"]
    assert (folder / "chatrec.toml").read_text("utf-8") == "# mine\n"


def test_a_file_that_cannot_be_read_leaves_nothing(folder: Path) -> None:
    assert isinstance(run("init", "nowhere.csv").exception, CatalogError)
    (folder / "numbers.csv").write_text("a,b\n1,2\n3,4\n", "utf-8")
    assert isinstance(run("init", "numbers.csv").exception, CatalogError)
    assert not (folder / "chatrec.toml").exists()


def test_names_and_values_of_any_kind_stand_in_the_file(folder: Path) -> None:
    rows = [
        {"名称": f"茶 {n}", 'a "quoted".name': f"x\ty{n % 2}", "n\nl": n, "[x]": f"# {n % 2} = 1\u2028z"}
        for n in range(5)
    ]
    (folder / "o dd.json").write_text(json.dumps(rows), "utf-8")
    assert run("init", "o dd.json", "--title", "名称").exit_code == 0
    config = read_config(folder)
    assert config is not None
    assert set(config.values["columns"]) <= {*rows[0]}
    assert config.schema_of(folder / "o dd.json") is not None
    assert len(load_told("o dd.json", None)[0]) == 5


@given(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1), st.booleans()))
def test_values_read_back(value: object) -> None:
    assert tomllib.loads(f"x = {as_toml(value)}\n")["x"] == value


# -- what commands take of it


def test_chat_takes_it_and_the_command_line_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Wanted] = []

    def catch(wanted: Wanted, _language: object) -> None:
        opened.append(wanted)
        raise SystemExit(0)

    monkeypatch.setattr(cli, "_open", catch)
    write(folder, 'catalog = "plants.csv"\nlanguage = "zh"\nkeep-days = 30\nmax-questions = 1\n[chat]\nuser = "eva"\n')
    ran = run("chat", "--json", "-m", "hello", "--language", "en")
    assert ran.exit_code == 0, ran.output
    assert opened == [
        Wanted(catalog="plants.csv", language="en", keep_days=30.0, max_questions=1, user="eva", thread=None)
    ]
    assert ran.stderr == (
        "chatrec.toml of this folder: catalog plants.csv, language zh, keep-days 30, max-questions 1, user eva\n"
    )
    assert "[default: eva]" in run("chat", "--help").stdout.replace("│", " ")


def test_index_needs_no_file_where_one_is_named(folder: Path) -> None:
    assert run("index").exit_code == 2
    run("init", "plants.csv")
    ran = run("index")
    assert ran.exit_code == 0, ran.output
    assert "plants: 5 items" in ran.stdout


def test_a_schema_is_of_its_own_catalog_alone(folder: Path) -> None:
    (folder / "more.csv").write_text(PLANTS, "utf-8")
    write(folder, 'catalog = "./plants.csv"\n[columns.what]\nrole = "title"\n')
    assert load_told("plants.csv", None)[0].items[0].title.startswith("A climbing")
    assert load_told("more.csv", None)[0].items[0].title == "Monstera"


def test_other_commands_are_not_hindered(folder: Path) -> None:
    write(folder, 'catalog = "plants.csv"\nmodel = "m.gguf"\nuser = "eva"\n')
    given = defaults(cast("Config", read_config(folder)), commands())
    assert given["forget"] == {}, "whom to forget is said each time"
    assert given["doctor"] == {"model": "m.gguf"}
    ran = run("doctor", "--model", "m.gguf")
    assert ran.exit_code == 2
    assert "--tune" in ran.stderr


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ("catalogue = 'x'", "chatrec.toml: there is no setting 'catalogue'", "did you mean 'catalog'?"),
        ("keep_days = 3", "'keep_days'", "did you mean 'keep-days'?"),
        ("[chat]\nkeepdays = 3", "chatrec.toml, [chat]: there is no setting 'keepdays'", "did you mean 'keep-days'?"),
        ("[chta]\nuser = 'x'", "'chta'", "did you mean 'chat'?"),
        ("yes = true", "'yes'", "known: "),
        ("[index]\nforce = true", "[index]: there is no setting 'force'", "known: "),
        ("strict = 'no'", "strict = 'no'", "true or false"),
        ("keep-days = true", "keep-days = True", "a text or a number"),
        ("language = ['en']", "language = ['en']", "a text or a number"),
        ("catalog = {a = 1}", "catalog = {'a': 1}", "a text or a number"),
    ],
)
def test_what_is_unknown_or_does_not_fit_is_refused(folder: Path, text: str, where: str, hint: str) -> None:
    write(folder, text)
    ran = run("chat", "-m", "hello")
    assert isinstance(ran.exception, ConfigError)
    assert where in ran.exception.args[0]
    assert hint in ran.exception.hint


@pytest.mark.parametrize("data", [b"catalog = ", b"\xff\xfe", b"a = " + b"[" * 5000])
def test_a_broken_file_is_named(folder: Path, data: bytes) -> None:
    (folder / "chatrec.toml").write_bytes(data)
    ran = run("chat", "-m", "hello")
    assert isinstance(ran.exception, ConfigError)
    assert str(folder / "chatrec.toml") in ran.exception.args[0]


def test_a_value_out_of_bounds_leaves_with_2_and_the_file_is_named(folder: Path) -> None:
    write(folder, "keep-days = -1\n")
    ran = run("chat", "-m", "hello")
    assert ran.exit_code == 2
    assert "chatrec.toml of this folder: keep-days -1" in ran.stderr


def test_a_column_that_is_gone_is_told_with_the_files_name(folder: Path) -> None:
    config = write(folder, 'catalog = "plants.csv"\n[columns.name]\nrol = "title"\n')
    with pytest.raises(CatalogError, match=r"chatrec\.toml.*'rol'"):
        config.schema_of(folder / "plants.csv")


def test_every_option_of_every_command_has_a_key() -> None:
    """A command that is added later gets its defaults without more work."""
    for name, command in commands().items():
        known = keys(command.params)
        for parameter in command.params:
            said = parameter.required or parameter.name in {"yes", "force", "help"}
            if parameter.param_type_name == "option" and not said:
                assert parameter in known.values(), f"{name} {parameter.name}"
