"""The cache key of an answer. It is made here and nowhere else."""

from __future__ import annotations

import dataclasses
from typing import Any

from service.cache.keys import cache_key
from service.search.query import Query
from service.search.uploads import Picture
from service.search.words.stated import Stated


def answer_key(
    query: Query,
    picture: Picture | None,
    stated: Stated | None,
    *,
    generation: str,
    bundle: str,
    expect_words: bool,
    understood_by: str,
) -> str:
    """The key under which the outcome of ``query`` is cached.

    It covers every field of ``Query``, so a new field is part of the key without a change here. Four fields are
    replaced by an equal form, so that requests that mean the same share an answer: the picture by its digest, excluded
    products by their sorted ids, and the stated words by the known words that they stand for.

    The precision of the graphs is not part of the key: replicas of one bundle share answers whatever their processors.

    Args:
        picture: What ``query.picture`` was decoded to.
        stated: What ``query.prefer``, ``query.avoid`` and ``query.style`` mean.
        generation: Id and digest of the generation that is searched. Shops with one Redis may build in one second, and
            then share an id.
        bundle: Fingerprint of the bundle.
        expect_words: Whether expected words take part in the ranking.
        understood_by: Digest of the word lists by which texts are understood; empty where they are not.
    """
    fields: dict[str, Any] = {field.name: getattr(query, field.name) for field in dataclasses.fields(query)}
    fields["picture"] = picture and picture.digest
    fields["exclude"] = sorted(query.exclude)
    fields["prefer"] = stated and stated.preferred
    fields["avoid"] = stated and stated.avoided
    fields["style"] = stated and stated.style
    return cache_key(
        "answer",
        generation=generation,
        bundle=bundle,
        expect_words=expect_words,
        understood_by=understood_by,
        query=fields,
    )
