"""The model's words while it writes: each sentence is let through as soon as it is whole and was found fit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler

from chatrec.agent._grounding import is_grounded, repeats, sentences, settled
from chatrec.tools._turn import Spoken


class Sieve:
    """The fit sentences of what the model writes, in order, none twice.

    Args:
        language: Of the turn.
        facts: What may be named.
        echo: What was said before and what the model was told; sentences that repeat it are not fit.
        most: How many sentences at most.
        unlike: Words that may not be said once more as a whole.
    """

    def __init__(
        self, language: Spoken, facts: str, *, echo: str = "", most: int, unlike: Collection[str] = ()
    ) -> None:
        self._language = language
        self._facts, self._echo, self._most, self._unlike = facts, echo, most, unlike
        self._written = ""
        self._read = 0
        self._fit: dict[str, None] = {}

    @property
    def words(self) -> str:
        """The fit sentences so far."""
        return ("" if self._language == "zh" else " ").join(self._fit)

    @property
    def sure(self) -> str:
        """Of these, what may be shown: nothing as long as it may become what was said before."""
        words = self.words
        return "" if any(old.startswith(words) for old in self._unlike) else words

    def again(self) -> None:
        """The model begins anew; what was let through stays."""
        self._written, self._read = "", 0

    def add(self, piece: str) -> None:
        """Take more of the model's words."""
        self._written += piece
        end = settled(self._written)
        self._take(self._written[self._read : end])
        self._read = end

    def end(self, text: str) -> str:
        """What is fit of the whole text; "" if nothing is, or if it was said before.

        Args:
            text: All that the model wrote.
        """
        if text != self._written:
            self.again()
        self._take(text[self._read :])
        return "" if self.words in self._unlike else self.words

    def _take(self, text: str) -> None:
        for sentence in sentences(text):
            fit = is_grounded(sentence, self._facts, language=self._language) and not repeats(sentence, self._echo)
            if fit and len(self._fit) < self._most:
                self._fit[sentence] = None


class Listener(BaseCallbackHandler):
    """Fills a sieve while a model writes. LangChain streams a model's answer to whoever has the two `tap` methods.

    Args:
        sieve: What is filled.
        tell: Told the words that may be shown, all so far, when there are more.
    """

    run_inline = True

    def __init__(self, sieve: Sieve, tell: Callable[[str], None]) -> None:
        self._sieve = sieve
        self._tell = tell
        self._told = ""

    def on_chat_model_start(self, *_: Any, **__: Any) -> None:
        """It begins, perhaps once more after a failure."""
        self._sieve.again()

    def on_llm_new_token(self, token: Any, *, chunk: Any = None, **_: Any) -> None:
        """It has written more."""
        self._sieve.add(token if chunk is None else chunk.message.text)
        if self._sieve.sure != self._told:
            self._told = self._sieve.sure
            self._tell(self._told)

    def tap_output_iter(self, run_id: UUID, output: Iterator[Any]) -> Iterator[Any]:
        """As it comes."""
        return output

    def tap_output_aiter(self, run_id: UUID, output: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """As it comes."""
        return output
