"""A generation keeps what every picture shows, in a byte a word."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from indexer.build import build_generation
from indexer.generations.generation import Generation
from indexer.generations.manifest import ATTRIBUTES_NAME, MANIFEST_NAME, SEEN_NAME, GenerationError
from indexer.generations.publication import list_generations
from indexer.ranking.attributes import AttributeColumns, AttributeWriter, corrected, quantised
from models.bundle import Bundle, decode_image
from models.bundle.manifest import MANIFEST_NAME as BUNDLE_MANIFEST_NAME
from models.datasets.attributes.words import EXCLUDED, STATED, StatedWords
from tests.indexer.conftest import QUIET
from tests.indexer.shop import write_shop
from tests.toy_bundle import WORDS, write_toy_bundle


@pytest.fixture(scope="module")
def knowing(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The toy bundle with attribute words."""
    folder = write_toy_bundle(tmp_path_factory.mktemp("bundle") / "knowing", attributes=True)
    return Bundle(folder, device="cpu", threads=1)


@pytest.fixture
def known_root(tmp_path: Path, shop: Path, knowing: Bundle) -> Path:
    build_generation(shop, knowing, tmp_path / "known", QUIET)
    return tmp_path / "known"


def folder_of(root: Path) -> Path:
    return next((root / "generations").iterdir())


def kept(path: Path, probabilities: np.ndarray) -> np.ndarray:
    """What is read of probabilities ``[N, A]`` that were written, ``[A, N]``."""
    with AttributeWriter(path, len(probabilities)) as writer:
        writer.write(quantised(probabilities.astype(np.float32)))
    words = [f"w{number}" for number in range(probabilities.shape[1])]
    return AttributeColumns(path, words, len(probabilities)).probabilities(range(len(words)))


def test_small_and_large_probabilities_are_kept_to_within_four_parts_in_a_hundred(tmp_path: Path) -> None:
    given = np.concatenate([np.geomspace(0.0004, 0.5, 500), 1 - np.geomspace(0.0004, 0.5, 500)])[:, None]
    read = kept(tmp_path / "a.u8", given)[0]
    assert np.abs(read / given[:, 0] - 1).max() < 0.04
    assert np.abs((1 - read) / (1 - given[:, 0]) - 1).max() < 0.04


def test_probabilities_of_0_and_1_are_bounded(tmp_path: Path) -> None:
    read = kept(tmp_path / "a.u8", np.array([[0.0, 1.0]]))
    assert 0 < read[0, 0] < 0.001
    assert 0.999 < read[1, 0] < 1


def test_the_order_of_probabilities_is_kept(tmp_path: Path) -> None:
    given = np.sort(np.random.default_rng(0).random(1000))[:, None]
    assert (np.diff(kept(tmp_path / "a.u8", given)[0]) >= 0).all()


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.u8"
    path.write_bytes(bytes(7))
    for words in (["one"], ["one", "two", "three", "four"]):
        with pytest.raises(ValueError, match=r"words|size|mmap"):
            AttributeColumns(path, words, 2)


def test_a_generation_has_the_vision_output_of_every_picture(known_root: Path, knowing: Bundle) -> None:
    generation = Generation.open(known_root)
    assert generation.seen is not None
    assert generation.seen.words == tuple(WORDS)
    pixels = [knowing.manifest.images.pixels(decode_image(generation.image(row))) for row in range(generation.size)]
    seen = knowing.vision(np.stack(pixels)).attributes
    assert seen is not None
    read = generation.seen.probabilities(range(len(WORDS)))
    assert np.abs(read - np.clip(seen.T, 0.0004, 0.9996)).max() < 0.01


def test_red_products_probably_show_red(known_root: Path, knowing: Bundle) -> None:
    generation = Generation.open(known_root)
    assert generation.seen is not None
    colours = np.array(generation.column("colour").to_pylist())
    red = generation.seen.probabilities([knowing.vocabulary.words.index("red")])[0]
    assert red[colours == "Red"].min() > 0.5 > red[colours != "Red"].max()


def test_words_of_unchanged_pictures_are_reused_without_the_vision_graph(
    known_root: Path, shop: Path, knowing: Bundle
) -> None:
    before = Generation.open(known_root)
    write_shop(shop, range(24))
    after = Generation.open(known_root, build_generation(shop, knowing, known_root, QUIET))
    assert (after.manifest.reused, after.manifest.encoded) == (20, 4)
    assert before.seen is not None
    assert after.seen is not None
    rows = after.rows_of([before.product(row)["id"] for row in range(before.size)])
    assert np.array_equal(after.seen.log_odds(rows), before.seen.log_odds(range(before.size)))
    assert len(after.seen.log_odds(range(after.size))) == 24


def test_words_of_the_catalogue_replace_those_of_the_picture(known_root: Path, knowing: Bundle) -> None:
    generation = Generation.open(known_root)
    assert generation.attributes is not None
    assert generation.manifest.stated == ("red", "green", "blue", "white")
    assert generation.stated.tolist() == generation.exclusive.tolist() == [True, True, True, True, False]
    colours = np.array([colour.lower() for colour in generation.column("colour").to_pylist()])
    for word, shown in zip(WORDS, generation.attributes.probabilities(range(4)), strict=False):
        np.testing.assert_allclose(shown[colours == word], STATED, atol=0.005)
        np.testing.assert_allclose(shown[colours != word], EXCLUDED, atol=0.005)
    black = knowing.vocabulary.words.index("black")
    assert generation.seen is not None
    assert np.array_equal(generation.attributes.probabilities([black]), generation.seen.probabilities([black]))


def test_other_words_keep_the_probability_of_the_picture() -> None:
    seen = quantised(np.array([[0.2, 0.3, 0.4]], np.float32))
    stated = StatedWords(np.array([[True, False, False]]), np.array([[False, True, False]]))
    assert corrected(seen, stated).tolist() == [[*quantised(np.array([STATED, EXCLUDED])), seen[0, 2]]]


def test_a_corrected_value_does_not_encode_the_picture_again(known_root: Path, shop: Path, knowing: Bundle) -> None:
    table = shop / "catalog.csv"
    table.write_text(table.read_text().replace("p0,Red shirt 0,images/0.jpg,Red", "p0,Shirt 0,images/0.jpg,Blue"))
    generation = Generation.open(known_root, build_generation(shop, knowing, known_root, QUIET))
    assert (generation.manifest.reused, generation.manifest.encoded) == (20, 0)
    assert generation.attributes is not None
    assert generation.seen is not None
    row = generation.rows_of(["p0"])
    red, blue = (list(WORDS).index(word) for word in ("red", "blue"))
    np.testing.assert_allclose(generation.attributes.of(row)[0, [red, blue]], np.array([EXCLUDED, STATED]), atol=0.005)
    assert generation.seen.of(row)[0, red] > 0.5  # Its picture is as red as before.


def test_a_catalogue_without_words_keeps_the_words_of_pictures(tmp_path: Path, shop: Path, knowing: Bundle) -> None:
    names = [f"images/{number}.jpg" for number in range(20)]
    (shop / "catalog.csv").write_text("\n".join(["id,image", *(f"p{name},{name}" for name in names)]) + "\n")
    build_generation(shop, knowing, tmp_path / "known", QUIET)
    generation = Generation.open(tmp_path / "known")
    assert generation.manifest.stated == ()
    assert not generation.stated.any()
    assert generation.seen is generation.attributes
    assert not (folder_of(tmp_path / "known") / SEEN_NAME).exists()


@pytest.mark.parametrize("name", [ATTRIBUTES_NAME, SEEN_NAME])
def test_changed_probabilities_are_found_by_their_checksum(known_root: Path, name: str) -> None:
    path = folder_of(known_root) / name
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(GenerationError, match=rf"{name} differs from its checksum"):
        Generation.open(known_root)
    assert Generation.open(known_root, verify=False).size == 20


@pytest.mark.parametrize("name", [ATTRIBUTES_NAME, SEEN_NAME])
def test_missing_probabilities_are_found(known_root: Path, name: str) -> None:
    (folder_of(known_root) / name).unlink()
    with pytest.raises(GenerationError, match=rf"has no file {name}"):
        Generation.open(known_root, verify=False)


def test_a_bundle_without_words_makes_a_generation_without_them(root: Path) -> None:
    generation = Generation.open(root)
    assert generation.attributes is None
    assert not (folder_of(root) / ATTRIBUTES_NAME).exists()


def forget(root: Path) -> None:
    """Make the generation one from before there were attributes."""
    folder = folder_of(root)
    raw = json.loads((folder / MANIFEST_NAME).read_text())
    del raw["attributes"], raw["told"], raw["valued"]
    for name in (ATTRIBUTES_NAME, SEEN_NAME):
        del raw["files"][name]
        (folder / name).unlink()
    (folder / MANIFEST_NAME).write_text(json.dumps(raw))


def test_a_generation_from_before_there_were_attributes_still_opens(known_root: Path) -> None:
    forget(known_root)
    generation = Generation.open(known_root)
    assert generation.attributes is None
    assert generation.size == 20


def test_pictures_of_a_generation_without_attributes_are_encoded_again(
    known_root: Path, shop: Path, knowing: Bundle
) -> None:
    forget(known_root)
    generation = Generation.open(known_root, build_generation(shop, knowing, known_root, QUIET))
    assert (generation.manifest.reused, generation.manifest.encoded) == (0, 20)
    assert generation.attributes is not None
    assert len(list_generations(known_root)) == 2


def test_spellings_of_an_unknown_word_are_refused(tmp_path: Path) -> None:
    folder = write_toy_bundle(tmp_path / "toy", attributes=True)
    raw = json.loads((folder / BUNDLE_MANIFEST_NAME).read_text())
    raw["spellings"]["mauve"] = ["lilac"]
    (folder / BUNDLE_MANIFEST_NAME).write_text(json.dumps(raw))
    with pytest.raises(Exception, match="spellings of 'mauve', which is not an attribute"):
        Bundle(folder, device="cpu")
