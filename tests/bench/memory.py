"""How memory of ``modiste index`` grows with a catalogue: ``python -m tests.bench.memory --rows 20000 --rows 40000``.

Catalogues of several sizes are built, each in a process of its own. Printed are the peaks of resident memory (with
mapped files) and of anonymous memory, the processor time, and the growth of each from the smallest catalogue to the
largest, for each product. Pictures are a few small ones that products share. Distinct pictures would take about 45
bytes of a table of digests each, and the record of each file, in addition.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from PIL import Image

from tests.bench.reading import FILES, write

_PEAK = """
import resource, sys, threading
from pathlib import Path
from service.cli import main

most, ended = 0, threading.Event()

def watch():
    global most
    while not ended.wait(0.05):
        lines = Path("/proc/self/status").read_text().splitlines()
        most = max(most, *(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")))

threading.Thread(target=watch, daemon=True).start()
try:
    sys.argv = ["modiste", *sys.argv[1:]]
    main()
finally:
    ended.set()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print("USED", used.ru_maxrss, most, used.ru_utime + used.ru_stime)
"""


class Used(NamedTuple):
    """What one command took."""

    resident: float
    """Peak in MB, with the files that are mapped."""
    anonymous: float
    """Peak in MB, without them, looked at 20 times a second."""
    seconds: float
    """Processor time."""


def used_by(*arguments: str) -> Used:
    """Run ``modiste`` in a process of its own."""
    command = [sys.executable, "-c", _PEAK, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise typer.BadParameter(done.stderr[-2000:])
    resident, anonymous, seconds = map(float, done.stdout.rsplit("USED", 1)[1].split())
    return Used(resident / 1024, anonymous / 1024, seconds)


def measure(folder: Path, rows: int, pictures: int) -> dict[str, Used]:
    """What each command took."""
    table = write(folder, rows, pictures)
    for number in range(FILES):
        content = io.BytesIO()
        colours = np.random.default_rng(number).integers(0, 255, (4, 4, 3)).astype(np.uint8)
        Image.fromarray(colours).resize((64, 64)).save(content, "JPEG")
        (folder / "images" / f"{number}.jpg").write_bytes(content.getvalue())
    root = str(folder / "index")
    build = ("index", "build", "--catalog", str(table), "--index-root", root)
    changes = folder / "changes.csv"
    changes.write_text("id,price\n" + "".join(f"P-{row},9.90\n" for row in range(0, rows, 100)))
    return {
        "inspect": used_by("index", "inspect", str(table), "--no-write"),
        "build": used_by(*build),
        "build again": used_by(*build),
        "update": used_by("index", "update", str(changes), "--index-root", root),
        "report": used_by("index", "report", "--index-root", root, "--output", str(folder / "report.html")),
    }


def main(
    rows: Annotated[list[int], typer.Option(help="Products; at least two numbers.")],
    pictures: Annotated[int, typer.Option(help="Of each product.")] = 3,
) -> None:
    """Print what commands took, and its growth for each product."""
    if len(set(rows)) < 2:
        raise typer.BadParameter("the growth needs at least two numbers", param_hint="--rows")
    found = []
    for count in sorted(rows):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(Path(folder), count, pictures))
    for name in found[0]:
        for what, unit, scale in (("resident", "MB", 2**20), ("anonymous", "MB", 2**20), ("seconds", "s ", 1e6)):
            took = [getattr(one[name], what) for one in found]
            grown = (took[-1] - took[0]) * scale / (max(rows) - min(rows))
            each = "bytes" if unit == "MB" else "microseconds"
            typer.echo(
                f"{name:12} {what:10} {'  '.join(f'{one:7.1f} {unit}' for one in took)}  {grown:6.0f} {each} a product"
            )


if __name__ == "__main__":
    typer.run(main)
