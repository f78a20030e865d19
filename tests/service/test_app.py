"""The parts of a service, put together."""

from __future__ import annotations

from threadpoolctl import threadpool_info, threadpool_limits

from service.app import create_app
from service.settings import load_settings
from tests.service.conftest import Shop


def test_numpy_multiplies_with_one_thread(shop: Shop) -> None:
    with threadpool_limits(2, user_api="blas"):
        create_app(load_settings(index_root=shop.index_root, bundle=shop.bundle, device="cpu"))
        numpy_blas = [library for library in threadpool_info() if "numpy" in library["filepath"]]
        assert [library["num_threads"] for library in numpy_blas] == [1]
