"""Chat templates of real families, about seventy: rendered, and their ways to call and to think read off them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.agent.llm import llama_source

from chatrec.agent.llm._formats import PLAIN, Tool
from chatrec.agent.llm._read_format import choose_format
from chatrec.agent.llm._templates import ChatTemplate, Piece
from chatrec.agent.llm._thinking import read_thinking

TEA = Tool("brew_tea", "Make tea.", {"type": "object", "properties": {"kind": {"type": "string", "description": "k"}}})
CLOSE = Tool("close_shop", "Close the shop.", {"type": "object", "properties": {}})
ARGUMENTS = {"kind": 'grün & "süß" 绿茶\n<b>', "cups": [1, 2.5, None, True]}


def call(name: str, call_id: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "id": call_id, "function": {"name": name, "arguments": arguments}}


def answered(*calls: dict[str, Any]) -> list[dict[str, Any]]:
    results = [
        {"role": "tool", "content": f"zqresult {place}", "tool_call_id": one["id"], "name": one["function"]["name"]}
        for place, one in enumerate(calls)
    ]
    return [{"role": "assistant", "content": "", "tool_calls": list(calls)}, *results]


SYSTEM: dict[str, Any] = {"role": "system", "content": "zqsystem"}
ASKED: dict[str, Any] = {"role": "user", "content": "zquser"}


def of(name: str) -> ChatTemplate:
    return ChatTemplate(llama_source.template(name), bos="<BOS>", eos="<EOS>", special={})


def text(template: ChatTemplate, messages: list[dict[str, Any]], reasoning: bool | None = None) -> str:
    prepared, tools = choose_format(template).prepare(messages, [TEA, CLOSE])
    return "".join(piece.text for piece in template.render(prepared, tools, reasoning=reasoning))


@pytest.mark.parametrize("name", llama_source.names())
def test_a_conversation_with_calls_is_rendered_whole(name: str) -> None:
    template = of(name)
    one, two = call("brew_tea", "call_17", ARGUMENTS), call("close_shop", "call_18", {})
    shown = text(template, [SYSTEM, ASKED, *answered(one)])
    assert all(word in shown for word in ("zqsystem", "zquser", "brew_tea", "grün", "绿茶", "zqresult 0"))
    shown = text(template, [SYSTEM, ASKED, *answered(one, two), {"role": "assistant", "content": "zqsaid"}, ASKED])
    places = [shown.rfind(word) for word in ("zqsystem", "zqresult 0", "zqresult 1", "zqsaid", "zquser")]
    assert -1 not in places
    assert places == sorted(places)
    begun = text(template, [ASKED, {"role": "assistant", "content": "zqsaid"}, ASKED, ASKED])
    assert begun.count("zquser") == 3


@pytest.mark.parametrize("name", llama_source.names())
def test_a_call_is_shown_as_it_is_written(name: str) -> None:
    template = of(name)
    form = choose_format(template)
    first, second = call("brew_tea", "a00000001", ARGUMENTS), call("close_shop", "a00000002", {})
    shown = text(template, [SYSTEM, ASKED, *answered(first)])
    written = form.lead + form.opening + form.head("brew_tea", "a00000001") + form.written(ARGUMENTS)
    written += form.end("a00000001")
    assert written.lstrip() in shown
    if form.separator is not None:
        shown = text(template, [SYSTEM, ASKED, *answered(first, second)])
        more = form.separator + form.after_name("close_shop", "a00000002") + form.written({}) + form.end("a00000002")
        assert (written + more).lstrip() in shown


FAMILIES = {
    "Qwen-Qwen2.5-7B-Instruct": ("hermes", True),
    "Qwen-Qwen3-0.6B": ("hermes", True),
    "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": ("hermes", True),
    "meta-llama-Llama-3.1-8B-Instruct": ("llama", False),
    "meta-llama-Llama-3.2-3B-Instruct": ("llama", False),
    "mistralai-Mistral-Nemo-Instruct-2407": ("mistral", True),
    "mistralai-Ministral-3-14B-Reasoning-2512": ("mistral", True),
    "Mistral-Small-3.2-24B-Instruct-2506": ("mistral", True),
    "Qwen3-Coder": ("tagged", True),
    "google-gemma-2-2b-it": ("plain", True),
    "microsoft-Phi-3.5-mini-instruct": ("plain", True),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_told_from_their_templates(name: str) -> None:
    template = of(name)
    form = choose_format(template)
    assert (form.name, form.separator is not None) == FAMILIES[name]
    # What was said before a call stays as it was: the model need not read it again.
    prompt = text(template, [ASKED])
    written = form.opening + form.head("brew_tea", "a00000001") + form.written(ARGUMENTS) + form.end("a00000001")
    assert text(template, [ASKED, *answered(call("brew_tea", "a00000001", ARGUMENTS))]).startswith(prompt + written)


def test_mistral_gets_ids_of_nine_letters() -> None:
    template = of("mistralai-Mistral-Nemo-Instruct-2407")
    shown = text(template, [ASKED, *answered(call("brew_tea", "call_of_another_model", {}))])
    assert "call_of_another_model" not in shown
    assert text(template, [ASKED, *answered(call("brew_tea", "abc123XYZ", {}))]).count("abc123XYZ") == 2


def test_phi_has_its_tools_in_the_system_message() -> None:
    source = (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
        "{% if m.tools %}<|tool|>{{ m.tools }}<|/tool|>{% endif %}<|end|>{% endfor %}<|assistant|>"
    )
    special = {"<|tool_call|>": 1, "<|/tool_call|>": 2, "<|tool|>": 3, "<|/tool|>": 4, "<|end|>": 5}
    template = ChatTemplate(source, special=special)
    form = choose_format(template)
    assert form.name == "phi"
    one, two = call("brew_tea", "1", {"kind": "<|end|>"}), call("close_shop", "2", {})
    prepared, tools = form.prepare([ASKED, *answered(one, two)], [TEA])
    pieces = template.render(prepared, tools)
    shown = "".join(piece.text for piece in pieces)
    assert '<|tool|>[{"name": "brew_tea"' in shown
    calls = '[{"name": "brew_tea", "arguments": {"kind": "<|end|>"}}, {"name": "close_shop", "arguments": {}}]'
    assert f"<|tool_call|>{calls}<|/tool_call|>" in shown
    assert [piece for piece in pieces if not piece.control] == [Piece("<|end|>", control=False)]


THINKERS = {
    "Qwen-Qwen3-0.6B": ("<think>", "may", "no"),
    "Qwen3.5-4B": ("<think>", "now", "no"),
    "deepseek-ai-DeepSeek-R1-Distill-Llama-8B": ("<think>", "now", "no"),
    "HuggingFaceTB-SmolLM3-3B": ("<think>", "may", "no"),
    "mistralai-Ministral-3-14B-Reasoning-2512": ("[THINK]", "may", "no"),
    "google-gemma-4-31B-it": ("<|channel>thought", "no", "no"),
    "ByteDance-Seed-OSS": ("<seed:think>", "may", "no"),
}


@pytest.mark.parametrize("name", THINKERS)
def test_thinking_is_switched_as_the_template_does(name: str) -> None:
    template = of(name)
    thinking = read_thinking(template)
    assert thinking is not None
    opening, left_alone, off = THINKERS[name]
    assert thinking.opening == opening
    for wanted, expected in ((None, left_alone), (True, "now"), (False, off)):
        prompt = text(template, [ASKED], wanted)
        added, thinks = thinking.settle(prompt, wanted)
        assert thinks == expected
        if wanted is not None:
            whole = (prompt + added).rstrip()
            assert whole.endswith(thinking.opening if wanted else thinking.closing)
    at_once = thinking.settle(text(template, [ASKED]), None, at_once=True)
    assert at_once[1] == "no"


def test_thoughts_of_earlier_turns_are_left_to_the_template() -> None:
    template = of("Qwen-Qwen3-0.6B")
    thought = {"role": "assistant", "content": "zqsaid", "reasoning_content": "zqthought"}
    assert "zqthought" in text(template, [ASKED, thought])
    assert "zqthought" not in text(template, [ASKED, thought, ASKED])


def test_most_templates_do_not_think_and_some_have_no_tools() -> None:
    assert read_thinking(of("Qwen-Qwen2.5-7B-Instruct")) is None
    assert read_thinking(of("meta-llama-Llama-3.1-8B-Instruct")) is None
    assert choose_format(of("google-gemma-2-2b-it")) is PLAIN
