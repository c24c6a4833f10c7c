"""Is a sentence of the model fit to be shown? Nothing may be named that the catalog or the person did not name.

The checks know no domain. They look at what invention looks like in writing: quoted or capitalised names, numbers, and
the marks of lists, roles and calls; whatever of these does not stand in the given facts makes a sentence unfit.
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?]+(?=\s|$|[\"'”’)])|[。！？]+|\.(?=\S)[^.!?。！？\n]*)*[\"'”’)]?")
_ENDS = tuple(".!?。！？\"'”’)…")
_MARKS = re.compile(r"[<>{}\[\]|#*_`\\=]|\b(?:user|assistant|system|tool)\s*:", re.IGNORECASE)
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|《([^》]+)》|「([^」]+)」|(?<!\w)'([^']+)'(?!\w)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_FREE = {"i", "i'm", "i'd", "i'll", "i've", "ok"}
_LONGEST = 300
_GRAM = 4
_REPEATED = 0.5
_HAN_OR_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, stripped; pieces without letters are left out."""
    found = (match.group().strip() for match in _SENTENCE.finditer(text))
    return [sentence for sentence in found if any(char.isalpha() for char in sentence)]


def settled(text: str) -> int:
    """Up to where the sentences of a text stay as they are, whatever follows."""
    ends = [match.end() for match in _SENTENCE.finditer(text)]
    return next((end for end in reversed(ends) if end < len(text)), 0)


def is_grounded(sentence: str, facts: str, *, language: str = "en") -> bool:
    """Whether a sentence is complete, plain, in the person's language, and names nothing outside the facts.

    Args:
        sentence: One sentence.
        facts: Everything that may be named: the person's words, the tool's results, the catalog's own words.
        language: "zh" asks for Han characters; anything else asks that they do not prevail.
    """
    if not sentence.endswith(_ENDS) or len(sentence) > _LONGEST or _MARKS.search(sentence):
        return False
    han = len(_HAN.findall(sentence))
    if (language == "zh" and han == 0) or (language != "zh" and han * 3 > len(sentence)):
        return False
    folded = facts.casefold()
    quoted = [next(filter(None, groups)) for groups in _QUOTED.findall(sentence)]
    if any(part.strip(" ,.!?").casefold() not in folded for part in quoted):
        return False
    if any(not _has_number(folded, number) for number in _NUMBER.findall(sentence)):
        return False
    return all(name in folded for name in _names(sentence))


def repeats(sentence: str, told: str) -> bool:
    """Whether half or more of a sentence, in runs of four words or Chinese characters, stands in what was told before.

    Sentences below five words repeat nothing: "You are welcome!" may be said twice.
    """
    words = _HAN_OR_WORD.findall(sentence.casefold())
    if len(words) <= _GRAM:
        return False
    before = _HAN_OR_WORD.findall(told.casefold())
    known = {tuple(before[i : i + _GRAM]) for i in range(len(before) - _GRAM + 1)}
    runs = [tuple(words[i : i + _GRAM]) for i in range(len(words) - _GRAM + 1)]
    return sum(run in known for run in runs) >= _REPEATED * len(runs)


def _has_number(facts: str, number: str) -> bool:
    return re.search(rf"(?<!\d){re.escape(number)}(?!\d)", facts) is not None


def _names(sentence: str) -> list[str]:
    """Runs of capitalised words, casefolded; a sentence's first word is capitalised for that alone."""
    runs: list[list[str]] = []
    end = 0
    for match in _WORD.finditer(sentence):
        word = match.group()
        capital = word[0].isupper() and word.casefold() not in _FREE
        if capital and match.start() > 0 and sentence[: match.start()].strip(" \"'“‘("):
            if runs and runs[-1] and sentence[end : match.start()] == " ":
                runs[-1].append(word.casefold())
            else:
                runs.append([word.casefold()])
            end = match.end()
    return [" ".join(run) for run in runs]
