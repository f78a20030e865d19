"""Several workers behind one port: what they share, and what happens when one of them, or the supervisor, ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.patience import PATIENCE_S
from tests.service.conftest import Shop, build, eventually
from tests.service.programs import Service, is_alive, modiste, refuses_connections, serving

pytestmark = pytest.mark.slow

WORKERS = 2


def has_logged(service: Service, part: str) -> Callable[[], bool]:
    return lambda: any(part in line["message"] for line in list(service.lines))


@pytest.fixture(scope="module")
def service(shop: Shop) -> Iterator[Service]:
    """Two workers for the tests that leave them as they are."""
    with serving(shop, "--workers", "1", processes=2) as service:
        yield service


def test_all_workers_give_the_same_answers(service: Service) -> None:
    answers = [service.search().json() for _ in range(20)]
    assert all(answer["results"] == answers[0]["results"] for answer in answers)


def test_both_workers_get_connections(service: Service) -> None:
    def connections() -> set[int]:
        """The workers that have an established connection of the service's port."""
        port = f":{int(service.url.rpartition(':')[2]):04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        established = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(port) and row[3] == "01"}
        return {
            pid
            for pid in service.workers
            for file in Path(f"/proc/{pid}/fd").iterdir()
            if os.path.islink(file) and os.readlink(file) in established
        }

    with ExitStack() as clients:
        for _ in range(64):  # One worker gets all of them once in 2^63.
            client = clients.enter_context(httpx.Client(base_url=service.url, timeout=PATIENCE_S, trust_env=False))
            assert client.get("/health/live").status_code == 200
        assert connections() == service.workers


def test_the_vectors_of_a_generation_are_in_memory_once(service: Service) -> None:
    for pid in service.workers:
        mappings = Path(f"/proc/{pid}/smaps").read_text().split("\n")
        starts = [at for at, line in enumerate(mappings) if line.endswith("/vectors.f16")]
        assert starts, f"worker {pid} does not map the vectors"
        for start in starts:
            pages = dict(line.split(":", 1) for line in mappings[start + 1 : start + 20] if ":" in line)
            # Pages that a worker has not changed are the file's, which the system holds once.
            assert pages["Private_Dirty"].split() == ["0", "kB"]
            assert pages["Anonymous"].split() == ["0", "kB"]


def test_metrics_add_up_over_the_workers(service: Service) -> None:
    def counted() -> int:
        found = re.search(r'modiste_requests_total\{[^}]*route="/search"[^}]*\} (\d+)', service.get("/metrics").text)
        return int(found[1]) if found else 0

    before = 0

    def settled() -> bool:
        nonlocal before
        earlier, before = before, counted()
        return earlier == before

    eventually(settled, "the searches of other tests are counted")
    for _ in range(30):
        assert service.search().status_code == 200
    eventually(lambda: counted() == before + 30, "all searches are counted")


def test_a_killed_worker_is_replaced_and_the_others_answer_meanwhile(shop: Shop) -> None:
    with serving(shop, processes=2) as service:
        victim, other = sorted(service.workers)
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: not is_alive(victim), "it is dead")
        assert [service.search(f"red {number}").status_code for number in range(20)] == [200] * 20
        eventually(lambda: service.all_serve(), "another worker serves")
        assert other in service.workers
        eventually(has_logged(service, f"Worker {victim} ended with exit code -9 and is replaced."), "it is logged")


def test_workers_killed_at_once_and_in_turn_are_all_replaced(shop: Shop) -> None:
    with serving(shop, processes=2) as service:
        victims = service.workers
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        eventually(lambda: service.all_serve() and not victims & service.workers, "others serve")
        for _ in range(2):
            victim = min(service.workers)
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: victim not in service.workers, "it is dead")  # noqa: B023
        eventually(lambda: service.all_serve(), "others serve")


@pytest.mark.slow
def test_a_stopped_worker_is_killed_and_replaced(shop: Shop) -> None:
    with serving(shop, processes=2) as service:
        victim = min(service.workers)
        os.kill(victim, signal.SIGSTOP)
        eventually(lambda: not is_alive(victim), "it is killed")
        eventually(lambda: service.all_serve(), "another worker serves")
        eventually(has_logged(service, f"Worker {victim} ended"), "it is logged")
        assert sum(f"Worker {victim} has not reported" in line["message"] for line in list(service.lines)) == 1


def test_a_worker_that_restarts_without_a_generation_does_not_listen(own_shop: Shop, tmp_path: Path) -> None:
    with serving(own_shop, processes=2, TMPDIR=str(tmp_path)) as service:
        shutil.rmtree(next(tmp_path.glob("modiste-*")))  # As a cleaner of temporary folders does.
        for folder in (own_shop.index_root / "generations").iterdir():
            (folder / "manifest.json").rename(folder / "hidden")
        victim, other = sorted(service.workers)
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: len(service.workers - {victim}) == WORKERS, "another worker starts")
        eventually(has_logged(service, "is refused"), "it has found no generation")
        assert [service.search(f"red {number}").status_code for number in range(20)] == [200] * 20
        for folder in (own_shop.index_root / "generations").iterdir():
            (folder / "hidden").rename(folder / "manifest.json")
        eventually(lambda: service.all_serve(), "it serves once there is one")
        assert other in service.workers


def test_a_bundle_that_disappears_while_it_is_served_stops_only_new_workers(own_shop: Shop, tmp_path: Path) -> None:
    bundle, away = tmp_path / "bundle", tmp_path / "away"
    shutil.copytree(own_shop.bundle, bundle)
    with serving(own_shop._replace(bundle=bundle), processes=2) as service:
        bundle.rename(away)
        os.kill(min(service.workers), signal.SIGKILL)
        eventually(has_logged(service, "is not a bundle"), "the next worker cannot load it")
        assert [service.search(f"red {number}").status_code for number in range(20)] == [200] * 20
        away.rename(bundle)
        eventually(lambda: service.all_serve(), "both serve again")


def test_every_worker_follows_a_new_generation(own_shop: Shop) -> None:
    with serving(own_shop, processes=2) as service:
        published = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
        eventually(lambda: service.generations == {published: WORKERS}, "both serve the new generation")
        assert {service.search(f"red {number}").json()["generation"] for number in range(20)} == {published}


def test_sigterm_lets_every_worker_finish_its_requests(shop: Shop) -> None:
    half_sent, go_on = threading.Semaphore(0), threading.Event()

    def body() -> Iterator[bytes]:
        yield b'{"text": "re'
        half_sent.release()
        go_on.wait(PATIENCE_S)
        yield b'd"}'

    def search(url: str) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return httpx.post(f"{url}/search", content=body(), headers=headers, timeout=PATIENCE_S, trust_env=False)

    clients = 8
    with ThreadPoolExecutor(clients) as pool, serving(shop, processes=2, MODISTE_NOTICE_S="1") as service:
        in_progress = [pool.submit(search, service.url) for _ in range(clients)]
        for _ in range(clients):
            assert half_sent.acquire(timeout=PATIENCE_S)
        service.process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(service.url), "new connections are refused")
        go_on.set()
        assert [bool(each.result().json()["results"]) for each in in_progress] == [True] * clients
        assert service.process.wait(PATIENCE_S) == 0


def test_workers_stop_with_a_killed_supervisor(shop: Shop) -> None:
    with serving(shop, processes=2) as service:
        workers = service.workers
        service.process.kill()
        eventually(lambda: not any(is_alive(pid) for pid in workers), "the workers have stopped")


def test_a_bundle_that_no_worker_can_load_ends_the_program_with_one_message(shop: Shop, tmp_path: Path) -> None:
    broken = tmp_path / "bundle"
    broken.mkdir()
    for file in shop.bundle.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / "vision.onnx").write_bytes(b"garbage")
    answer = modiste("serve", "--port", "0", "--processes", "2", "--bundle", broken, "--index-root", shop.index_root)
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("modiste: ") == 1
    assert "vision.onnx" in answer.stderr
