from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatrec.agent.doors._open import Wanted, open_session
from chatrec.agent.doors._report import catalog_report
from chatrec.errors import CatalogError
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
    assert len(list((chatrec_home / "indexes").iterdir())) == 1
    assert max(totals) <= 4


def test_a_missing_catalog_is_told_without_waiting_for_a_model(chatrec_home: Path) -> None:
    with pytest.raises(CatalogError, match="nowhere"):
        open_session(Wanted(catalog="nowhere.csv"), model=ScriptedChatModel(replies=[]))


def test_report_tells_items_facets_and_rows_left_out(tmp_path: Path) -> None:
    lines = catalog_report(tea_catalog(), tmp_path)
    assert lines[0] == "teas: 8 items"
    text = "\n".join(lines)
    assert "several values: fresh (3)" in text
    assert "number, 6 to 30 €" in text
    assert lines[-1] == f"index: {tmp_path}"
    path = tmp_path / "bad.csv"
    path.write_text(ROWS + ",red\n" * 7, "utf-8")
    text = "\n".join(catalog_report(Catalog.load(path), tmp_path))
    assert "7 rows left out" in text
    assert "and 2 more" in text


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
