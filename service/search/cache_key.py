"""The cache keys of answers and of picture features."""

from __future__ import annotations

import dataclasses
from typing import Any

from service.cache.cache import cache_key
from service.search.query import Box, Query
from service.search.uploads import Picture
from service.search.words.stated import Stated


def features_key(shop: str, digest: str, box: Box | None) -> str:
    """The key of the features of a picture, or of a part of it.

    It includes the shop, because otherwise the response time would reveal whether another shop has sent the picture.
    """
    return ":".join((shop, digest, *map(str, box or ())))


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

    It includes every field of ``Query``, so a new field needs no change here. Some fields are normalised, so that
    equivalent requests share an answer: the picture becomes its digest, excluded products become their sorted ids, and
    the stated words become words of the vocabulary.

    The precision of the graphs is not included: replicas of one bundle share answers although their processors differ.

    Args:
        picture: The decoded ``query.picture``.
        stated: The words of ``query.prefer`` and ``query.avoid``, with ``query.style``.
        generation: Id and digest of the generation. Shops that share a Redis may have generations with the same id.
        bundle: Fingerprint of the bundle.
        expect_words: Whether expected words affect the ranking.
        understood_by: Digest of the word lists that parse texts; empty if texts are not parsed.
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
