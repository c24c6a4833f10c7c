"""Commands that README, CONTRIBUTING and docs/ show without their output are run, in the order of their page.

Those with output are run in test_docs.py and test_readme.py, `curl` in agent/doors/test_serve_docs.py. Not run are
`pip install`, because the tests' own environment was made so, and `make test` and `make docs`, which run the tests.
What is made short, and how, stands in reader.py.
"""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path

import pytest
from tests.reader import SMALL, Reader, files, talks

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    path.stem: path.read_text("utf-8") for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
}
ELSEWHERE = ("curl", "make test", "make docs")
"""Run by others."""
WITH_OUTPUT = ("tutorial", "catalogs", "people", "languages", "privacy")
"""Pages whose `console` blocks are run in test_docs.py."""


def shown(page: str) -> list[str]:
    """The commands of a page that are run here, each once."""
    kinds = "sh" if page in WITH_OUTPUT else "sh|console|bash"
    found: list[str] = []
    for kind, block in re.findall(rf"^```({kinds})\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL):
        lines = [line for line in block.splitlines() if kind != "console" or line.startswith("$ ")]
        found += [line.removeprefix("$ ").split(" #")[0].strip() for line in lines]
    return [line for line in dict.fromkeys(found) if not line.startswith(ELSEWHERE)]


SHOWN = {page: lines for page in PAGES if (lines := shown(page))}
for earlier, page in itertools.combinations(SHOWN, 2):
    SHOWN[page] = [line for line in SHOWN[page] if not line.startswith("make") or line not in SHOWN[earlier]]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory, derived_models: Path) -> Path:
    """A folder with a reader's files, and a home beside it: each catalog is embedded once for all pages."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "home").mkdir(mode=0o700)
    (folder / "home" / "models").symlink_to(derived_models, target_is_directory=True)
    (folder / "work").mkdir()
    (cheeses,) = re.findall(r"^```csv\n(.*?)^```", PAGES["tutorial"], re.MULTILINE | re.DOTALL)
    files(folder / "work", cheeses)
    return folder / "work"


@pytest.mark.real_model
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to stop a server with")
@pytest.mark.parametrize("page", [page for page, lines in SHOWN.items() if lines])
def test_every_shown_command_runs(
    page: str, theirs: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(theirs)
    monkeypatch.setenv("CHATREC_HOME", str(theirs.parent / "home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    elsewhere: dict[str, str] = {}
    if page == "database":
        server = request.getfixturevalue("postgres_server")
        elsewhere["postgresql://me@host/shop"] = server.empty()
    if page == "models":
        pytest.importorskip("torch")
        talks(theirs / "films", user="me", count=12)
    try:
        with Reader(monkeypatch, **elsewhere) as reader:
            for line in SHOWN[page]:
                reader.types(line)
    finally:
        (theirs / "chatrec.toml").unlink(missing_ok=True)


def test_commands_are_found_and_what_stands_in_for_them_is_still_shown() -> None:
    assert sum(map(len, SHOWN.values())) > 40
    assert {"README", "models", "database", "serve", "web", "benchmarks", "catalogs", "tutorial"} <= {*SHOWN}
    text = "\n".join(PAGES.values())
    assert SMALL in text
    assert "postgresql://me@host/shop" in text
