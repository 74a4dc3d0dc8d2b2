#!/usr/bin/python3
"""Figures as ratios in one run: server on one core, load on the other. `make bench`; BENCH="verify import" runs only these parts."""
import csv
import os
import platform
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import requests

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support.cluster import Cluster, free_port  # noqa: E402
from support.server import Api, Server  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER_CORE, LOAD_CORE = "0", "1"
SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))
MILLION = int(os.environ.get("BENCH_TOKENS", "1000000"))
CSV_MEGABYTES = int(os.environ.get("BENCH_CSV_MB", "200"))
WANTED = os.environ.get("BENCH", "machine verify many create list import postgres").split()
folder = tempfile.mkdtemp(prefix="chatelaine-bench-")
figures = []


def say(name, value, goal=""):
    figures.append((name, value, goal))
    print("%-62s %-22s %s" % (name, value, goal and "(goal: %s)" % goal), flush=True)


def pin(pid, core):
    subprocess.run(["taskset", "-a", "-p", "-c", core, str(pid)], stdout=subprocess.DEVNULL, check=False)


def wrk(url, connections, headers=(), script=None, seconds=SECONDS):
    """Requests per second and p99 in ms; answers other than 2xx are an error of the benchmark."""
    command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds, "--latency", url]
    for header in headers:
        command += ["-H", header]
    if script:
        path = os.path.join(folder, "script.lua")
        with open(path, "w", encoding="utf-8") as f:
            f.write(script)
        command += ["-s", path]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert "Non-2xx" not in text, text
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


class Nginx:
    """`return 200` of a body of this size, one worker."""

    def __init__(self, body):
        self.port = free_port()
        self.folder = tempfile.mkdtemp(dir=folder)
        os.chmod(self.folder, 0o755)
        conf = os.path.join(self.folder, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("daemon off; worker_processes 1; pid %s/pid; error_log /dev/null;\nevents { worker_connections 1024; }\n"
                    "http { access_log off; keepalive_requests 100000000; default_type application/json;\n"
                    "server { listen 127.0.0.1:%d; location / { return 200 '%s'; } } }\n" % (self.folder, self.port, body))
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CORE, "/usr/sbin/nginx", "-c", conf], stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def rate(self):
        return wrk("http://127.0.0.1:%d/" % self.port, 16)

    def close(self):
        self.process.terminate()
        self.process.wait()


def start(server, *more):
    server.start("--loops", "1", *more)
    pin(server.process.pid, SERVER_CORE)
    return Api(server.url, server.master, server.manage)


def verify_rate(server, token):
    return wrk(server.url + "/v2/storage/tokens/verify", 16, ["X-StorageApi-Token: " + token])


def interleaved(a, b, rounds=3):
    """Median of a/b, measured in turn, so that a machine that drifts does not decide."""
    pairs = [(a(), b()) for _ in range(rounds)]
    return statistics.median(x / y for x, y in pairs), pairs


def peak_memory_mb(server):
    text = open("/proc/%d/status" % server.process.pid, encoding="ascii").read()
    return int(re.search(r"VmHWM:\s+(\d+)", text).group(1)) / 1024


def machine():
    model = re.search(r"model name\s*:\s*(.*)", open("/proc/cpuinfo", encoding="utf-8").read())
    print("%s, %d processors, kernel %s, %s" % (model.group(1) if model else platform.machine(), os.cpu_count(), platform.release(),
                                                 time.strftime("%Y-%m-%d %H:%M")))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    print("commit %s; medians of 3 rounds of %d s each, measured in turn with the peer\n" % (commit, SECONDS))


def bench_verify():
    server = Server()
    api = start(server)
    token = api.post("tokens", json={"description": "bench"}).json()["token"]
    body = api.get("tokens/verify", token=token).text
    nginx = Nginx(body.replace("'", " ").replace("$", " "))
    p99 = []

    def ours():
        rate, latency = verify_rate(server, token)
        p99.append(latency)
        return rate

    ratio, pairs = interleaved(ours, lambda: nginx.rate()[0])
    say("tokens/verify, 16 connections, of nginx return (%d bytes)" % len(body), "%.2f (%.0f/s of %.0f/s)" % (ratio, *pairs[-1]), ">= 0.8")
    say("tokens/verify p99", "%.2f ms" % statistics.median(p99), "<= 4 ms")
    nginx.close()
    server.close()


def seed(server, count):
    """Rows of tokens, as many as wished, written straight into the stopped embedded engine."""
    with sqlite3.connect(os.path.join(server.data, "chatelaine.db")) as db:
        db.execute("PRAGMA synchronous=OFF")
        have = db.execute("SELECT count(*), max(id) FROM tokens").fetchone()
        columns = "project_id, id, version, hash, sealed, description, created_us, refreshed_us, admin_id, bucket_permissions"
        db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO tokens (%s) "
                   "SELECT ?, ? + i, 1, randomblob(32), hex(randomblob(60)), 'seeded ' || i, 1700000000000000 + i, 1700000000000000 + i, 1, '{}' FROM n" % columns,
                   (count - have[0], server.project_id, have[1]))
        db.execute("UPDATE sequences SET last = (SELECT max(id) FROM tokens) WHERE name = 'token'")


ROUND_ROBIN = """local tokens = {%s}
local i = 0
request = function()
  i = i %% #tokens + 1
  return wrk.format("GET", nil, {["X-StorageApi-Token"] = tokens[i]})
end
"""


def bench_many():
    """1,000 real tokens used in turn, with nothing else in the store and with a million others."""
    servers = {}
    for count in (1000, MILLION):
        server = Server()
        api = start(server)
        tokens = [api.post("tokens", json={"description": "t"}).json()["token"] for _ in range(1000)]
        server.stop()
        if count > 1000:
            seed(server, count)
        begun = time.monotonic()
        start(server)
        requests.get(server.url + "/v2/storage/tokens/verify", headers={"X-StorageApi-Token": tokens[-1]}, timeout=60).raise_for_status()
        if count > 1000:
            say("start until the first verify, %d tokens" % count, "%.2f s" % (time.monotonic() - begun), "<= 2 s")
        servers[count] = (server, ROUND_ROBIN % ",".join('"%s"' % t for t in tokens))

    def rate(count):
        server, script = servers[count]
        return wrk(server.url + "/v2/storage/tokens/verify", 16, script=script)[0]

    ratio, pairs = interleaved(lambda: rate(MILLION), lambda: rate(1000))
    say("tokens/verify with %d tokens, of that with 1000" % MILLION, "%.2f (%.0f/s of %.0f/s)" % (ratio, *pairs[-1]), ">= 0.9")
    say("peak memory of the server with %d tokens" % MILLION, "%.0f MB" % peak_memory_mb(servers[MILLION][0]), "< 100 MB")
    for server, _ in servers.values():
        server.close()


def slower_disk(more_us):
    """Environment of a program whose syncs take so much longer."""
    library = os.path.join(folder, "slow_sync.so")
    if more_us and not os.path.exists(library):
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-D_GNU_SOURCE", "-o", library, os.path.join(HERE, "slow_sync.c"), "-ldl"], check=True)
    return {"LD_PRELOAD": library, "SLOW_SYNC_US": str(more_us)} if more_us else {}


def fdatasync_rate(disk):
    done = subprocess.run([sys.executable, os.path.join(HERE, "sync_rate.py"), folder, "3"], env={**os.environ, **disk}, stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


CREATE = """wrk.method = "POST"
wrk.body = '{"description":"bench","bucketPermissions":{}}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-StorageApi-Token"] = "%s"
"""


def bench_create():
    """On this disk, and on two that take longer to sync: what the shared commit is for shows there."""
    for more_us in (0, 250, 1000):
        disk = slower_disk(more_us)
        server = Server(environment=disk)
        start(server)
        ratio, pairs = interleaved(lambda: wrk(server.url + "/v2/storage/tokens", 64, script=CREATE % server.master)[0], lambda: fdatasync_rate(disk))
        what = "of serial fdatasync" if not more_us else "the same where a sync takes %.2f ms" % (1000 / pairs[-1][1])
        say("durable token creation, 64 connections, " + what, "%.2f (%.0f/s of %.0f/s)" % (ratio, *pairs[-1]), ">= 5")
        server.close()


def bench_list():
    server = Server()
    api = start(server)
    server.stop()
    seed(server, 10000)
    api = start(server)
    times = []
    for _ in range(7):
        begun = time.monotonic()
        answer = api.get("tokens")
        times.append(time.monotonic() - begun)
        assert len(answer.json()) == 10000
    say("list of 10,000 tokens", "%.0f ms" % (statistics.median(times) * 1000), "<= 150 ms")
    server.close()


def make_csv():
    path = os.path.join(folder, "rows.csv")
    if os.path.exists(path):
        return path
    random.seed(1)
    words = ["".join(random.choice("abcdefghijklmnop") for _ in range(random.randint(3, 14))) for _ in range(5000)]
    with open(path, "w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(["c%d" % i for i in range(10)])
        number = 0
        while f.tell() < CSV_MEGABYTES * 1_000_000:
            writer.writerows([[number + k, *(random.choice(words) for _ in range(6)), random.random(), "a, quoted \"text\"", "2026-01-01"] for k in range(1000)])
            number += 1000
    return path


def prepare_table(api, path):
    """An empty table with the file's columns, and the uploaded file."""
    bucket = api.post("buckets", json={"name": "bench", "stage": "in"}).json()["id"]
    job = api.wait(api.post("buckets/%s/tables-async" % bucket, json={"name": "t", "dataFileId": api.upload(",".join("c%d" % i for i in range(10)) + "\n")}))
    assert job["status"] == "success", job
    made = api.post("files/prepare", json={"name": "rows.csv", "federationToken": True}).json()
    where = made["absUploadParams"]
    parts = dict(p.split("=", 1) for p in where["absCredentials"]["SASConnectionString"].split(";"))
    url = "%s/%s/%s?%s" % (parts["BlobEndpoint"], where["container"], where["blobName"], parts["SharedAccessSignature"])
    with open(path, "rb") as f:
        assert requests.put(url, data=f, headers={"x-ms-blob-type": "BlockBlob"}, timeout=600).status_code == 201
    return made["id"]


def import_once(api, file_id):
    begun = time.monotonic()
    job = api.wait(api.post("tables/in.c-bench.t/import-async", json={"dataFileId": file_id}))
    assert job["status"] == "success", job
    return time.monotonic() - begun


def shell_import(path):
    target = os.path.join(folder, "shell.db")
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(target + suffix):
            os.unlink(target + suffix)
    begun = time.monotonic()
    subprocess.run(["taskset", "-c", SERVER_CORE, "sqlite3", target, "CREATE TABLE t(%s);" % ",".join("c%d TEXT" % i for i in range(10)), ".mode csv",
                    ".import --skip 1 %s t" % path], check=True)
    return time.monotonic() - begun


def bench_import():
    path = make_csv()
    server = Server()
    api = start(server)
    file_id = prepare_table(api, path)
    peaks = []

    def ours():
        seconds = import_once(api, file_id)
        peaks.append(peak_memory_mb(server))
        return seconds

    ratio, pairs = interleaved(lambda: 1 / ours(), lambda: 1 / shell_import(path))
    say("import of %d MB, of the sqlite3 shell's .import" % CSV_MEGABYTES, "%.2f (%.2f s against %.2f s)" % (ratio, 1 / pairs[-1][0], 1 / pairs[-1][1]), ">= 1")
    say("peak memory meanwhile", "%.0f MB" % max(peaks), "< 100 MB")
    server.close()


def bench_postgres():
    cluster = Cluster(shared_buffers="256MB")
    embedded, other = Server(), Server(engine=cluster.new_database())
    start(embedded)
    api = start(other)
    postmaster = int(open(os.path.join(cluster.data, "postmaster.pid"), encoding="ascii").readline())
    stop = threading.Event()

    def keep_pinned():
        while not stop.is_set():
            children = subprocess.run(["pgrep", "-P", str(postmaster)], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
            for pid in [postmaster, *children]:
                pin(pid, SERVER_CORE)
            stop.wait(0.5)

    for shared in (True, False):
        stop.clear()
        thread = threading.Thread(target=keep_pinned) if shared else None
        if thread:
            thread.start()
        else:
            for pid in [postmaster, *subprocess.run(["pgrep", "-P", str(postmaster)], stdout=subprocess.PIPE, text=True, check=False).stdout.split()]:
                pin(pid, "0,1")
        ratio, pairs = interleaved(lambda: verify_rate(other, other.master)[0], lambda: verify_rate(embedded, embedded.master)[0])
        where = "server and database on one core" if shared else "database on either core"
        say("tokens/verify on PostgreSQL, of embedded, " + where, "%.2f (%.0f/s of %.0f/s)" % (ratio, *pairs[-1]), ">= 0.4" if shared else "")
        if thread:
            stop.set()
            thread.join()
    path = make_csv()
    file_id = prepare_table(api, path)
    url = cluster.new_database()
    subprocess.run(["psql", "-q", url, "-c", "CREATE TABLE t(%s)" % ",".join("c%d TEXT" % i for i in range(10))], check=True)

    def copy():
        subprocess.run(["psql", "-q", url, "-c", "TRUNCATE t"], check=True)
        begun = time.monotonic()
        subprocess.run(["taskset", "-c", SERVER_CORE, "psql", "-q", url, "-c", "\\copy t FROM '%s' CSV HEADER" % path], check=True)
        return time.monotonic() - begun

    ratio, pairs = interleaved(lambda: import_once(api, file_id), copy)
    say("import of %d MB on PostgreSQL, time against psql \\copy" % CSV_MEGABYTES, "%.2f (%.2f s against %.2f s)" % (ratio, *pairs[-1]), "<= 1.25")
    embedded.close()
    other.close()
    cluster.close()


try:
    for name in WANTED:
        {"machine": machine, "verify": bench_verify, "many": bench_many, "create": bench_create, "list": bench_list, "import": bench_import,
         "postgres": bench_postgres}[name]()
finally:
    shutil.rmtree(folder, ignore_errors=True)
