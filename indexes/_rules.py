"""The owner's rules: what is put forward, held back, never shown, or shown only under a condition.

```toml
in_stock = "stock>0"                     # items that fail it are not shown

[age_limit]                              # items whose number is above the person's age are not shown
facet = "from_age"
age = 12                                 # of whoever asks, where the app does not know it

[[boost]]                                # also [[bury]]
where = ["season=summer", "price<50"]    # every condition holds; the notation of constraints
by = 0.5                                 # of a score; words and meaning together can reach 1.8
name = "Summer sale"                     # said in the reason

[[never]]
where = "brand=Acme"

[[only_if]]                              # items of `where` are shown only to those who ask for `asked`
where = "kind=Fireworks"
asked = "kind=Fireworks"                 # by default the same as `where`
```
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import ConstraintError, RulesError
from chatrec.indexes._constraints import Constraint

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["AgeLimit", "Rule", "Rules"]

Mask = NDArray[np.bool_]

MOST: Final = 2.0
"""The most that a rule adds to a score or takes from it."""
_KINDS: Final = ("boost", "bury", "never", "only_if")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule on the items that satisfy every condition.

    Attributes:
        kind: `boost`, `bury`, `never`, `only_if` or `in_stock`.
        where: The conditions.
        by: What `boost` adds and `bury` takes, above 0 and at most 2.
        asked: What must be asked for, of `only_if`.
        name: What the owner calls it, or "".
    """

    kind: str
    where: tuple[Constraint, ...]
    by: float = 0.5
    asked: tuple[Constraint, ...] = ()
    name: str = ""

    @property
    def told(self) -> str:
        """The rule's name, or what it says."""
        return self.name or f"{self.kind} {' and '.join(str(each) for each in self.where)}"


@dataclass(frozen=True, slots=True)
class AgeLimit:
    """Items are for people of at least so many years.

    Attributes:
        facet: The number facet that says from which age on.
        age: Of a person whose age is not known, in years.
    """

    facet: str
    age: float


@dataclass(frozen=True, slots=True)
class Rules:
    """The owner's rules for one catalog.

    Attributes:
        rules: In the order of the file.
        age_limit: Or None.
    """

    rules: tuple[Rule, ...] = ()
    age_limit: AgeLimit | None = None
    _masks: dict[int, Mask] = field(default_factory=dict[int, Mask], compare=False, repr=False)

    @classmethod
    def load(cls, path: str | PathLike[str], catalog: Catalog) -> Rules:
        """Read a TOML file.

        Raises:
            RulesError: The file cannot be read, or a rule is not understood: an unknown facet, value or key.
        """
        try:
            told = tomllib.loads(Path(path).read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise RulesError(f"the rules {str(path)!r} cannot be read: {error}", hint="write them as TOML") from error
        return cls.of(told, catalog)

    @classmethod
    def of(cls, told: Mapping[str, Any], catalog: Catalog) -> Rules:
        """From what a rules file says.

        Raises:
            RulesError: As for `load`.
        """
        _known(told, (*_KINDS, "age_limit", "in_stock"), "the rules")
        rules = [_rule(kind, each, catalog) for kind in _KINDS for each in _tables(kind, told.get(kind, []))]
        if "in_stock" in told:
            rules.append(Rule("in_stock", _conditions("in_stock", told["in_stock"], catalog)))
        return cls(tuple(rules), _age_limit(told["age_limit"], catalog) if "age_limit" in told else None)

    def shut(self, catalog: Catalog, asked: Sequence[Constraint], age: float | None = None) -> dict[str, Mask]:
        """Which items may not be shown, by the rule that says so, each of shape (n,).

        Args:
            catalog: The items.
            asked: What the person asks for now, or always.
            age: Of the person, in years; None where it is not known.
        """
        out: dict[str, Mask] = {}
        for place, rule in enumerate(self.rules):
            if rule.kind == "never" or (rule.kind == "only_if" and not _asked_for(rule, asked)):
                out[rule.told] = self._mask(place, catalog)
            elif rule.kind == "in_stock":
                out[rule.told] = ~self._mask(place, catalog)
        if self.age_limit is not None:
            limit = self.age_limit.age if age is None else age
            out[f"{self.age_limit.facet}>{limit:g}"] = catalog.column(self.age_limit.facet) > limit
        return out

    def moved(self, catalog: Catalog) -> dict[str, NDArray[np.float32]]:
        """What boosting and burying add to every score, by rule, each of shape (n,)."""
        return {
            rule.told: np.float32(rule.by if rule.kind == "boost" else -rule.by) * self._mask(place, catalog)
            for place, rule in enumerate(self.rules)
            if rule.kind in {"boost", "bury"}
        }

    def _mask(self, place: int, catalog: Catalog) -> Mask:
        if place not in self._masks:
            self._masks[place] = catalog.mask(self.rules[place].where)
        return self._masks[place]


def _rule(kind: str, told: Mapping[str, Any], catalog: Catalog) -> Rule:
    extra = {"boost": ("by",), "bury": ("by",), "only_if": ("asked",)}.get(kind, ())
    _known(told, ("where", "name", *extra), f"a {kind} rule")
    where = _conditions(kind, told.get("where"), catalog)
    by = told.get("by", 0.5)
    if not isinstance(by, int | float) or isinstance(by, bool) or not 0 < by <= MOST:
        raise RulesError(f"by = {by!r} in a {kind} rule", hint=f"give a number above 0 and at most {MOST:g}")
    name = told.get("name", "")
    if not isinstance(name, str):
        raise RulesError(f"name = {name!r} in a {kind} rule", hint="give it in quotes")
    asked = _conditions(kind, told["asked"], catalog) if "asked" in told else where if kind == "only_if" else ()
    return Rule(kind, where, float(by), asked, name)


def _age_limit(told: Any, catalog: Catalog) -> AgeLimit:
    if not isinstance(told, Mapping):
        raise RulesError(f"age_limit = {told!r}", hint="write it as a table with facet and age")
    _known(told, ("facet", "age"), "age_limit")
    facet, age = told.get("facet"), told.get("age")
    numbers = [each.name for each in catalog.facets.values() if each.kind == "number"]
    if facet not in numbers:
        raise RulesError(f"age_limit has no number facet {facet!r}", hint=_nearest(str(facet), numbers))
    if not isinstance(age, int | float) or isinstance(age, bool) or age < 0:
        raise RulesError(f"age = {age!r} in age_limit", hint="give the years of a person whose age is not known")
    return AgeLimit(facet, float(age))


def _conditions(kind: str, told: Any, catalog: Catalog) -> tuple[Constraint, ...]:
    texts = [told] if isinstance(told, str) else told
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise RulesError(
            f"a {kind} rule has the condition {told!r}", hint='write where = "facet=value", or a list of such'
        )
    return tuple(_condition(kind, text, catalog) for text in texts)


def _condition(kind: str, text: str, catalog: Catalog) -> Constraint:
    try:
        return Constraint.parse(text, catalog.facets)
    except ConstraintError as error:
        name = text.replace("!", "=").replace("<", "=").replace(">", "=").replace("~", "=").partition("=")[0].strip()
        said = text.rpartition("=")[2].strip()
        facet = next((each for each in catalog.facets.values() if each.name.casefold() == name.casefold()), None)
        hint = error.hint
        if facet is None:
            hint = _nearest(name, list(catalog.facets))
        elif facet.values and said not in facet.values:
            hint = _nearest(said, list(facet.values))
        raise RulesError(f"a {kind} rule says {text!r}: {error.args[0]}", hint=hint) from error


def _known(told: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in told:
        if key not in keys:
            raise RulesError(f"{where} cannot have {key!r}", hint=_nearest(key, keys))


def _nearest(said: str, known: Sequence[str]) -> str:
    fold = {each.casefold(): each for each in reversed(known)}
    near = [fold[each] for each in difflib.get_close_matches(said.casefold(), list(fold), n=3, cutoff=0.5)]
    return f"did you mean {' or '.join(repr(each) for each in near)}?" if near else f"there is {', '.join(known[:8])}"


def _tables(kind: str, told: Any) -> list[Mapping[str, Any]]:
    if not isinstance(told, list) or not all(isinstance(each, Mapping) for each in told):
        raise RulesError(f"{kind} = {told!r}", hint=f"write each rule as a table: [[{kind}]]")
    return told


def _asked_for(rule: Rule, asked: Sequence[Constraint]) -> bool:
    """Whether each condition is asked for: some wish on its facet accepts nothing that the condition refuses."""
    return all(any(_within(wish, wanted) for wish in asked) for wanted in rule.asked)


def _within(wish: Constraint, wanted: Constraint) -> bool:
    if wish.facet != wanted.facet or wish.op == "none":
        return False
    return wish == wanted or (wish.op in {"any", "between"} and all(wanted.accepts(value) for value in wish.values))


AgeOf = Callable[[str], float | None]
"""From a user id to the person's age in years, or None where it is not known."""
