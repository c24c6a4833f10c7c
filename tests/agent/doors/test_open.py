from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatrec.agent.doors._changes import note_changes
from chatrec.agent.doors._open import Wanted, open_rooms, open_session
from chatrec.agent.doors._report import catalog_report
from chatrec.agent.doors._told import Told, load_told
from chatrec.agent.llm import ChatLlamaCpp
from chatrec.errors import CatalogError, RulesError
from chatrec.indexes import Catalog
from chatrec.indexes._persistence import index_folder
from chatrec.testing import ScriptedChatModel, tea_catalog

ROWS = "title,colour\nGreen Dawn,green\nBlack Harbour,black\nOld Cellar,black\n"


def test_each_file_has_an_index_folder_of_its_own(tmp_path: Path, chatrec_home: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for folder in ("a", "b"):
        (tmp_path / folder / "my teas.csv").write_text(ROWS, "utf-8")
    first, second = (index_folder(str(tmp_path / folder / "my teas.csv"), "my teas") for folder in ("a", "b"))
    assert first != second
    assert first.parent == second.parent == chatrec_home / "indexes"
    assert first.name.startswith("my-teas-")
    assert index_folder("films", "films") == index_folder("films", "films")
    assert index_folder("x", "../..").parent == chatrec_home / "indexes"


def test_the_same_file_is_meant_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "teas.csv"
    path.write_text(ROWS, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert index_folder("teas.csv", "teas") == index_folder(str(path), "teas")


@pytest.mark.real_model
def test_a_session_reuses_the_index_and_updates_what_changed(tmp_path: Path, chatrec_home: Path) -> None:
    path = tmp_path / "teas.csv"
    path.write_text(ROWS, "utf-8")
    told: list[tuple[str, int, int]] = []

    def tell(what: str, done: int, total: int) -> None:
        told.append((what, done, total))

    def open_it() -> None:
        model = ScriptedChatModel(replies=[])
        session = open_session(Wanted(catalog=str(path), thread="t"), on_progress=tell, model=model)
        assert session.thread_id == "t"

    open_it()
    assert told[0] == ("catalog", 0, 0)
    assert ("index", 3, 3) in told
    assert told[-1] == ("model", 0, 0)
    path.write_text(ROWS + "White Hill,white\n", "utf-8")
    told.clear()
    open_it()
    totals = {total for what, _, total in told if what == "index"}
    assert len([path for path in (chatrec_home / "indexes").iterdir() if path.is_dir()]) == 1
    assert max(totals) <= 4


def test_a_missing_catalog_is_told_without_waiting_for_a_model(chatrec_home: Path) -> None:
    with pytest.raises(CatalogError, match="nowhere"):
        open_session(Wanted(catalog="nowhere.csv"), model=ScriptedChatModel(replies=[]))


@pytest.mark.real_model
def test_each_catalog_has_its_owners_rules(tmp_path: Path, chatrec_home: Path) -> None:
    for name in ("teas", "herbs"):
        (tmp_path / f"{name}.csv").write_text(ROWS, "utf-8")
    (tmp_path / "all.toml").write_text('[[never]]\nwhere = "colour=black"\n', "utf-8")
    (tmp_path / "herbs.toml").write_text('[[never]]\nwhere = "colour=green"\n', "utf-8")
    both = [str(tmp_path / "teas.csv"), str(tmp_path / "herbs.csv")]
    wanted, model = Wanted(rules=tmp_path / "all.toml"), ScriptedChatModel(replies=[])
    rooms = open_rooms(both, wanted, model=model, rules={"herbs": tmp_path / "herbs.toml"})
    shown = {
        name: {i.title for i in room.recommender.recommend("x", user_id="ana").items} for name, room in rooms.items()
    }
    assert shown == {"teas": {"Green Dawn"}, "herbs": {"Black Harbour", "Old Cellar"}}
    with pytest.raises(RulesError, match="'trees'"):
        open_rooms(both, wanted, model=model, rules={"trees": tmp_path / "herbs.toml"})


@pytest.mark.real_model
def test_a_warm_room_has_read_its_prompt_and_keeps_nothing_of_it(tmp_path: Path, chatrec_home: Path) -> None:
    (tmp_path / "teas.csv").write_text(ROWS, "utf-8")
    model = ChatLlamaCpp(temperature=0, prefix_cache=False)
    model.load()
    (room,) = open_rooms([str(tmp_path / "teas.csv")], Wanted(), model=model, warm=True).values()
    warmed = model.stats()
    room.session("ana", "t").send("a green one")
    first = model.stats() - warmed
    assert warmed.prefill_tokens > 300
    assert first.prefill_tokens < 100
    assert room.agent.owners.threads("nobody") == ()
    assert room.recommender.feedback.events("nobody") == ()


def test_report_tells_items_facets_and_rows_left_out(tmp_path: Path) -> None:
    lines = catalog_report(tea_catalog(), tmp_path)
    assert lines[0] == "teas: 8 items"
    text = "\n".join(lines)
    assert "several values: fresh (3)" in text
    assert "number, 6 to 30 €" in text
    assert lines[-1] == f"index: {tmp_path}"
    path = tmp_path / "bad.csv"
    path.write_text(ROWS + ",red\n" * 7, "utf-8")
    rejects = tmp_path / "rejects.jsonl"
    text = "\n".join(catalog_report(Catalog.load(path, rejects=rejects), tmp_path))
    assert "read from bad.csv: CSV, utf-8, separator ','" in text
    assert "title   TITLE; e.g. Green Dawn | Black Harbour" in text
    assert "7 rows left out" in text
    assert "and 2 more" in text
    assert str(rejects) in text


def test_report_shows_a_terminal_nothing_that_it_would_obey(tmp_path: Path) -> None:
    path = tmp_path / "teas.csv"
    path.write_text("title,colour\nGreen \x1b[31mDawn,red\x1b]0;owned\x07\nBlack Harbour,red\n", "utf-8")
    text = "\n".join(catalog_report(Catalog.load(path), tmp_path))
    assert "Green \ufffd[31mDawn" in text
    assert not {"\x1b", "\x07"} & set(text)


def test_report_tells_how_each_column_was_understood(tmp_path: Path) -> None:
    path = tmp_path / "tees.csv"
    lines = ["名称;价格;冲泡;网址;空", "绿雾;¥12;2-3分钟;http://a.b/1;", "黑港;¥8;3-5分钟;http://a.b/2;"]
    path.write_bytes("\n".join([*lines, "老窖;¥30;4分钟;http://a.b/3;"]).encode("gb18030"))
    text = "\n".join(catalog_report(Catalog.load(path), tmp_path))
    assert "gb18030 (a guess" in text
    assert "separator ';'" in text
    assert "价格  number, 8 to 30 ¥" in text
    assert "冲泡  最小冲泡: number, 2 to 4 min; 最大冲泡: number, 3 to 5 min" in text
    assert "网址  kept, not searched" in text
    assert "空    empty" in text
    assert "--schema FILE" in text


def test_what_is_told_of_a_file_is_remembered_until_it_is_forgotten(tmp_path: Path, chatrec_home: Path) -> None:
    path = tmp_path / "teas.csv"
    path.write_text("code,title,colour\na,T1,Green\nb,T2,Black\n", "utf-8")
    told = Told(title="colour", id="code")
    assert [item.title for item in load_told(str(path), told)[0].items] == ["Green", "Black"]
    again = load_told(str(path), None)[0].items
    assert [(item.id, item.title) for item in again] == [("a", "Green"), ("b", "Black")]
    assert load_told(str(path), Told(id="title"))[0].items[0].id == "T1"
    path.write_text("code,title\na,T1\nb,T2\n", "utf-8")
    with pytest.raises(CatalogError, match=r"no column 'colour' for the title .*--schema none"):
        load_told(str(path), None)
    assert load_told(str(path), Told(schema="none"))[0].items[0].title == "T1"
    assert not [*chatrec_home.rglob("*.schema.json")]
    assert load_told(str(path), None)[0].items[0].title == "T1"


def test_what_changed_since_the_last_time_is_told(tmp_path: Path) -> None:
    path, folder = tmp_path / "teas.csv", tmp_path / "indexes" / "teas"

    def told(rows: str) -> list[str]:
        path.write_text("id,title,price\n" + rows, "utf-8")
        catalog = Catalog.load(path)
        return [line for line in catalog_report(catalog, folder, note_changes(catalog, folder)) if "last time" in line]

    assert told("a,A,1\nb,B,2\nc,C,3\n") == []
    assert told("a,A,1\nb,B,2\nc,C,3\n") == ["since the last time: nothing changed"]
    assert told("a,A,1\nb,B,5\nd,D,4\n") == ["since the last time: 1 new, 1 changed, 1 gone (c)"]
    assert told("d,D,4\n") == ["since the last time: 2 gone (a, b)"]
    [note] = folder.parent.glob("*.items.json")
    note.write_text("{broken", "utf-8")
    assert told("d,D,4\n") == []


def test_a_schema_beside_the_file_counts_before_what_was_told(tmp_path: Path) -> None:
    path = tmp_path / "teas.csv"
    path.write_text("title,colour\nT1,Green\nT2,Black\n", "utf-8")
    load_told(str(path), Told(title="colour"))
    (tmp_path / "teas.schema.toml").write_text('[columns.colour]\nlabel = "hue"\n', "utf-8")
    catalog, _ = load_told(str(path), None)
    assert catalog.items[0].title == "T1"
    assert list(catalog.facets) == ["hue"]


def test_quiet_switches_tracing_off_whatever_is_set() -> None:
    code = (
        "import os; os.environ['LANGSMITH_TRACING'] = 'true'\n"
        "from chatrec.agent.doors._quiet import quiet; quiet()\n"
        "print(os.environ['LANGSMITH_TRACING'])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "false\n"


def test_own_stdout_keeps_what_others_print_away() -> None:
    code = (
        "import os\nfrom chatrec.agent.doors._quiet import own_stdout\n"
        "with own_stdout() as out:\n"
        "    os.system('echo from a child')\n    print('from python', flush=True)\n    out.write('ours\\n')\n"
        "print('afterwards')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONUTF8": "1"}
    )
    assert ran.stdout == "ours\nafterwards\n"
    assert "from a child" in ran.stderr
    assert "from python" in ran.stderr
