"""Tokenising texts, including unusual characters and lengths."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from catalog.errors import ModisteError
from models.bundle import TextSettings, Tokenizer, normalise_text
from tests.toy_bundle import LENGTH, WORDS, write_toy_bundle

RED, BLUE, UNKNOWN, PAD = 2 + list(WORDS).index("red"), 2 + list(WORDS).index("blue"), 1, 0


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_bundle(tmp_path_factory.mktemp("bundle")) / "tokenizer.json"


@pytest.fixture(scope="module")
def tokenizer(path: Path) -> Tokenizer:
    return Tokenizer(path, TextSettings(length=LENGTH))


def words(tokenizer: Tokenizer, text: str) -> list[int]:
    """The ids of a text without its padding."""
    ids, _ = tokenizer.encode([text])
    return [int(id) for id in ids[0] if id != PAD]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", ""), ("   \t\n ", ""), ("red  dress", "red dress"), (" red\u00a0dress\u3000", "red dress"),
        ("red\0dress", "red dress"), ("red\x1b[31m\x7f", "red [31m"), ("re\u200bd", "red"), ("\ufeffred", "red"),
        ("re\u00add", "red"), ("red\ud800", "red"), ("\udc00\ud800", ""), ("\u202ered\u202c", "red"),
        ("\uff52\uff45\uff44", "red"), ("\ufb01t", "fit"), ("e\u0301", "\u00e9"), ("e\u200b\u0301", "\u00e9"),
        ("\u0641\u0633\u062a \u0623\u062d\u0645\u0631", "\u0641\u0633\u062a \u0623\u062d\u0645\u0631"),
        ("\u7ea2\u8272\u7684\u8fde\u8863\u88d9", "\u7ea2\u8272\u7684\u8fde\u8863\u88d9"), ("\u2764\ufe0f", "\u2764"),
        ("<b>red</b>'; DROP TABLE", "<b>red</b>'; DROP TABLE"),
    ],
)  # fmt: skip
def test_texts_that_read_the_same_are_spelled_the_same(text: str, normal: str) -> None:
    assert normalise_text(text) == normal


def test_normalising_twice_changes_nothing_more() -> None:
    for sign in map(chr, range(0x11000)):
        once = normalise_text(f"a{sign}b")
        assert normalise_text(once) == once, f"U+{ord(sign):04X}"


def test_no_normal_text_holds_a_sign_that_cannot_be_encoded_or_seen() -> None:
    everything = normalise_text("".join(map(chr, (*range(0x20000), *range(0xE0000, 0xE1000)))))
    everything.encode()
    assert not set(everything) & set("\0\x1f\x7f\u00ad\u200b\u200e\u2066\ufe0f\U000e0041")


def test_ids_are_padded_to_the_length_of_the_bundle(tokenizer: Tokenizer) -> None:
    ids, truncated = tokenizer.encode(["red", "red blue"])
    assert ids.shape == (2, LENGTH)
    assert ids.dtype == np.int64
    assert truncated == [False, False]
    assert ids[0].tolist() == [RED] + [PAD] * (LENGTH - 1)


def test_padding_is_the_one_that_the_bundle_says(path: Path) -> None:
    ids, _ = Tokenizer(path, TextSettings(length=4, pad_id=BLUE)).encode(["red"])
    assert ids[0].tolist() == [RED, BLUE, BLUE, BLUE]


def test_no_texts_give_no_rows(tokenizer: Tokenizer) -> None:
    ids, truncated = tokenizer.encode([])
    assert ids.shape == (0, LENGTH)
    assert ids.dtype == np.int64
    assert truncated == []


def test_an_empty_text_is_all_padding(tokenizer: Tokenizer) -> None:
    ids, truncated = tokenizer.encode([""])
    assert not ids.any()
    assert truncated == [False]


@pytest.mark.parametrize(
    "text",
    ["red\0", "\ud83d red", "r\u200bed \U0001f469\u200d\U0001f467", "\u202eblue red", "\u7ea2 red", "red" + "\0" * 9],
)
def test_strange_signs_do_not_hide_the_words_around_them(tokenizer: Tokenizer, text: str) -> None:
    assert RED in words(tokenizer, text)


def test_a_text_of_just_the_length_is_not_truncated(tokenizer: Tokenizer) -> None:
    ids, truncated = tokenizer.encode([" ".join(["red"] * LENGTH), " ".join(["red"] * (LENGTH + 1))])
    assert truncated == [False, True]
    assert np.array_equal(ids[0], ids[1])


def test_spaces_at_the_end_of_a_text_are_not_missed(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(["red" + " " * 100_000])[1] == [False]


@pytest.mark.parametrize("text", ["red " * 250_000, "r" * 1_000_000, "\u200bred\0" * 200_000])
def test_a_megabyte_is_truncated_and_reported(tokenizer: Tokenizer, text: str) -> None:
    ids, truncated = tokenizer.encode([text])
    assert (ids.shape, truncated) == ((1, LENGTH), [True])


def test_a_text_means_the_same_alone_and_among_others(tokenizer: Tokenizer) -> None:
    texts = ["red", "", "a blue dress, red sleeves", "white " * 40]
    together, truncated = tokenizer.encode(texts)
    for at, text in enumerate(texts):
        ids, cut = tokenizer.encode([text])
        assert np.array_equal(ids[0], together[at])
        assert cut == truncated[at : at + 1]


def test_threads_tokenise_as_one_does(tokenizer: Tokenizer) -> None:
    texts = [" ".join(list(WORDS)[: 1 + number % 5] * (1 + number % 7)) for number in range(200)]
    expected, cut = tokenizer.encode(texts)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: tokenizer.encode([text]), texts))
    assert np.array_equal(np.concatenate([ids for ids, _ in found]), expected)
    assert [truncated[0] for _, truncated in found] == cut


@pytest.mark.parametrize("content", ["", "{}", "[]", "no JSON", '{"version": "1.0", "model": null}'])
def test_a_file_that_is_not_a_tokenizer_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(ModisteError, match="is not a tokenizer"):
        Tokenizer(tmp_path / "tokenizer.json", TextSettings(length=8))
