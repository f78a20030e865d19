"""Graphs in batches: neither the other rows nor the padding changes a result."""

from __future__ import annotations

import numpy as np
import pytest

from models.bundle import SHIPPED_BUNDLE, Bundle, VisionOutput
from service.search.encoding import BUCKETS, Encoding, EncodingInput


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle(SHIPPED_BUNDLE, device="cpu", threads=1)


def pictures(bundle: Bundle, count: int) -> list[np.ndarray]:
    images = bundle.manifest.images
    shape = (count, images.height, images.width, 3)
    return list(np.random.default_rng(count).integers(0, 256, shape, dtype=np.uint8))


@pytest.mark.parametrize("count", [1, 5, 7])
def test_a_batch_gives_every_input_the_vector_that_it_gets_alone(bundle: Bundle, count: int) -> None:
    encoding = Encoding(bundle, 16)
    shown = pictures(bundle, count)
    seen = encoding.vision(shown)
    inputs = [
        EncodingInput(one.features, f"in {colour}")
        for one, colour in zip(seen, ("red", "blue", "teal", "pink") * 2, strict=False)
    ]
    texts = [EncodingInput(None, one.text) for one in inputs]
    assert len(seen) == count
    for number, (one, composed, text) in enumerate(
        zip(seen, encoding.query(inputs), encoding.text(texts), strict=True)
    ):
        (alone,) = encoding.vision([shown[number]])
        assert (one.embedding @ alone.embedding.T).item() > 0.9999
        assert (composed.vector @ encoding.query([inputs[number]])[0].vector.T).item() > 0.9999
        assert (text.vector @ encoding.text([texts[number]])[0].vector.T).item() > 0.9999


def test_graphs_run_only_with_batch_sizes_that_were_warmed(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    vision = bundle.vision

    def counted(pixels: np.ndarray) -> VisionOutput:
        sizes.append(len(pixels))
        return vision(pixels)

    monkeypatch.setattr(bundle, "vision", counted)
    encoding = Encoding(bundle, 16)
    encoding.warm()
    warmed = set(sizes)
    assert warmed == {bucket for bucket in BUCKETS if bucket <= 16}
    sizes.clear()
    for count in range(1, 17):
        encoding.vision(pictures(bundle, count))
    assert set(sizes) == warmed


def test_padding_is_at_most_a_quarter_of_a_batch() -> None:
    previous = 0
    for bucket in BUCKETS:
        assert bucket <= (previous + 1) * 4 / 3
        previous = bucket


def test_every_input_reports_whether_its_own_text_was_truncated(bundle: Bundle) -> None:
    encoded = Encoding(bundle, 16).text([EncodingInput(None, text) for text in ("red", "red " * 300, "blue")])
    assert [one.truncated for one in encoded] == [False, True, False]
