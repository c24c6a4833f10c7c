from __future__ import annotations

import logging
from collections import deque

import pytest

from chatrec.agent.llm import ChatLlamaCpp, _library, cpu_report, embedded_model_path
from chatrec.agent.llm._measure import BareModel

PLAIN = (
    "CPU : SSE3 = 1 | SSSE3 = 1 | AVX = 1 | AVX2 = 1 | F16C = 1 | FMA = 1 | AVX512 = 1 | AVX512_VNNI = 1 "
    "| LLAMAFILE = 1 | OPENMP = 1 | REPACK = 1 | "
)
WITH_AMX = PLAIN.replace("| LLAMAFILE", "| AMX_INT8 = 1 | LLAMAFILE")


@pytest.mark.parametrize(
    ("info", "guarded"),
    [
        (PLAIN, False),
        (WITH_AMX, True),
        (PLAIN.replace("| LLAMAFILE", "| AMX_INT8 = 0 | LLAMAFILE"), False),
        ("", False),
    ],
)
def test_the_guard_is_up_exactly_for_builds_with_amx(info: str, guarded: bool) -> None:
    assert _library.amx_guard(info) is guarded


def test_flags_are_read_whole() -> None:
    flags = _library.system_flags(WITH_AMX)
    assert flags["SSE3"]
    assert flags["REPACK"]
    assert len(flags) == 12


@pytest.fixture
def amx(monkeypatch: pytest.MonkeyPatch) -> None:
    real = _library.system_flags()
    monkeypatch.setattr(_library, "system_flags", lambda info=None: real | {"AMX_INT8": True})


def repacked(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether llama.cpp said, when it loaded a model, that it rearranged weights."""
    said: deque[str] = deque()
    monkeypatch.setattr(_library, "_lines", said)
    with BareModel(embedded_model_path(adapted=True), room=64) as model:
        model.read(8, threads=1)
    return any("repack tensor" in line for line in said)


@pytest.mark.real_model
def test_without_the_guard_weights_are_rearranged_where_the_build_can(monkeypatch: pytest.MonkeyPatch) -> None:
    assert repacked(monkeypatch) is _library.system_flags().get("REPACK", False)


@pytest.mark.real_model
@pytest.mark.usefixtures("amx")
def test_with_the_guard_the_model_answers_from_weights_as_they_are(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not repacked(monkeypatch)
    with caplog.at_level(logging.WARNING):
        model = ChatLlamaCpp(temperature=0, max_tokens=8, n_ctx=320)
        assert model.invoke("Say hello.").text
        model.close()
    assert any("AMX" in record.message and "reinstall" in record.message for record in caplog.records)
    report = cpu_report()
    assert report["amx_guard"]
    assert any("AMX" in advice for advice in report["advice"])
