from __future__ import annotations

from pathlib import Path

from chatrec.agent.doors._company import known_company, learn_company
from chatrec.agent.doors._open import Wanted, open_session
from chatrec.indexes import Catalog
from chatrec.indexes._persistence import index_folder
from chatrec.testing import ScriptedChatModel


def test_interactions_are_learnt_once_and_every_conversation_has_them(tmp_path: Path, chatrec_home: Path) -> None:
    file = tmp_path / "teas.csv"
    file.write_text("id,title,colour\n" + "".join(f"{n},Tea {n},green\n" for n in range(8)), "utf-8")
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("user,item\n" + "".join(f"{p},{(p + n) % 9}\n" for p in range(9) for n in (0, 1)), "utf-8")
    catalog = Catalog.load(file)
    folder = index_folder(str(file), catalog.name)
    assert known_company(catalog, folder) is None
    told = learn_company(ratings, catalog, folder)
    assert told == ["ratings.csv: 16 likes of 9 people, out of 18 events", "  2 left out: unknown item"]
    session = open_session(Wanted(catalog=str(file)), model=ScriptedChatModel(replies=[]))
    together = session.recommender.together
    assert together is not None
    assert together.likes.tolist() == [2] * 8
