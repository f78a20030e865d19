"""The short part of fuzzing, the same in every run: mutations of small corpora. `make fuzz` looks further."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from tests.fuzz.corpora import corpus
from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS

MUTATIONS = 150


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_inputs_are_read_or_refused(name: str) -> None:
    target, random = TARGETS[name], np.random.default_rng(zlib.crc32(name.encode()))
    for data in corpus(name):
        target(data)
    for number in range(MUTATIONS):
        data = mutated(corpus(name)[number % len(corpus(name))], random)
        try:
            target(data)
        except Exception as error:
            error.add_note(f"Mutation {number} of {name}: {data[:2000]!r}")
            raise


@pytest.mark.parametrize("name", ["settings", "bundle", "generation", "json", "catalogue"])
@pytest.mark.parametrize("data", [b"[" * 200_000, b'{"a":' * 200_000, b"9" * 200_000, b"", b"\0" * 999, b"\xff\xfe["])
def test_deep_long_and_empty_inputs_are_refused(name: str, data: bytes) -> None:
    TARGETS[name](b"\x03" + data if name == "catalogue" else data)
