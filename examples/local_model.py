"""`ChatLlamaCpp` by itself: the local model of any agent, with your tools and with structured output.

python examples/local_model.py              # the embedded model, 135 million parameters: shows the ways, not wit
python examples/local_model.py model.gguf   # any GGUF file
"""

from __future__ import annotations

import sys
from typing import Any, Literal

from langchain.agents import create_agent
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from chatrec.agent import ChatLlamaCpp


class Ticket(BaseModel):
    """A request to the help desk."""

    topic: Literal["delivery", "payment", "other"]
    urgency: int = Field(ge=1, le=3)


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"It rains in {city}."


def ticket(model: ChatLlamaCpp, text: str) -> Ticket:
    """Structured output: a grammar makes it valid, whatever the model."""
    answer = model.with_structured_output(Ticket).invoke(text)
    assert isinstance(answer, Ticket)
    return answer


def main(path: str | None = None) -> dict[str, Any]:
    model = ChatLlamaCpp(model_path=path, temperature=0, max_tokens=100)
    made = ticket(model, "My parcel has not arrived and I need it today!")
    call = model.bind_tools([weather], tool_choice="any").invoke("What is the weather in Lisbon?").tool_calls[0]
    agent = create_agent(model, tools=[weather])
    result: dict[str, Any] = agent.invoke({"messages": [{"role": "user", "content": "Weather in Lisbon?"}]})
    print(made, call["args"], result["messages"][-1].text, sep="\n")
    return {"ticket": made, "call": call, "messages": result["messages"]}


if __name__ == "__main__":
    main(*sys.argv[1:2])
