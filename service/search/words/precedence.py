"""Filters, stated words and ignored wishes override the wishes of a text."""

from __future__ import annotations

from dataclasses import replace

from service.search.query import Query
from service.search.words.vocabulary import GenerationWords
from understanding import Understood, Wish
from understanding.words.concepts import Concept


def without_stated(understood: Understood, query: Query, words: GenerationWords) -> Understood:
    """The wishes of a text without those that explicit fields of the query override."""
    filtered = {column.family for column in words.shop.columns if column.name in query.filters} - {"value"}
    bounded = {words.shop.families.get(name) for name in query.filters} & words.shop.numbers.keys()
    preferred = {concept.family for word in query.prefer for concept in words.shop.meaning(word)}
    stated = {concept for word in (*query.prefer, *query.avoid) for concept in words.shop.meaning(word)}
    ignored = {word.casefold() for word in query.ignore}

    def free(wish: Wish) -> bool:
        return not (
            wish.family in filtered
            or wish.column in query.filters
            or Concept(wish.family, wish.word) in stated
            or {wish.word.casefold(), wish.said.casefold()} & ignored
        )

    return replace(
        understood,
        wanted=tuple(wish for wish in understood.wanted if free(wish) and wish.family not in preferred),
        unwanted=tuple(wish for wish in understood.unwanted if free(wish)),
        relative=tuple(
            one for one in understood.relative if not {one.direction.casefold(), one.said.casefold()} & ignored
        ),
        constraints=tuple(
            one
            for one in understood.constraints
            if one.family not in bounded and not {one.said.casefold(), one.family} & ignored
        ),
        keep=tuple(family for family in understood.keep if family not in filtered and family not in ignored),
        different=tuple(family for family in understood.different if family not in filtered | ignored),
    )
