"""Too many connections, slow ones, too little memory: verify keeps answering, and everything is well again afterwards."""
import concurrent.futures
import resource
import socket
import subprocess
import threading
import time

import pytest
import requests

from conftest import size
from support.server import Api, Server


@pytest.fixture
def server():
    made = []

    def make(**options):
        made.append(Server(**options))
        return made[0]

    yield make
    made[0].close()


def connect(port):
    s = socket.socket()
    s.settimeout(30)
    s.connect(("127.0.0.1", port))
    return s


def test_idle_and_slow_connections(server):
    idle_count, slow_count = size("IDLE", 3000), size("SLOW", 300)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = idle_count + slow_count + 1000
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, wanted), hard), hard))
    running = server().start("--connection-idle-s", "60")
    api = Api(running.url, running.master)
    idle = [connect(running.port) for _ in range(idle_count)]
    slow = [connect(running.port) for _ in range(slow_count)]
    request = b"POST /v2/storage/tokens HTTP/1.1\r\nHost: x\r\nX-StorageApi-Token: " + running.master.encode() + b"\r\nContent-Length: 100000\r\n"
    stop = threading.Event()

    def dribble():
        at = 0
        while not stop.is_set() and at < len(request):
            for s in slow:
                try:
                    s.send(request[at:at + 1])
                except OSError:
                    pass
            at += 1
            stop.wait(0.05)

    thread = threading.Thread(target=dribble)
    thread.start()
    for _ in range(200):
        assert requests.get(running.url + "/v2/storage/tokens/verify", headers={"X-StorageApi-Token": running.master}, timeout=20).status_code == 200
    assert api.post("tokens", json={"description": "in the crowd"}).status_code == 201
    stop.set()
    thread.join()
    for s in idle + slow:
        s.close()
    assert api.get("tokens/verify").status_code == 200
    assert requests.get(running.url + "/health/ready", timeout=10).status_code == 200


def test_slow_requests_are_ended(server):
    running = server().start("--connection-idle-s", "2")
    s = connect(running.port)
    s.sendall(b"GET /v2/storage HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    begun = time.monotonic()
    closed = False
    while time.monotonic() - begun < 60 and not closed:
        try:
            closed = s.recv(100) == b""
        except OSError:
            closed = True
    assert closed, "a request that never ends is ended by the server"


def test_memory_exhausted(server):
    """Room for the server and a little more: large requests in a crowd are refused or cut, and it goes on."""
    running = server()
    running.start()
    used = int(open("/proc/%d/statm" % running.process.pid, encoding="ascii").read().split()[0]) * resource.getpagesize()
    limit = used + size("MEMORY_ROOM_MB", 24) * 1024 * 1024
    subprocess.run(["prlimit", "--as=%d:unlimited" % limit, "--pid", str(running.process.pid)], check=True)
    body = {"description": "x", "bucketPermissions": {}, "componentAccess": ["component-%d" % i for i in range(9000)]}

    def large(number):
        api = Api(running.url, running.master)
        for _ in range(size("MEMORY_ROUNDS", 6)):
            try:
                if api.post("tokens", json={**body, "description": "n%d" % number}, timeout=30).status_code >= 500:
                    time.sleep(0.05)
                api.get("tokens", timeout=30)
                api.get("events?limit=1000", timeout=30)
            except requests.RequestException:
                time.sleep(0.05)

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        list(pool.map(large, range(24)))
    assert running.process.poll() is None, running.log()[-3000:]
    deadline = time.monotonic() + 60
    while True:
        try:
            if requests.get(running.url + "/v2/storage/tokens/verify", headers={"X-StorageApi-Token": running.master}, timeout=10).status_code == 200:
                break
        except requests.RequestException:
            pass
        assert time.monotonic() < deadline, running.log()[-3000:]
        time.sleep(0.2)
    subprocess.run(["prlimit", "--as=unlimited:unlimited", "--pid", str(running.process.pid)], check=True)
    api = Api(running.url, running.master)
    made = api.post("tokens", json={"description": "well again"})
    assert made.status_code == 201 and api.get("tokens/verify", token=made.json()["token"]).status_code == 200
