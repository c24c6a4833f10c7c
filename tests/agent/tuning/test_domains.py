from __future__ import annotations

import numpy as np
import pytest

from chatrec.agent.tuning._domains import Domain, domains, make_catalog


def test_there_are_many_domains_in_two_languages_and_none_is_on_both_sides() -> None:
    train, dev = domains("train"), domains("dev")
    assert len(train) >= 40
    assert len(dev) == 8
    assert {d.language for d in train} == {d.language for d in dev} == {"en", "zh"}
    assert not {d.name for d in train} & {d.name for d in dev}
    assert not {d.one for d in train if d.language == "en"} & {d.one for d in dev}


def test_nothing_that_is_kept_for_measuring_is_trained_on() -> None:
    words = " ".join(f"{d.name} {d.one} {d.many}" for d in domains("train") + domains("dev")).casefold()
    assert not any(word in words for word in ("film", "movie", "cinema", "电影"))


@pytest.mark.parametrize("domain", domains("train") + domains("dev"), ids=lambda domain: str(domain.name))
def test_a_catalog_holds_what_its_domain_says(domain: Domain) -> None:
    named, catalog = make_catalog(domain, np.random.default_rng(3))
    assert 30 <= len(catalog) <= 800
    assert len({item.title for item in catalog.items}) == len(catalog)
    assert set(catalog.facets) == {column.name for column in named.columns}
    assert len(named.columns) >= 3
    for column in named.columns:
        facet = catalog.facets[column.name]
        assert facet.kind == column.kind
        if column.kind == "number":
            assert facet.low is not None
            assert facet.high is not None
            assert column.low <= facet.low <= facet.high <= column.high
        elif column.values:
            assert set(facet.values) <= set(column.values)


def test_people_have_words_and_sentences_for_the_values_that_do_not_name_them() -> None:
    for language, least in (("en", 3000), ("zh", 1500)):
        told = [column for d in domains("train") if d.language == language for column in d.columns]
        assert sum(len(said) for c in told for said in (*c.ways.values(), *c.clauses.values())) >= least
        for column in told:
            values = {*column.values, *(("true", "false") if column.kind == "boolean" else ())}
            assert {*column.ways, *column.clauses} <= values, column.name
            for value, clauses in column.clauses.items():
                assert not any(f" {value} " in f" {clause} " for clause in clauses if len(value) > 1), (value, clauses)


def test_the_same_seed_gives_the_same_catalog_and_another_seed_another() -> None:
    domain = domains("train")[0]
    one, same, other = (make_catalog(domain, np.random.default_rng(seed))[1] for seed in (1, 1, 2))
    assert one.items == same.items
    assert one.items != other.items


def test_column_names_are_written_in_several_ways() -> None:
    domain = next(d for d in domains("train") if any("_" in c.name for c in d.columns))
    rng = np.random.default_rng(0)
    names = {name for _ in range(30) for name in make_catalog(domain, rng)[1].facets}
    assert any("_" in name for name in names)
    assert any(" " in name for name in names)
    assert any(name[0].isupper() for name in names)
