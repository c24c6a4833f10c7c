"""How English-speaking people talk to a recommender: sentences with slots, none of a domain."""

from __future__ import annotations

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
REFERENCES = (
    "the {ordinal} one",
    "number {n}",
    "#{n}",
    "the {ordinal}",
    "no. {n}",
    "{title}",
    "{title}",
    "option {n}",
    "{title}",
)
THIS = ("it", "this one", "that one", "this", "that")
BY_VALUE = ("the {value} one", "the one with {value}", "the {value}", "that {value} one")
BY_PIECE = ("the {piece}", "the {piece}", "the {piece} one", "that {piece} one", "{piece}")
EXTREMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "money": (
        ("the cheaper one", "the cheapest one", "the cheap one"),
        ("the pricier one", "the most expensive one", "the expensive one"),
    ),
    "time": (("the shorter one", "the shortest one"), ("the longer one", "the longest one", "the long one")),
    "length": (("the smaller one", "the smallest one"), ("the bigger one", "the biggest one", "the big one")),
    "weight": (("the lighter one", "the lightest one"), ("the heavier one", "the heaviest one", "that heavy one")),
    "year": (("the older one", "the oldest one"), ("the newer one", "the newest one")),
}
"""Words for what has the least, and for what has the most of a measure."""
FLAWS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    # unit: (too much, more please, too little, less please)
    "money": (
        ("too expensive", "more expensive", "too cheap", "cheaper"),
        ("too pricey", "pricier", "suspiciously cheap", "less expensive"),
    ),
    "time": (("too long", "longer", "too short", "shorter"),),
    "length": (("too long", "longer", "too short", "shorter"), ("too big", "bigger", "too small", "smaller")),
    "weight": (("too heavy", "heavier", "too light", "lighter"),),
    "year": (("too new", "newer", "too old", "older"), ("too modern", "more recent", "too dated", "older")),
    "other": (("with too much {label}", "with more {label}", "with too little {label}", "with less {label}"),),
}
"""Words for a number that is too high or too low, by what the number measures."""

VAGUE_NUMBERS = {
    "money": ("not too expensive", "affordable", "cheap", "something pricey", "within a small budget"),
    "time": ("not too long", "short", "a long one"),
    "length": ("not too long", "big", "small"),
    "weight": ("light", "not too heavy"),
    "year": ("recent", "an old one", "modern"),
    "other": ("with a lot of {label}", "not too much {label}"),
}
ANY_OF = ("{wish}", "{wish}", "{wish} {one}", "a {wish} one", "{wish} if possible", "must be {wish}", "really {wish}")
"""How a category value is wished for."""
WITH = (
    "with {wish}",
    "{wish}",
    "something with {wish}",
    "has {wish}",
    "{wish} would be nice",
    "about {wish}",
    "good for {wish}",
)
WITHOUT = (
    "no {wish}",
    "not {wish}",
    "without {wish}",
    "anything but {wish}",
    "I don't like {wish}",
    "nothing {wish}",
    "please no {wish}",
    "I hate {wish}",
)
LABELLED = (
    "{label} {wish}",
    "{label}: {wish}",
    "the {label} should be {wish}",
    "{wish} as {label}",
    "{label} = {wish}",
)
AT_MOST = (
    "{label} under {n}",
    "{label} at most {n}",
    "not more than {n} {label}",
    "max {n} {label}",
    "{label} below {n}",
    "up to {n} {label}",
    "less than {n} {label}",
    "{label} no more than {n}",
)
AT_LEAST = (
    "{label} at least {n}",
    "{label} over {n}",
    "more than {n} {label}",
    "min {n} {label}",
    "{label} above {n}",
    "{label} from {n} up",
    "{n} {label} or more",
)
BETWEEN = (
    "{label} between {low} and {high}",
    "{label} from {low} to {high}",
    "{low}-{high} {label}",
    "{label} {low} to {high}",
)
UNIT_AT_MOST = (
    "under {n}",
    "max {n}",
    "at most {n}",
    "not more than {n}",
    "below {n}",
    "up to {n}",
    "less than {n}",
    "{n} tops",
)
UNIT_AT_LEAST = ("over {n}", "at least {n}", "more than {n}", "min {n}", "{n} or more", "no less than {n}")
JOIN = (", ", " and ", ", ", ". ", " and also ", ", but ", " + ")
