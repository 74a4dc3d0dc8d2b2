"""kill -9 at any moment: nothing acknowledged is lost or half done, nothing revoked comes back, each acknowledged operation has
exactly one event."""
import collections
import random
import signal
import threading
import time

import requests

from conftest import size
from support.server import Api

WORKERS = 6
LIFE = 50  # kills of one server: everything that it ever acknowledged is looked at again and again


class Load:
    """Workers that change things until the server dies. What was acknowledged is written down; what was under way is unknown."""

    def __init__(self, server, seed):
        self.server, self.random = server, random.Random(seed)
        self.tokens = {}          # id -> string that must work
        self.dead = []            # (id, string) that must never work again
        self.unknown = set()      # ids whose state is not known: a call about them got no answer
        self.buckets, self.tables = set(), collections.Counter()
        self.events = []          # (event name, object id) exactly once each
        self.posted = []          # messages of posted events
        self.lock = threading.Lock()
        self.number = 0

    def run(self):
        threads = [threading.Thread(target=self.work, args=(self.random.random(),)) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        return threads

    def work(self, seed):
        own, api = random.Random(seed), Api(self.server.url, self.server.master)
        mine = []
        try:
            while True:
                own.choice([self.create, self.create, self.refresh, self.delete, self.bucket, self.post])(api, own, mine)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, requests.ReadTimeout):
            return

    def name(self):
        with self.lock:
            self.number += 1
            return "n%d" % self.number

    def create(self, api, own, mine):
        answer = api.post("tokens", json={"description": self.name()})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        with self.lock:
            self.tokens[made["id"]] = made["token"]
            self.events.append(("storage.tokenCreated", made["id"]))
        mine.append(made["id"])

    def refresh(self, api, own, mine):
        if not mine:
            return
        token_id = own.choice(mine)
        with self.lock:
            self.unknown.add(token_id)
        answer = api.post("tokens/%s/refresh" % token_id)
        assert answer.status_code == 200, answer.text
        with self.lock:
            self.dead.append((token_id, self.tokens[token_id]))
            self.tokens[token_id] = answer.json()["token"]
            self.events.append(("storage.tokenRefreshed", token_id))
            self.unknown.discard(token_id)

    def delete(self, api, own, mine):
        if not mine:
            return
        token_id = mine.pop(own.randrange(len(mine)))
        with self.lock:
            self.unknown.add(token_id)
        answer = api.delete("tokens/" + token_id)
        assert answer.status_code == 204, answer.text
        with self.lock:
            self.dead.append((token_id, self.tokens.pop(token_id)))
            self.events.append(("storage.tokenDeleted", token_id))
            self.unknown.discard(token_id)

    def bucket(self, api, own, mine):
        answer = api.post("buckets", json={"name": self.name(), "stage": "in"})
        assert answer.status_code == 201, answer.text
        with self.lock:
            self.buckets.add(answer.json()["id"])
            self.events.append(("storage.bucketCreated", answer.json()["id"]))

    def post(self, api, own, mine):
        message = "posted-" + self.name()
        answer = api.post("events", json={"component": "crash", "message": message})
        assert answer.status_code == 201, answer.text
        with self.lock:
            self.posted.append(message)


def all_events(api, component):
    found, most = [], ""
    while True:
        page = api.get("events", params={"limit": 10000, "maxId": most, "component": component}).json()
        found += page
        if len(page) < 10000:
            return found
        most = page[-1]["uuid"]


def check(server, load):
    api = Api(server.url, server.master)
    for token_id, text in load.tokens.items():
        status = api.get("tokens/verify", token=text).status_code
        assert status == 200 or token_id in load.unknown, "token %s was acknowledged and is lost" % token_id
    for token_id, text in load.dead:
        assert api.get("tokens/verify", token=text).status_code == 401, "token %s came back" % token_id
    there = {b["id"] for b in api.get("buckets").json()}
    assert load.buckets <= there
    counted = collections.Counter((e["event"], e["objectId"]) for e in all_events(api, "storage"))
    wanted = collections.Counter(load.events)
    for key, times in wanted.items():
        spare = 1 if key[1] in load.unknown else 0
        assert times <= counted[key] <= times + spare, (key, times, counted[key])
    messages = collections.Counter(e["message"] for e in all_events(api, "crash"))
    for message in load.posted:
        assert messages[message] == 1, message


def test_kill_at_any_moment(new_server):
    seed = size("SEED", int(time.time()))
    print("seed", seed)
    moments = random.Random(seed)
    kills = size("KILLS", 12)
    for done in range(0, kills, LIFE):
        live_and_die(new_server(), moments, min(LIFE, kills - done))


def live_and_die(server, moments, kills):
    server.start()
    load = Load(server, moments.random())
    for round_number in range(kills):
        threads = load.run()
        time.sleep(moments.uniform(0.05, 0.6))
        server.stop(signal.SIGKILL)
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        server.start()
        if round_number % 10 == 9 or round_number == kills - 1:
            check(server, load)
    assert len(load.events) > kills
    server.close()


def test_kill_while_importing(new_server):
    """An import that was acknowledged is there once and whole; one that was not is there whole or not at all."""
    server = new_server()
    server.start()
    api = Api(server.url, server.master)
    bucket = api.post("buckets", json={"name": "crash", "stage": "in"}).json()["id"]
    job = api.wait(api.post("buckets/%s/tables-async" % bucket, json={"name": "t", "dataFileId": api.upload("id,part\n")}))
    table = job["results"]["id"]
    moments = random.Random(size("SEED", int(time.time())))
    acknowledged = []
    for part in range(size("IMPORT_KILLS", 5)):
        rows = "id,part\n" + "".join("%d,%d\n" % (i, part) for i in range(20000))
        file_id = api.upload(rows)
        started = []

        def load():
            try:
                started.append(api.post("tables/%s/import-async" % table, json={"dataFileId": file_id, "incremental": 1}).json())
            except requests.RequestException:
                pass

        thread = threading.Thread(target=load)
        thread.start()
        time.sleep(moments.uniform(0, 0.25))
        server.stop(signal.SIGKILL)
        thread.join()
        server.start()
        api = Api(server.url, server.master)
        if started:
            deadline = time.monotonic() + 180  # PostgreSQL: the lease of the dead server's job ends first
            while api.get("jobs/%d" % started[0]["id"]).json()["status"] not in ("success", "error"):
                assert time.monotonic() < deadline, "a job did not survive the restart"
                time.sleep(0.05)
            assert api.get("jobs/%d" % started[0]["id"]).json()["status"] == "success"
            acknowledged.append(part)
    # one that nobody heard of is brought to its end all the same (on PostgreSQL when its server's lease has run out)
    deadline = time.monotonic() + 90
    while any(job["status"] in ("waiting", "processing") for job in api.get("jobs").json()):
        assert time.monotonic() < deadline, "a job did not survive the restart"
        time.sleep(0.2)
    detail = api.get("tables/" + table).json()
    counts = collections.Counter()
    for part in range(size("IMPORT_KILLS", 5)):
        job = api.wait(api.post("tables/%s/export-async" % table, json={"whereColumn": "part", "whereValues": [str(part)], "limit": 100000}))
        assert job["status"] == "success", job
        file = api.get("files/%d" % job["results"]["file"]["id"], params={"federationToken": 1}).json()
        counts[part] = rows_of(api, file)
    assert all(counts[part] == 20000 for part in acknowledged), counts
    assert all(counts[part] in (0, 20000) for part in counts), counts
    assert detail["rowsCount"] == sum(counts.values())


def rows_of(api, file):
    """Lines of a sliced file."""
    parts = dict(p.split("=", 1) for p in file["absCredentials"]["SASConnectionString"].split(";"))
    base = "%s/%s/" % (parts["BlobEndpoint"], file["absPath"]["container"])
    get = lambda name: api.session.get(base + name + "?" + parts["SharedAccessSignature"], timeout=60)  # noqa: E731
    entries = get(file["absPath"]["name"] + "manifest").json()["entries"]
    return sum(get(e["url"].split("/" + file["absPath"]["container"] + "/")[1]).text.count("\n") for e in entries)
