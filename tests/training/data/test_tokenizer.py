from pathlib import Path

import open_clip
import pytest

from models.bundle import TextSettings, Tokenizer
from models.training.data.tokenizer import END, PAD, START, UNKNOWN, clip_tokenizer, train_tokenizer

TITLES = ["Navy striped long-sleeved midi dress", "Red shoes", "Men's blue T-shirt", "the same but in red"] * 5


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train_tokenizer(TITLES, 500).save(str(path))
    return Tokenizer(path, TextSettings(length=16))


def test_texts_are_framed_padded_and_end_on_the_highest_id(own: Tokenizer) -> None:
    tokenizer = train_tokenizer(TITLES, 500)
    ids, truncated = own.encode(["red shoes"])
    last = tokenizer.get_vocab_size() - 1
    assert tokenizer.token_to_id(PAD) == 0
    assert tokenizer.token_to_id(END) == last
    assert ids[0, 0] == tokenizer.token_to_id(START)
    assert ids[0].max() == last
    assert ids.shape == (1, 16)
    assert truncated == [False]


def test_case_and_accents_do_not_matter(own: Tokenizer) -> None:
    ids, _ = own.encode(["Réd SHOES", "red shoes"])
    assert (ids[0] == ids[1]).all()


def test_a_word_never_seen_is_spelled_from_its_pieces(own: Tokenizer) -> None:
    unknown = train_tokenizer(TITLES, 500).token_to_id(UNKNOWN)
    ids, _ = own.encode(["reddish", "☃"])
    assert unknown not in ids[0]
    assert unknown in ids[1]


def test_clips_tokenizer_gives_the_ids_of_open_clip(tmp_path: Path) -> None:
    clip_tokenizer().save(str(tmp_path / "tokenizer.json"))
    ours = Tokenizer(tmp_path / "tokenizer.json", TextSettings(length=77))
    texts = [
        "a photo of a red dress",
        "Is it available in NAVY-blue, size 42?",
        "it's   the same;  but   longer!!",
        "",
        "café crème",
        "no print & without logo's",
        "word " * 100,
    ]
    ids, truncated = ours.encode(texts)
    assert ids.tolist() == open_clip.tokenize(texts).tolist()
    assert truncated == [False] * 6 + [True]
