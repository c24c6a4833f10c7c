"""The house stands: layout, direction of imports, public names, and what must not be in the code."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("agent", "tools", "indexes")
PUBLIC_MODULES = {"agent/doors/cli.py"}

SURFACE = {
    "chatrec": [
        "Catalog",
        "ChatLlamaCpp",
        "FeedbackLog",
        "ItemIndex",
        "ProfileStore",
        "Recommender",
        "RecommenderContext",
        "RecommenderMiddleware",
        "RecommenderToolkit",
        "create_recommender",
    ],
    "chatrec.agent": ["ChatLlamaCpp", "RecommenderContext", "RecommenderMiddleware", "create_recommender"],
    "chatrec.agent.llm": [
        "ChatLlamaCpp",
        "PromptTooLong",
        "QueueFull",
        "Stats",
        "cpu_report",
        "embedded_model_path",
        "shipped_adapter",
    ],
    "chatrec.indexes": [
        "AgeLimit",
        "Catalog",
        "Choosing",
        "CoPreference",
        "ColumnSchema",
        "Constraint",
        "Excluded",
        "Facet",
        "FeedbackEvent",
        "FeedbackLog",
        "Forgotten",
        "Interactions",
        "Item",
        "ItemIndex",
        "Link",
        "Mention",
        "Past",
        "PostgresIndex",
        "Profile",
        "ProfileStore",
        "Proposal",
        "Question",
        "Recommendation",
        "Recommendations",
        "Recommender",
        "Reject",
        "Rule",
        "Rules",
        "Schema",
        "StoreIndex",
        "ThreadOwners",
        "Weights",
        "aexport_person",
        "aforget_person",
        "aretain",
        "export_person",
        "forget_person",
        "home",
        "open_checkpointer",
        "open_embedder",
        "open_store",
        "part_bars",
        "part_name",
        "retain",
    ],
    "chatrec.tools": ["RecommenderToolkit"],
    "chatrec.errors": [
        "CatalogError",
        "ChatrecError",
        "ConfigError",
        "ConstraintError",
        "ContextError",
        "ContextOverflow",
        "EmbedderError",
        "IndexFileError",
        "ModelError",
        "RulesError",
        "StoreError",
        "ThreadRefused",
    ],
}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level
            if node.module == "chatrec":
                yield from ((f"chatrec.{alias.name}", 0) for alias in node.names)


# -- layout


def test_modules_of_the_floors_are_private() -> None:
    paths = list(modules(*FLOORS))
    assert len(paths) > 30
    public = {name_of(path) for path in paths if not path.name.startswith("_")}
    assert public == PUBLIC_MODULES


def test_packages_listed_for_the_build_are_those_that_exist() -> None:
    settings = project()["tool"]["setuptools"]
    folders = settings["package-dir"]
    assert set(settings["packages"]) == set(folders)
    listed = {(ROOT / folder).resolve() for name, folder in folders.items() if name != "chatrec"}
    assert listed == {path.parent.resolve() for path in modules(*FLOORS)}


@pytest.mark.parametrize("floor", FLOORS)
def test_links_lead_to_the_floors(floor: str) -> None:
    link = ROOT / "src" / "chatrec" / floor
    assert link.is_symlink()
    assert link.resolve() == (ROOT / floor).resolve()


@pytest.mark.parametrize(
    "name", ["LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", ".ci/run", "src/chatrec/py.typed"]
)
def test_files_that_people_expect_exist(name: str) -> None:
    assert (ROOT / name).is_file()


def test_every_module_says_what_lives_there() -> None:
    mute = [name_of(path) for path in modules(*FLOORS, "src/chatrec") if not _docstring(path)]
    assert not mute


def _docstring(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text("utf-8")))


# -- direction


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        (
            "indexes",
            ("chatrec.tools", "chatrec.agent", "llama_cpp", "langchain", "langgraph.prebuilt", "langgraph.graph"),
        ),
        ("tools", ("chatrec.agent", "llama_cpp", "langchain")),
        ("agent/llm", ("chatrec.indexes", "chatrec.tools", "chatrec.agent.doors", "chatrec.agent._")),
    ],
)
def test_imports_only_go_down(folder: str, forbidden: tuple[str, ...]) -> None:
    paths = list(modules(folder))
    assert len(paths) > 5
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in paths
        for name, _ in imports(path)
        if any(name == top or name.startswith(top if top.endswith("_") else f"{top}.") for top in forbidden)
    ]
    assert not wrong


def test_nobody_but_the_doors_imports_a_door() -> None:
    rest = (path for path in modules(*FLOORS, "src/chatrec") if "doors" not in path.parts)
    assert not [
        name_of(path) for path in rest if any(name.startswith("chatrec.agent.doors") for name, _ in imports(path))
    ]


def test_imports_are_absolute() -> None:
    paths = modules(*FLOORS, "src/chatrec", "tests", "bench")
    assert not [name_of(path) for path in paths if any(level for _, level in imports(path))]


# -- public names


@pytest.mark.parametrize("module", sorted(SURFACE))
def test_public_surface(module: str) -> None:
    assert importlib.import_module(module).__all__ == SURFACE[module]


@pytest.mark.parametrize(
    "module", ["chatrec", "chatrec.agent", "chatrec.agent.llm", "chatrec.indexes", "chatrec.tools"]
)
def test_all_is_sorted_and_true(module: str) -> None:
    loaded = importlib.import_module(module)
    assert sorted(set(loaded.__all__)) == list(loaded.__all__)
    assert [name for name in loaded.__all__ if not hasattr(loaded, name)] == []


def test_importing_chatrec_loads_nothing_heavy() -> None:
    heavy = ["llama_cpp", "faiss", "torch", "langchain", "langgraph", "numpy"]
    code = f"import json, sys, chatrec; print(json.dumps([name for name in {heavy!r} if name in sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == []


# -- what must not be there


def _texts() -> Iterator[tuple[str, str]]:
    top = [
        ROOT / name
        for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml", ".ci/run")
    ]
    for path in [*top, *modules(*FLOORS, "src/chatrec", "bench", "examples", "tests")]:
        yield name_of(path), path.read_text("utf-8")


def test_no_package_registry_is_named() -> None:
    hosts = [
        ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("pytorch", "org"))
    ]
    options = ["-".join(parts) for parts in (("--index", "url"), ("--extra", "index", "url"), ("--find", "links"))]
    found = [f"{name}: {word}" for name, text in _texts() for word in (*hosts, *options) if word in text]
    assert not found


def test_nothing_is_pickled() -> None:
    wrong = [name_of(path) for path in modules(*FLOORS) if {"pickle", "dill", "joblib"} & {n for n, _ in imports(path)}]
    assert not wrong


def test_code_knows_no_domain() -> None:
    """Words of one kind of catalog stand in no name and no text of the code; docstrings may use them as examples."""
    domain = re.compile(r"(?i)\b(films?|movies?|genres?|director|actors?|horror|thriller|cuisine|recipes?)\b")
    found = [
        f"{name_of(path)}:{line}: {text[:60]}"
        for path in modules(*FLOORS, "src/chatrec")
        if not {"doors", "tuning"}
        & {*path.parts}  # the demo is the doors' default; tuning makes up catalogs of many kinds
        for line, text in _said(path)
        if len(text.split()) < 40 and domain.search(text.replace("_", " "))  # long texts are vocabularies
    ]
    assert "\n".join(found) == ""


def _said(path: Path) -> Iterator[tuple[int, str]]:
    """Names and texts of a module, its docstrings left out."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
