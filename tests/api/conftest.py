"""Fixtures: one server per test process (engine by CHATELAINE_TEST_ENGINE: sqlite or postgres), clients, things to work with."""
import concurrent.futures
import itertools
import os
import sqlite3
import sys
import threading
import time

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support.cluster import Cluster  # noqa: E402
from support.proxy import LossyProxy  # noqa: E402
from support.server import Api, Server  # noqa: E402

ENGINE = os.environ.get("CHATELAINE_TEST_ENGINE", "sqlite")
_numbers = itertools.count(1)


def unique(prefix="x"):
    """A name that no other test uses."""
    return "%s%d" % (prefix, next(_numbers))


@pytest.fixture(scope="session")
def cluster():
    """The throw-away PostgreSQL cluster, or None on the embedded engine."""
    if ENGINE != "postgres":
        yield None
        return
    made = Cluster()
    yield made
    made.close()


@pytest.fixture(scope="session")
def new_server(cluster):
    """Makes further servers: new_server(arguments=[...]); all are closed at the end."""
    made = []

    def make(**options):
        start = options.pop("start", True)
        if cluster and "engine" not in options:
            options["engine"] = cluster.new_database()
        server = Server(**options)
        made.append(server)
        return server.start() if start else server

    yield make
    for server in made:
        server.close()


@pytest.fixture(scope="session")
def server(new_server):
    return new_server()


@pytest.fixture(scope="session")
def api(server):
    """The first administrator's client: storage calls with the master token, /manage calls with the management token."""
    return Api(server.url, server.master, server.manage)


@pytest.fixture(scope="session")
def roles(server, api):
    """Master tokens by role."""
    made = {role: server.user(role, "%s@example.com" % role.lower())["masterToken"] for role in ("share", "guest", "readOnly")}
    made["admin"] = server.master
    return made


@pytest.fixture
def make_bucket(api):
    def make(name=None, stage="in", **options):
        response = api.post("buckets", json={"name": name or unique("bucket"), "stage": stage, **options})
        assert response.status_code == 201, response.text
        return response.json()["id"]
    return make


@pytest.fixture
def make_token(api):
    """A token's whole answer, with its string under "token"."""
    def make(**options):
        response = api.post("tokens", json={"description": unique("token"), **options})
        assert response.status_code == 201, response.text
        return response.json()
    return make


@pytest.fixture
def make_table(api, make_bucket):
    """make_table("id,name\\n1,a\\n", primaryKey="id") -> table id."""
    def make(csv="id,name\n1,first\n2,second\n", bucket=None, name=None, **options):
        bucket = bucket or make_bucket()
        job = api.wait(api.post("buckets/%s/tables-async" % bucket,
                                json={"name": name or unique("table"), "dataFileId": api.upload(csv), **options}))
        assert job["status"] == "success", job
        return job["results"]["id"]
    return make


@pytest.fixture
def define_table(api, make_bucket):
    """An empty table without a file: define_table(bucket, "t", columns=["id", "name"], key=["id"]) -> table id."""
    def make(bucket=None, name=None, columns=("id", "name"), key=(), **options):
        made = api.wait(api.post("buckets/%s/tables-definition" % (bucket or make_bucket()), json={
            "name": name or unique("defined"), "primaryKeysNames": list(key),
            "columns": [c if isinstance(c, dict) else {"name": c} for c in columns], **options}))
        assert made["status"] == "success", made
        return made["results"]["id"]
    return make


@pytest.fixture
def in_a_row(server):
    """Makes calls that all wait for the embedded database, and are let go in the order in which they came, so many seconds later; their
    answers. The first has a transaction of its own, the others share one."""
    def run(*calls, seconds=0, of=server):
        database = sqlite3.connect(os.path.join(of.data, "chatelaine.db"), timeout=60, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
            answers = []
            for call in calls:
                answers.append(pool.submit(call))
                time.sleep(0.5)
            time.sleep(seconds)
            early = [answer.result().text for answer in answers if answer.done()]
            database.execute("ROLLBACK")
            database.close()
            assert not early
            return [answer.result() for answer in answers]
    return run


@pytest.fixture
def lossy(server):
    """A proxy that resets connections after so many bytes of the reply: lossy(60, None) the first, the second not."""
    made = []

    def lossy(*cuts):
        made.append(LossyProxy(server.port, cuts))
        return made[-1]
    yield lossy
    for proxy in made:
        proxy.close()


@pytest.fixture
def at_once(server):
    """Makes one call several times at the same moment, each over a connection of its own: at_once(lambda client: ...) -> answers."""
    def run(call, times=6):
        barrier = threading.Barrier(times)

        def one(client):
            barrier.wait()
            return call(client)
        with concurrent.futures.ThreadPoolExecutor(times) as pool:
            return list(pool.map(one, [Api(server.url, server.master, server.manage) for _ in range(times)]))
    return run
