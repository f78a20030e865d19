"""``tokenizer.json`` of a bundle: trained on the shop's words, or CLIP's."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer

PAD, UNKNOWN, START, END = "[PAD]", "[UNK]", "[START]", "[END]"


def train_tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """Byte-pair encoding of lower-cased words, without accents.

    ``[PAD]`` is 0, and ``[END]`` is the highest id, at which open_clip's text tower reads the embedding. The library
    merges pairs of equal count in an order that differs from call to call, so a run keeps its tokenizer.

    Args:
        texts: Titles, attribute values and modifications.
        size: Maximum number of ids.
    """
    tokenizer = Tokenizer(BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = BpeTrainer(
        vocab_size=size - 1, min_frequency=2, special_tokens=[PAD, UNKNOWN, START], continuing_subword_prefix="##",
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([END])
    return _framed(tokenizer, START, END)


def clip_tokenizer() -> Tokenizer:
    """CLIP's byte-pair encoding, from open_clip's merges; the ids equal those of its ``SimpleTokenizer``."""
    from open_clip.tokenizer import bytes_to_unicode, default_bpe

    with gzip.open(Path(default_bpe()), "rt", encoding="utf-8") as stream:
        lines = stream.read().split("\n")[1 : 49152 - 256 - 2 + 1]
    merges = [(left, right) for left, right in (line.split() for line in lines)]
    characters = list(bytes_to_unicode().values())
    words = [*characters, *(f"{character}</w>" for character in characters), *("".join(merge) for merge in merges)]
    start, end = "<start_of_text>", "<end_of_text>"
    vocabulary = {word: at for at, word in enumerate([*words, start, end])}
    tokenizer = Tokenizer(
        BPE(vocabulary, merges, continuing_subword_prefix="", end_of_word_suffix="</w>", fuse_unk=False)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    pattern = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([start, end])
    return _framed(tokenizer, start, end)


def _framed(tokenizer: Tokenizer, start: str, end: str) -> Tokenizer:
    tokenizer.post_processor = TemplateProcessing(
        single=f"{start} $A {end}",
        special_tokens=[(word, tokenizer.token_to_id(word)) for word in (start, end)],
    )
    return tokenizer
