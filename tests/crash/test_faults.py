"""Disks that fail and fill, databases that go away: verify answers where it can, changes are refused clearly and not half done,
the server recovers by itself (after a failed sync only by a restart)."""
import os
import random
import signal
import subprocess
import threading
import time

import pytest
import requests

from conftest import size
from support.cluster import Cluster
from support.server import Api, Server, assert_error

HERE = os.path.dirname(os.path.abspath(__file__))


class Switch:
    """A fault that is on while its file is there."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        open(self.path, "w", encoding="ascii").close()

    def __exit__(self, *_):
        os.unlink(self.path)


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    library = str(tmp_path_factory.mktemp("shim") / "faults.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-D_GNU_SOURCE", "-o", library, os.path.join(HERE, "faults.c"), "-ldl"], check=True)
    return library


@pytest.fixture
def faulty(shim, tmp_path):
    """A server on the embedded engine with its switches: (server, fsync, full)."""
    fsync, full = Switch(str(tmp_path / "fsync")), Switch(str(tmp_path / "full"))
    server = Server(environment={"LD_PRELOAD": shim, "FAULT_FSYNC": fsync.path, "FAULT_FULL": full.path})
    yield server.start(), fsync, full
    server.close()


def create(api, description):
    return api.post("tokens", json={"description": description})


def assert_refused(response):
    assert_error(response, 503)
    assert int(response.headers["Retry-After"]) > 0


def descriptions(api):
    return {t["description"] for t in api.get("tokens").json()}


def created_events(api):
    """Descriptions of all tokens whose making was recorded."""
    found, page = set(), {"limit": 1000}
    while events := api.get("events", params=page).json():
        found |= {e["params"].get("description", e["objectName"]) for e in events if e["event"] == "storage.tokenCreated"}
        page["maxId"] = events[-1]["id"]
    return found


def test_after_a_failed_sync_nothing_is_acknowledged_until_a_restart(faulty):
    server, fsync, _ = faulty
    api = Api(server.url, server.master)
    made = create(api, "before").json()
    with fsync:
        assert_refused(create(api, "during"))
        assert api.get("tokens/verify", token=made["token"]).status_code == 200
    assert_refused(create(api, "after"))
    assert_refused(api.post("tokens/%s/refresh" % made["id"]))
    assert api.get("tokens/verify", token=made["token"]).status_code == 200
    server.stop()
    server.start()
    assert create(api, "restarted").status_code == 201
    there = descriptions(api)
    assert {"before", "restarted"} <= there and "after" not in there
    assert api.get("tokens/verify", token=made["token"]).status_code == 200


def test_a_full_disk_refuses_changes_and_recovers_by_itself(faulty):
    server, _, full = faulty
    api = Api(server.url, server.master)
    made = create(api, "before").json()
    with full:
        for number in range(30):
            answer = create(api, "during%d" % number)
            assert answer.status_code in (201, 503), answer.text
            if answer.status_code == 503:
                break
        assert_refused(answer)
        assert "full" in answer.json()["error"]
        assert_refused(api.delete("tokens/" + made["id"]))
        assert api.get("tokens/verify", token=made["token"]).status_code == 200
    assert create(api, "after").status_code == 201
    assert api.delete("tokens/" + made["id"]).status_code == 204
    assert api.get("tokens/verify", token=made["token"]).status_code == 401
    assert descriptions(api) - {"ada@example.com", "before"} == created_events(api) - {"ada@example.com", "before"}


def test_a_small_disk_that_fills(tmp_path):
    """The same with a real file system, where it may be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("only root may mount a small file system")
    server = None
    try:
        server = Server(data=str(folder / "data"))
        server.start()
        api = Api(server.url, server.master)
        kept = create(api, "before").json()
        with open(folder / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 65536)
            except OSError:
                pass
        answers = [create(api, "during%d" % n) for n in range(200)]
        assert {a.status_code for a in answers} <= {201, 503}
        assert_refused(answers[-1])
        assert api.get("tokens/verify", token=kept["token"]).status_code == 200
        os.unlink(folder / "filler")
        assert create(api, "after").status_code == 201
        wanted = {"during%d" % n for n, a in enumerate(answers) if a.status_code == 201} | {"before", "after"}
        assert descriptions(api) - {"ada@example.com"} == wanted
        server.stop()
        server.start()
        assert descriptions(api) - {"ada@example.com"} == wanted
    finally:
        if server:
            server.close()
        subprocess.run(["umount", str(folder)], check=True)


# --- PostgreSQL that goes away ---------------------------------------------------------------------------------------------


@pytest.fixture
def shaky():
    """(server, cluster): a cluster of its own, to be stopped and started."""
    cluster = Cluster()
    server = Server(engine=cluster.new_database())
    yield server.start(), cluster
    server.close()
    cluster.close()


def test_a_database_that_comes_back_soon_is_waited_for(shaky):
    server, cluster = shaky
    api = Api(server.url, server.master)
    assert create(api, "before").status_code == 201
    cluster.stop("fast")
    threading.Timer(0.5, cluster.start).start()
    assert create(api, "patient").status_code == 201
    assert api.get("tokens/verify").status_code == 200
    assert api.get("tokens").status_code == 200


def test_a_database_that_stays_away_is_told_and_comes_back_without_a_restart(shaky):
    server, cluster = shaky
    api = Api(server.url, server.master)
    made = create(api, "before").json()
    cluster.stop("immediate")
    assert_refused(create(api, "during"))
    assert_refused(api.get("tokens/verify", token=made["token"]))
    assert_refused(api.get("tokens"))
    assert api.session.get(server.url + "/health/live", timeout=30).status_code == 200
    assert api.session.get(server.url + "/health/ready", timeout=30).status_code == 503
    assert 'route="/health/ready",status="5xx"' in api.session.get(server.url + "/metrics", timeout=30).text
    cluster.start()
    assert api.get("tokens/verify", token=made["token"]).status_code == 200
    assert create(api, "after").status_code == 201
    assert "during" not in descriptions(api)
    assert api.session.get(server.url + "/health/ready", timeout=30).status_code == 200


def test_a_database_killed_under_load_loses_nothing_acknowledged(shaky):
    server, cluster = shaky
    acknowledged, statuses, stopped = [], set(), threading.Event()

    def work(worker):
        api, number = Api(server.url, server.master), 0
        while not stopped.is_set():
            number += 1
            name = "w%d-%d" % (worker, number)
            answer = create(api, name)
            statuses.add(answer.status_code)
            if answer.status_code == 201:
                acknowledged.append((name, answer.json()["token"]))
            time.sleep(0.02)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(size("DATABASE_KILLS", 3)):
        time.sleep(0.7)
        cluster.stop("immediate")
        cluster.start()
    time.sleep(0.7)
    stopped.set()
    for thread in threads:
        thread.join()
    assert statuses <= {201, 503}
    api = Api(server.url, server.master)
    there = descriptions(api)
    assert {name for name, _ in acknowledged} <= there
    sample = random.sample(acknowledged, min(len(acknowledged), 300))
    assert all(api.get("tokens/verify", token=text).status_code == 200 for _, text in sample)
    assert there - {"ada@example.com"} == created_events(api) - {"ada@example.com"}


def test_a_read_only_database_refuses_changes_and_answers_reads(shaky):
    server, cluster = shaky
    api = Api(server.url, server.master)
    psql = ["psql", "-q", "-c", "", cluster.url()]

    def set_read_only(state):
        for command in ("ALTER SYSTEM SET default_transaction_read_only = %s" % state, "SELECT pg_reload_conf()"):
            psql[3] = command
            subprocess.run(psql, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PGOPTIONS": "-c default_transaction_read_only=off"})
        time.sleep(0.5)

    made = create(api, "before").json()
    assert api.get("tokens/verify", token=made["token"]).status_code == 200  # the first use of a string is written
    set_read_only("on")
    refused = create(api, "during")
    assert_refused(refused)
    assert "read-only" in refused.json()["error"]
    assert api.get("tokens/verify", token=made["token"]).status_code == 200
    set_read_only("off")
    assert create(api, "after").status_code == 201
    assert "during" not in descriptions(api)


def test_a_server_told_to_end_finishes_what_it_began(faulty):
    server = faulty[0]
    api = Api(server.url, server.master)
    answers = {}

    def send(name):
        try:
            answers[name] = create(api, name)
        except requests.ConnectionError:
            pass  # it came too late to be let in
    threads = [threading.Thread(target=send, args=("t%d" % n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    assert server.stop(signal.SIGTERM) == 0
    for thread in threads:
        thread.join()
    server.start()
    acknowledged = {name for name, answer in answers.items() if answer.status_code == 201}
    assert descriptions(Api(server.url, server.master)) - {"ada@example.com"} == acknowledged
