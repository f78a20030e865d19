"""A table of digests finds what a dictionary finds."""

from __future__ import annotations

import hashlib
import random

from indexer.generations.digests import SIZE, Digests


def digest(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def test_every_digest_is_found_where_it_was_added_and_no_other() -> None:
    chance = random.Random(0)
    added: dict[bytes, int] = {}
    digests = Digests()
    for number in (chance.randrange(3000) for _ in range(6000)):
        one = digest(number)
        assert digests.add(one) is (one not in added)
        added.setdefault(one, len(added))
    assert len(digests) == len(added)
    assert all(digests.find(digest(number)) == added.get(digest(number)) for number in range(4000))


def test_the_first_of_equal_digests_is_found() -> None:
    digests = Digests(b"".join(digest(number) for number in (5, 6, 5, 7)))
    assert [digests.find(digest(number)) for number in (5, 6, 7, 8)] == [0, 1, 3, None]
    assert len(digests) == 4


def test_digests_with_the_same_beginning_are_different() -> None:
    ones = [bytes(8) + number.to_bytes(SIZE - 8) for number in range(50)]
    digests = Digests()
    assert all(digests.add(one) for one in ones)
    assert [digests.find(one) for one in ones] == list(range(50))
