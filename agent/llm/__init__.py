"""The local language model as a LangChain chat model; knows nothing of recommending."""

from chatrec.agent.llm._adapters import shipped_adapter
from chatrec.agent.llm._chat_model import ChatLlamaCpp
from chatrec.agent.llm._errors import PromptTooLong, QueueFull
from chatrec.agent.llm._model_files import embedded_model_path
from chatrec.agent.llm._report import cpu_report
from chatrec.agent.llm._settings import Stats

__all__ = [
    "ChatLlamaCpp",
    "PromptTooLong",
    "QueueFull",
    "Stats",
    "cpu_report",
    "embedded_model_path",
    "shipped_adapter",
]
