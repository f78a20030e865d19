"""Several processes behind one port: what they share, and what happens to one, to all, and to the one above them."""

from __future__ import annotations

import math
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from PIL import Image

from service.observability.metrics import GATHERED_S
from service.server.workers import _keep
from tests.service.conftest import Shop, build, encoded, eventually
from tests.service.test_cli import ENVIRONMENT, ROOT, modiste, refuses_connections

PROCESSES = 2
SERVED = re.compile(r'modiste_generation_info\{[^}]*generation="([^"]+)"[^}]*\} (\d+)')


class Processes(NamedTuple):
    """``modiste serve --processes 2``."""

    parent: subprocess.Popen[str]
    url: str
    lines: list[str]

    @property
    def children(self) -> set[int]:
        """The processes that serve, or are about to."""
        tasks = Path(f"/proc/{self.parent.pid}/task").glob("*/children")
        pids = {int(pid) for children in tasks for pid in children.read_text().split()}
        return {pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}

    @property
    def served_by(self) -> dict[str, int]:
        """How many processes serve which generation, as ``/metrics`` tells."""
        return {id: int(number) for id, number in SERVED.findall(self.get("/metrics").text) if number != "0"}

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=30)

    def search(self, text: str = "red") -> httpx.Response:
        return httpx.post(f"{self.url}/search", json={"text": text}, trust_env=False, timeout=30)


@contextmanager
def serving(shop: Shop, **variables: str) -> Iterator[Processes]:
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", "--device", "cpu", "--workers", "1"]
    command += ["--processes", str(PROCESSES), "--index-root", str(shop.index_root), "--bundle", str(shop.bundle)]
    environment = {**ENVIRONMENT, "MODISTE_POLL_S": "0.1", "MODISTE_NOTICE_S": "0", **variables}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stderr is not None
        url = re.search(r"http://\S+", parent.stderr.readline())
        assert url is not None
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(parent.stderr or ()), daemon=True)
        reader.start()
        served, children = Processes(parent, url[0], lines), set[int]()
        try:
            eventually(lambda: sum(served.served_by.values()) == PROCESSES, "all processes serve", within_s=60)
            children = served.children
            yield served
            parent.terminate()
            parent.wait(20)
        finally:
            parent.kill()
            for pid in filter(alive, children):  # Of a test that failed: nobody else ends them any more.
                os.kill(pid, signal.SIGKILL)
            reader.join(5)


@pytest.fixture(scope="module")
def served(shop: Shop) -> Iterator[Processes]:
    """Two processes for the tests that leave them as they are."""
    with serving(shop) as served:
        yield served


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_they_answer_at_one_port(served: Processes) -> None:
    answers = [served.search().json() for _ in range(20)]
    assert all(answer["results"] == answers[0]["results"] for answer in answers)
    assert len(served.children) == PROCESSES


def test_a_generations_vectors_are_in_memory_once(served: Processes) -> None:
    for pid in served.children:
        mappings = Path(f"/proc/{pid}/smaps").read_text().split("\n")
        starts = [at for at, line in enumerate(mappings) if line.endswith("/vectors.f16")]
        assert starts, f"process {pid} does not map the vectors"
        for start in starts:
            pages = dict(line.split(":", 1) for line in mappings[start + 1 : start + 20] if ":" in line)
            # A page of its own would be one that it changed; all others are the file's, which the system holds once.
            assert pages["Private_Dirty"].split() == ["0", "kB"]
            assert pages["Anonymous"].split() == ["0", "kB"]


def test_metrics_are_the_sum_over_all_of_them(served: Processes) -> None:
    def counted() -> int:
        found = re.search(r'modiste_requests_total\{[^}]*route="/search"[^}]*\} (\d+)', served.get("/metrics").text)
        return int(found[1]) if found else 0

    time.sleep(5 * GATHERED_S)  # Those of the searches before.
    before = counted()
    for _ in range(30):
        served.search()
    eventually(lambda: counted() == before + 30, "each process has entered what it served")
    assert {counted() for _ in range(10)} == {before + 30}


def test_one_that_is_killed_is_replaced_and_no_other_request_is_lost(shop: Shop) -> None:
    with serving(shop) as served:
        counted = served.get("/metrics").text.count("modiste_generation_info{")
        victim, other = sorted(served.children)
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: not alive(victim), "it is dead")
        assert [served.search(f"red {at}").status_code for at in range(20)] == [200] * 20
        eventually(lambda: len(served.children) == PROCESSES, "another one is there")
        assert other in served.children
        eventually(lambda: sum(served.served_by.values()) == PROCESSES, "the new one serves", within_s=60)
        assert served.get("/metrics").text.count("modiste_generation_info{") == counted
        eventually(lambda: any("another takes its place" in line for line in served.lines), "the log tells")


def test_all_that_are_killed_at_once_are_replaced(shop: Shop) -> None:
    with serving(shop) as served:
        victims = served.children
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        eventually(lambda: len(served.children - victims) == PROCESSES, "others are there", within_s=30)
        eventually(lambda: answers_all(served), "they serve", within_s=60)


def test_one_that_dies_while_another_is_buried_is_seen_to_have_died(monkeypatch: pytest.MonkeyPatch) -> None:
    class Worker:
        """One that runs a short program, and is started once."""

        error = None

        def __init__(self) -> None:
            self.process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(0,))
            self.process.start()
            self.start_at, self.has_ended = math.inf, False

        @property
        def running(self) -> bool:
            return self.start_at == math.inf

        def ended(self) -> None:
            self.start_at, self.has_ended = time.monotonic() + 3600, True

    hear, tell = os.pipe()
    workers = [Worker(), Worker()]
    for worker in workers:
        worker.process.join()  # Both have died, and the system has been asked how: their exit codes are known.
    monkeypatch.setattr("service.server.workers.mark_process_dead", lambda *_, **__: None)
    threading.Timer(1, lambda: os.write(tell, b"!")).start()
    _keep(workers, hear, Path())  # type: ignore[arg-type]
    assert all(worker.has_ended for worker in workers)
    os.set_blocking(hear, False)
    with pytest.raises(BlockingIOError):  # What was heard is not heard again: children told twice do not wait.
        os.read(hear, 1)
    os.close(hear)
    os.close(tell)


def answers_all(served: Processes) -> bool:
    """Whether all processes serve."""
    try:
        return sum(served.served_by.values()) == PROCESSES
    except httpx.TransportError:
        return False


def connections(served: Processes) -> list[int]:
    """How many connections each process has, fewest first."""
    port = f":{int(served.url.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(port) and row[3] == "01"}
    return sorted(len(established & open_files(pid)) for pid in served.children)


def open_files(pid: int) -> set[str]:
    """What the file descriptors of a process stand for."""
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # Closed since.
            found.add(os.readlink(descriptor))
    return found


@contextmanager
def shoppers(served: Processes, count: int) -> Iterator[list[httpx.Client]]:
    """Clients that each keep one connection."""
    with ExitStack() as stack:
        limits = httpx.Limits(max_connections=1)
        yield [
            stack.enter_context(httpx.Client(base_url=served.url, limits=limits, trust_env=False, timeout=30))
            for _ in range(count)
        ]


def test_lasting_connections_are_shared_out(served: Processes) -> None:
    with shoppers(served, 6) as clients:
        for client in clients:
            assert client.post("/search", json={"text": "red"}).status_code == 200
        # Where the machine is so busy that one does not come to the door in time, the other has one more.
        assert connections(served) in ([3, 3], [2, 4])


BODY = b'{"text": "half a wish, and the other half"}'


@contextmanager
def half_a_search(served: Processes) -> Iterator[socket.socket]:
    """A search whose sender takes their time: in progress, for whichever process has it."""
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), timeout=30) as connection:
        head = f"POST /search HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}"
        connection.sendall(head.encode() + b"\r\n\r\n" + BODY[:20])
        time.sleep(0.1)
        yield connection
        connection.sendall(BODY[20:])
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")


def passed_on(served: Processes) -> int:
    found = re.search(r"modiste_connections_passed_on_total (\d+)", served.get("/metrics").text)
    return int(found[1]) if found else 0


def test_searches_that_come_to_a_busy_process_are_answered_by_an_idle_one(served: Processes) -> None:
    with shoppers(served, 5) as clients:
        for client in clients:
            assert client.get("/health/live").status_code == 200
        before = passed_on(served)
        with half_a_search(served):
            shared_out = connections(served)

            def all_with_the_idle_one() -> bool:
                answers = [client.post("/search", json={"text": f"red {time.monotonic()}"}) for client in clients]
                assert [answer.status_code for answer in answers] == [200] * 5
                return connections(served) == [1, 5]  # Those that come to the busy one move, connection and all.

            eventually(all_with_the_idle_one, "the idle one has all connections")
        # All of the busy one's but the one that keeps it busy.
        assert passed_on(served) - before in {5 - of_the_idle_one for of_the_idle_one in shared_out}
        # Whoever has nothing to do keeps what comes.
        assert [client.post("/search", json={"text": "blue"}).status_code for client in clients] == [200] * 5
        assert connections(served)[1] >= 5


def test_a_picture_that_comes_to_a_busy_process_is_passed_on_with_all_of_its_bytes(served: Processes) -> None:
    noise = Image.effect_noise((400, 400), 100).convert("RGB")  # More than is read at once.
    with shoppers(served, 3) as clients, half_a_search(served):
        answers = [
            client.post("/search", files={"image": encoded(noise)}, data={"text": f"red {at}"})
            for at, client in enumerate(clients)
        ]
        assert [answer.status_code for answer in answers] == [200] * 3
        first = answers[0].json()["results"]
        assert {answer.json()["mode"] for answer in answers} == {"composed"}
        assert all(answer.json()["results"] == first for answer in answers)


def test_the_first_bytes_of_a_search_keep_nobody_busy(served: Processes) -> None:
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as silent, shoppers(served, 3) as clients:
        silent.sendall(b"POST /search HTTP/1.1\r\nHost: ")
        time.sleep(0.1)
        before = passed_on(served)
        for at, client in enumerate(clients):
            assert client.post("/search", json={"text": f"red {at}"}).status_code == 200
        assert passed_on(served) == before


def test_where_all_are_busy_searches_stay_where_they_come(served: Processes) -> None:
    with shoppers(served, 4) as clients, half_a_search(served), half_a_search(served):
        before = passed_on(served)
        for client in clients:
            assert client.post("/search", json={"text": "red"}).status_code == 200
        assert passed_on(served) == before


def test_one_that_comes_late_is_given_searches_on_lasting_connections(shop: Shop) -> None:
    with serving(shop) as served, shoppers(served, 6) as clients:
        victim = min(served.children)
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: not alive(victim), "it is dead")
        for client in clients:
            with suppress(httpx.TransportError):  # Of those that it had.
                client.post("/search", json={"text": "red"})
            assert client.post("/search", json={"text": "red"}).status_code == 200
        assert connections(served) == [0, 6] or len(served.children) < PROCESSES
        eventually(lambda: sum(served.served_by.values()) == PROCESSES, "the new one serves", within_s=60)
        with ThreadPoolExecutor(6) as pool:

            def both_have_some() -> bool:
                posted = [
                    pool.submit(client.post, "/search", json={"text": f"red {time.monotonic()}"}) for client in clients
                ]
                assert [answer.result().status_code for answer in posted] == [200] * 6
                return min(connections(served)) > 0

            eventually(both_have_some, "the new one has connections", within_s=20)


def test_each_changes_to_a_new_generation_by_itself(own_shop: Shop) -> None:
    with serving(own_shop) as served:
        published = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
        eventually(lambda: served.served_by == {published: PROCESSES}, "all serve the new generation")
        assert {served.search(f"red {at}").json()["generation"] for at in range(20)} == {published}


def test_sigterm_lets_all_of_them_finish_what_they_have_begun(shop: Shop) -> None:
    half_sent, go_on = threading.Semaphore(0), threading.Event()

    def body() -> Iterator[bytes]:
        yield b'{"text": "re'
        half_sent.release()
        go_on.wait(30)
        yield b'd"}'

    def search(url: str) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return httpx.post(f"{url}/search", content=body(), headers=headers, timeout=60, trust_env=False)

    shoppers = 8
    with ThreadPoolExecutor(shoppers) as pool, serving(shop) as served:
        in_flight = [pool.submit(search, served.url) for _ in range(shoppers)]
        for _ in range(shoppers):
            assert half_sent.acquire(timeout=30)
        time.sleep(0.2)
        served.parent.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(served.url), "new connections are refused")
        go_on.set()
        assert [bool(each.result().json()["results"]) for each in in_flight] == [True] * shoppers
        assert served.parent.wait(10) == 0


def test_none_outlives_a_parent_that_is_killed(shop: Shop) -> None:
    with serving(shop) as served:
        children = served.children
        served.parent.kill()
        eventually(lambda: not any(alive(pid) for pid in children), "the others have stopped, too")


def test_what_none_of_them_can_serve_is_told_once_and_ends_the_program(shop: Shop, tmp_path: Path) -> None:
    broken = tmp_path / "bundle"
    broken.mkdir()
    for file in shop.bundle.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / "vision.onnx").write_bytes(b"rubbish")
    answer = modiste("serve", "--port", "0", "--processes", "2", "--bundle", broken, "--index-root", shop.index_root)
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("modiste: ") == 1
    assert "vision.onnx" in answer.stderr
