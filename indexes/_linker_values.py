"""The values of a catalog's facets as people say them, and where a sentence says one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_dictionary import Translation
from chatrec.indexes._linker_found import Found, Name
from chatrec.indexes._linker_kin import persons
from chatrec.indexes._linker_lexicon import CLASS_SUFFIXES, Entry, Lexicon
from chatrec.indexes._linker_spelling import Speller
from chatrec.indexes._linker_standing import is_class, is_each, is_letters, is_measure, is_noun, is_own, stands_alone
from chatrec.indexes._linker_text import Sentence, root, stem
from chatrec.indexes._linker_words import AND_WORDS, COMMON, FUNCTION, GLUE, HAN_FUNCTION, OR_WORDS
from chatrec.indexes._values import Facet

_KNOWN_FOR = 5
_ANSWERED = 0.8
_SIDES = ("side", "front", "shore", "view")
_LEADS = frozenset({"by", "with", "featuring", "starring", "from", "or", "and", "without", "the", "of", "no", "not"})


@dataclass(frozen=True, slots=True)
class _Match:
    start: int
    end: int
    entries: tuple[Entry, ...]
    weight: float
    surname: bool = False


class Values:
    """Finds facet values in sentences.

    Args:
        facets: All facets of the catalog.
        real: Whether a word is a real one, never a misspelling.
        called: Stems of what the items are called.
        measured: Whether a facet measures a dimension: where none does, "cold" is a value and no measure.
    """

    def __init__(
        self,
        facets: Iterable[Facet],
        real: Callable[[str], bool],
        *,
        called: Collection[str] = frozenset(),
        measured: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._called = called
        self._measured = measured
        self.lexicon = Lexicon(facets, called=called)
        self._spell = Speller(self.lexicon.words(), real)
        self._real = real

    def translate(self, said: Iterable[Translation]) -> None:
        """Add words of the other language for values of this catalog."""
        for one in said:
            self.lexicon.translate(one)
        self._spell = Speller(self.lexicon.words(), self._real)

    def covers(self, sentence: Sentence, start: int, end: int) -> bool:
        """Whether one value is said by exactly these tokens."""
        entries = self.lexicon.get(tuple(token.stem for token in sentence.tokens[start:end]))
        if end - start == 1 and sentence.tokens[start].capital and start > 0:
            entries = tuple(entry for entry in entries if not entry.name_like)
        return bool(entries)

    def touches(self, sentence: Sentence, start: int, end: int) -> list[bool]:
        """For each of these tokens that carries a meaning, whether it alone says a value (names of people aside)."""
        found: list[bool] = []
        for token in sentence.tokens[start:end]:
            if token.kind == "word" and token.norm not in FUNCTION:
                entries = self.lexicon.get((token.stem,)) or self.lexicon.derived(root(token.stem))
                found.append(any(not entry.name_like for entry in entries))
        return found

    def reaches(self, sentence: Sentence, start: int) -> int:
        """Where the longest value that begins at a token ends; the token itself if none does."""
        words = [token.stem for token in sentence.tokens[start : start + self.lexicon.longest]]
        return start + next((size for size in range(len(words), 0, -1) if self.lexicon.get(tuple(words[:size]))), 0)

    def find(self, sentence: Sentence, names: Sequence[Name], asked: str | None = None) -> list[Found]:
        """The values that the free tokens of a sentence say, their tokens marked as taken.

        Args:
            sentence: The sentence.
            names: Where facets are named.
            asked: The facet that the sentence answers a question about.
        """
        found: list[Found] = []
        people = persons(sentence, self.lexicon)
        index = 0
        while index < len(sentence):
            match = None if sentence.taken[index] else self._at(sentence, index)
            if match is not None and match.end <= people.get(index, 0):
                inner = index and people.get(index - 1) == people[index]
                match = None if inner or match.weight < 1 or match.end < people[index] else match
            made = self._judge(sentence, match, names, found, asked=asked) if match else []
            if match and made:
                found.extend(made)
                sentence.take(match.start, match.end)
                index = match.end
            else:
                index += 1
        return found

    def _at(self, sentence: Sentence, start: int) -> _Match | None:
        tokens = sentence.tokens
        limit = 0
        while start + limit < len(tokens) and limit < self.lexicon.longest and not sentence.taken[start + limit]:
            if limit and (
                tokens[start + limit].soft or (tokens[start + limit].hard and len(tokens[start + limit - 1].text) > 1)
            ):
                break
            limit += 1
        words = [token.stem for token in tokens[start : start + limit]]
        for size in range(limit, 0, -1):
            entries = self.lexicon.get(tuple(words[:size]))
            if entries:
                return _Match(start, start + size, entries, 1.0)
            if size == 2 and tokens[start + 1].gap == "-" and (entries := self.lexicon.get(("".join(words[:2]),))):
                return _Match(start, start + 2, entries, 0.95)
            if size == 2 and tokens[start].kind == "word" and (entries := self.lexicon.joined("".join(words[:2]))):
                return _Match(start, start + 2, entries, 0.95)
            if size == 1 and (entries := self.lexicon.joined(words[0])):
                return _Match(start, start + 1, entries, 0.95)
        return (
            self._respelt(sentence, start, words)
            or self._derived(sentence, start)
            or self._compound(sentence, start)
            or self._surname(sentence, start)
        )

    def _compound(self, sentence: Sentence, start: int) -> _Match | None:
        """A word made with a value: "seaside" of sea, "bookshelf" perhaps of shelf, "ebike" of electric."""
        token = sentence.tokens[start]
        word = token.stem
        led = word == "e" and start + 1 < len(sentence) and sentence.tokens[start + 1].stem in self._called
        if led or (word[:1] == "e" and word[1:] in self._called):
            entries = self.lexicon.get(("electric",)) or self.lexicon.get(("electronic",))
            return _Match(start, start + 1 + led, entries, 0.95) if entries else None
        if token.kind != "word" or len(word) < 7 or not word.isascii() or self._real(token.norm):
            return None
        for ending in _SIDES:
            entries = self.lexicon.get((word.removesuffix(ending),)) if word.endswith(ending) else ()
            if any(entry.sure >= 0.9 for entry in entries):
                return _Match(start, start + 1, entries, 0.88)
        for cut in range(3, len(word) - 3):
            entries = self.lexicon.get((word[cut:],))
            entries = tuple(entry for entry in entries if entry.sure == 1.0 and not entry.name_like)
            if entries and self._real(word[:cut]):
                return _Match(start, start + 1, entries, 0.74)
        return None

    def _respelt(self, sentence: Sentence, start: int, words: list[str]) -> _Match | None:
        for offset in range(min(len(words), 3)):
            for correction, likely in self._spell(sentence.tokens[start + offset].norm):
                for size in range(min(len(words), 4), offset, -1):
                    key = (*words[:offset], correction, *words[offset + 1 : size])
                    entries = self.lexicon.get(key) or self.lexicon.get(
                        (*key[:offset], stem(correction), *key[offset + 1 :])
                    )
                    entries = tuple(entry for entry in entries if entry.sure >= 0.9)
                    if entries:
                        return _Match(start, start + size, entries, max(likely, 0.86) if size > 1 else likely)
        return None

    def _derived(self, sentence: Sentence, start: int) -> _Match | None:
        token = sentence.tokens[start]
        origin = root(token.stem) if token.kind == "word" and token.norm not in FUNCTION else ""
        entries = self.lexicon.derived(origin) if origin else ()
        formed = token.stem.endswith(("ic", "al", "ed", "ful", "ish", "ing", "y")) or origin == token.stem
        weight = 0.88 if formed else 0.65
        return _Match(start, start + 1, entries, weight) if entries else None

    def _surname(self, sentence: Sentence, start: int) -> _Match | None:
        token = sentence.tokens[start]
        if token.kind != "word" or len(token.norm) < 2:
            return None
        pair = start + 1 < len(sentence) and sentence.tokens[start + 1].gap in {" ", "-"}
        entries = self.lexicon.surname(f"{token.norm} {sentence.tokens[start + 1].norm}") if pair else ()
        end = start + 2 if entries else start + 1
        if not entries and len(token.norm) > 2 and token.norm not in COMMON:
            entries = self.lexicon.surname(token.norm)
        if not entries or (not token.capital and end == start + 1 and self._real(token.norm)):
            return None
        led = start > 0 and sentence.tokens[start - 1].norm in _LEADS
        if not token.capital and not led and end == start + 1 and len(token.norm) < 6:
            return None
        if token.capital and end < len(sentence) and sentence.tokens[end].capital and not sentence.ends(end):
            return None
        before = sentence.tokens[start - 1] if start else None
        if before and before.capital and before.norm not in FUNCTION and not sentence.ends(start):
            return None
        count = max(entry.count for entry in entries)
        sure = count >= _KNOWN_FOR and (led or end > start + 1 or len(token.norm) >= 5)
        weight = 0.86 if sure and token.capital else 0.84 if sure else 0.78 if token.capital else 0.66
        return _Match(start, end, entries, weight, surname=True)

    def _judge(
        self, sentence: Sentence, match: _Match, names: Sequence[Name], before: Sequence[Found], *, asked: str | None
    ) -> list[Found]:
        """The facet that a value is said of, and how sure: the one that is named or asked about, or the commonest."""
        rows: list[tuple[float, int, Entry, int]] = []
        if is_each(sentence, match.start, match.end):
            return []
        named = False
        whole = {name.facet for name in names if name.own and (name.start, name.end) == (match.start, match.end)}
        for entry in match.entries:
            if entry.facet in whole and entry.sure < 1:  # 强度 is no 高强度
                continue
            near = _near(sentence, match, [name for name in names if name.facet == entry.facet and name.own])
            near = near or _enumerated(sentence, match, entry, before)
            if near is not None and not named:
                named, rows = True, []
            if named and near is None:
                continue
            score = self._score(sentence, match, entry, named)
            if not named:
                own = is_own(sentence, match.start)
                score = _in_answer(score) if entry.facet == asked else min(score, 0.5) if own else score
            if score > 0.4:
                rows.append((score, entry.count, entry, near[0] if near else match.start))
        if not rows:
            return []
        rows = [row for row in rows if row[2].facet == asked and not named] or rows
        rows.sort(key=lambda row: (-row[0], -row[1]))
        common = next((row for row in rows if row[1] > 10 * rows[0][1] and rows[0][0] - row[0] < 0.2), None)
        if common is not None and not named and common[0] >= 0.75:
            rows = [common]
        level = [row for row in rows if rows[0][0] - row[0] < 0.1]
        score, _, entry, start = rows[0]
        if len({row[2].facet for row in level}) > 1:
            return self._ambiguous(match, level)
        literal = [row for row in level if row[2].value == sentence.span(match.start, match.end)]
        if literal and entry.facet in self.lexicon.free:
            level = literal
        values = tuple(dict.fromkeys(row[2].value for row in level))
        if 1 < len(values) <= 3 and not match.surname:
            # Spellings of one value ("Sport", "Sports"): whoever says one means them all.
            made = _found(match, entry, min(score, 0.97), start)
            return [replace(made, constraint=Constraint(entry.facet, "any", values))]
        return self._ambiguous(match, level) if len(values) > 1 else [_found(match, entry, min(score, 0.97), start)]

    @staticmethod
    def _ambiguous(match: _Match, rows: Sequence[tuple[float, int, Entry, int]]) -> list[Found]:
        total = sum(row[1] for row in rows[:3])
        made: list[Found] = []
        for rank, (score, count, entry, start) in enumerate(rows[:3]):
            share = count / total
            level = 0.76 if share >= 0.8 else 0.6 if rank == 0 and share > 0.5 else 0.45
            made.append(_found(match, entry, min(score, level), start))
        return made

    def _score(self, sentence: Sentence, match: _Match, entry: Entry, named: bool) -> float:
        tokens = sentence.tokens[match.start : match.end]
        first = tokens[0]
        base = 0.92 * match.weight * entry.sure
        if named:
            return max(0.8, min(0.97, base + 0.1)) if entry.sure >= 0.7 else base + 0.12
        if match.surname:
            return base
        if len(tokens) > 1 and first.kind != "han":
            ordinary = all(token.norm in FUNCTION for token in tokens)
            unlikely = entry.name_like and not any(t.capital or not self._real(t.norm) for t in tokens)
            return base * (0.3 if ordinary else 0.55 if unlikely else 1)
        if len(tokens) > 1:
            return base * (0.3 if all(token.norm in HAN_FUNCTION for token in tokens) else 1)
        if first.kind == "han":
            short = len(entry.value) == 2 and entry.value[0] == first.text and entry.value[1] in CLASS_SUFFIXES
            alone = stands_alone(sentence, match.start) and (not short or is_class(sentence, match.end))
            return base * (0.2 if first.norm in HAN_FUNCTION else 0.98 if alone else 0.72)
        return base * self._plainness(sentence, match, entry)

    def _plainness(self, sentence: Sentence, match: _Match, entry: Entry) -> float:  # noqa: PLR0911
        """How much of its score a value of one word keeps: common words and mere letters keep less."""
        token = sentence.tokens[match.start]
        if token.kind == "number":
            return 0.1
        exact = token.text == entry.value
        if token.norm in FUNCTION:
            return 0.95 if is_noun(sentence, match.start) else 0.15
        if len(token.norm) <= 2:
            exact = (exact and token.text.isupper()) or is_letters(sentence, match.start, entry.value)
            return 0.85 if exact and len(token.norm) == 2 else 0.6 if exact and match.start > 0 else 0.1
        if is_measure(sentence, match.start, self._measured):
            return 0.75
        proper = entry.value[:1].isupper() and not entry.name_like
        lifted = token.capital and match.start > 0
        if token.norm in COMMON:
            if entry.facet_size > 300 or entry.name_like:
                return 0.6 if lifted else 0.25
            return 0.98 if exact else 0.95 if entry.value == "true" else 0.85
        if entry.name_like and not token.capital:
            return 0.55 if not self._real(token.norm) else 0.4
        return 1.0 if exact or not proper else 0.95


def _in_answer(score: float) -> float:
    """How sure words are a value of what was asked about; what is hardly one at all stays so."""
    return max(score, _ANSWERED) if score > 0.4 else score


def _found(match: _Match, entry: Entry, score: float, named: int) -> Found:
    constraint = Constraint(entry.facet, "any", (entry.value,))
    return Found(constraint, match.start, match.end, round(score, 3), kind="value", named=named)


def _near(sentence: Sentence, match: _Match, names: Sequence[Name]) -> tuple[int, int] | None:
    """Whether a facet is named right before or after a value, and where the name begins."""
    for name in names:
        if name.end <= match.start and match.start - name.end <= 3:
            between = sentence.tokens[name.end : match.start]
            gaps = sentence.tokens[name.end : match.start + 1]
            if all(t.norm in GLUE for t in between) and not any(t.hard and ":" not in t.gap for t in gaps):
                return name.start, name.end
        elif name.start >= match.end and name.start - match.end <= 2:
            between = sentence.tokens[match.end : name.start]
            linked = all(t.norm in {"in", "the", "as", "of", "for", "的"} for t in between)
            if linked and not any(sentence.ends(n) for n in range(match.end, name.start + 1)):
                return match.start, name.end
    return None


def _enumerated(sentence: Sentence, match: _Match, entry: Entry, before: Sequence[Found]) -> tuple[int, int] | None:
    """Whether a value continues an enumeration of the same facet: in "size M or L", L is a size too."""
    if not before or before[-1].constraint.facet != entry.facet or before[-1].score < 0.75:
        return None
    between = sentence.tokens[before[-1].end : match.start]
    joined = bool(between) or sentence.tokens[match.start].gap.strip() in {",", "/", "、", "，"}
    if (
        joined
        and len(between) <= 2
        and all(t.norm in AND_WORDS | OR_WORDS | {"a", "an", "the", "者", "in"} for t in between)
    ):
        return match.start, match.end
    return None
