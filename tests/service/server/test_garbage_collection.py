"""Objects that the garbage collector does not visit."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from service.server.garbage_collection import permanent_objects


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    """Otherwise the garbage of earlier tests would never be collected."""
    yield
    gc.unfreeze()


def visited(wanted: object) -> bool:
    """Whether collections visit an object."""
    return any(one is wanted for one in gc.get_objects())


def test_permanent_objects_are_not_visited_and_later_ones_are() -> None:
    with permanent_objects():
        permanent: list[object] = []
        assert not gc.isenabled()
    later: list[object] = []
    assert not visited(permanent)
    assert visited(later)
    assert gc.isenabled()


def test_collection_continues_if_the_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), permanent_objects():
        raise ZeroDivisionError
    assert gc.isenabled()
