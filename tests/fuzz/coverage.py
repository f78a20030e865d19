"""Fuzzes one target by coverage (atheris, which is libFuzzer): ``python -m tests.fuzz.coverage TARGET FOLDER SECONDS``.

An unexpected exception, an input that takes longer than ``HANG_S`` and memory above ``MAX_MIB`` end the process with a
code other than 0. The input is then in ``FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["catalog", "models.bundle", "indexer.generations", "service.http.body", "h11"]
):
    from tests.fuzz.corpora import corpus
    from tests.fuzz.targets import TARGETS

HANG_S, MAX_MIB, MAX_BYTES = 20, 2048, 64 * 1024


def main() -> None:
    """Run libFuzzer; it ends the process."""
    name, folder, seconds = sys.argv[1:]
    seeds = Path(folder) / "corpus"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(corpus(name)):
        (seeds / str(number)).write_bytes(data)
    options = {
        "max_total_time": seconds, "timeout": HANG_S, "rss_limit_mb": MAX_MIB, "max_len": MAX_BYTES,
        "artifact_prefix": f"{folder}/", "print_final_stats": 1,
    }  # fmt: skip
    atheris.Setup(
        [sys.argv[0], *(f"-{option}={value}" for option, value in options.items()), str(seeds)], TARGETS[name]
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
