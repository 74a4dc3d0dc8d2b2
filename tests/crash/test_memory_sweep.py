"""Memory that fails at each allocation of a request in turn (memory.c): the process lives, the answer is the proper one or a clear
refusal, a refused change has changed nothing, and the next request is answered."""
import http.client
import json
import urllib.parse

import pytest
import requests
import urllib3

from conftest import size
from support.memory import FROM, ONCE, Memory, build_shim
from support.server import EMAIL, PASSWORD, Api, Server

CLOSED = (http.client.RemoteDisconnected, http.client.IncompleteRead, http.client.BadStatusLine, ConnectionResetError, BrokenPipeError)
CSV = "id,name\n" + "".join("%d,name %d\n" % (i, i) for i in range(200))


class House:
    """A server whose memory fails when told, and things in it to work with."""

    def __init__(self, server, memory):
        self.server, self.memory = server, memory
        self.api = Api(server.url, server.master, server.manage)
        # a connection that was idle while a request waited for its failure may be closed just now
        self.api.session.mount("http://", requests.adapters.HTTPAdapter(max_retries=urllib3.Retry(3, backoff_factor=0.1, respect_retry_after_header=False)))
        self.numbers = 0
        self.bucket = self.made(self.api.post("buckets", json={"name": "sweep", "stage": "in"}))["id"]
        self.file = self.api.upload(CSV)
        job = self.api.wait(self.api.post("buckets/%s/tables-async" % self.bucket, json={"name": "t", "dataFileId": self.file, "primaryKey": "id"}))
        self.table = job["results"]["id"]
        self.token = self.made(self.api.post("tokens", json={"description": "sweep", "canManageBuckets": True,
                                                             "bucketPermissions": {self.bucket: "write"}}))
        self.config = self.made(self.api.post("components/wr-db/configs", json={"name": "c", "configuration": {"a": [1, 2, {"b": "c"}]}}))["id"]
        self.made(self.api.post("components/wr-db/configs/%s/rows" % self.config, json={"name": "r", "configuration": {"x": 1}}))

    def made(self, answer):
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def name(self):
        self.numbers += 1
        return "n%d" % self.numbers

    def new_token(self):
        return self.made(self.api.post("tokens", json={"description": self.name()}))

    def send(self, request):
        """(status, parsed or raw body); (None, None): closed without an answer."""
        method, path, options = request
        headers = dict(options.get("headers", {}))
        headers.setdefault("X-KBC-ManageApiToken" if path.startswith("/manage") else "X-StorageApi-Token",
                           options.get("token") or (self.server.manage if path.startswith("/manage") else self.server.master))
        body = options.get("data")
        if "json" in options:
            body = json.dumps(options["json"])
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request(method, path if path.startswith("/") else "/v2/storage/" + path, body, headers)
            answer = connection.getresponse()
            raw = answer.read()
            if answer.getheader("Content-Type", "").startswith("application/json"):
                return answer.status, json.loads(raw)
            return answer.status, raw
        except CLOSED:
            return None, None
        finally:
            connection.close()


# --- requests: each makes what it needs, and returns (method, path, options) ----------------------------------------------------

CASES = {}


def case(state=None, job=False, wanted=(200, 201, 202, 204)):
    def keep(function):
        CASES[function.__name__] = (function, state, job, wanted)
        return function
    return keep


def tokens(house):
    return sorted((t["id"], t["description"], t["refreshed"], t["isDisabled"]) for t in house.api.get("tokens").json())


def refreshed(house):
    """Is the string that was made last still good?"""
    return house.api.get("tokens/verify", token=house.string).status_code


def buckets(house):
    return sorted((b["id"], b["description"]) for b in house.api.get("buckets").json())


def configs(house):
    return [(c["id"], c["version"], c["name"], len(c["rows"])) for c in house.api.get("components/wr-db/configs").json()]


def files(house):
    return [(f["id"], f["tags"]) for f in house.api.get("files", params={"limit": 5}).json()], house.api.get("files/%d" % house.file).json()["tags"]


def tables(house):
    return sorted((t["id"], t["rowsCount"], t["columns"]) for t in house.api.get("tables", params={"include": "columns"}).json())


def triggers(house):
    return house.api.get("triggers").json()


def posted(house):
    return [e["uuid"] for e in house.api.get("events", params={"q": "component:sweep", "limit": 3}).json()]


def managed(house):
    return (house.api.get("/manage/organizations").json(), house.api.get("/manage/projects/%d" % house.server.project_id).json())


def members(house):
    return (house.api.get("/manage/projects/%d/users" % house.server.project_id).json(),
            house.api.get("/manage/projects/%d/invitations" % house.server.project_id).json())


@case()
def verify(house):
    return "GET", "tokens/verify", {"token": house.token["token"]}


@case(wanted=(401,))
def verify_unknown(house):
    return "GET", "tokens/verify", {"token": house.token["token"][:-1] + ("a" if house.token["token"][-1] != "a" else "b")}


@case(wanted=(401,))
def verify_refreshed(house):
    """A string that was refreshed away."""
    made = house.new_token()
    house.made(house.api.post("tokens/%s/refresh" % made["id"]))
    return "GET", "tokens/verify", {"token": made["token"]}


@case()
def verify_new(house):
    """A string's first use is looked up and written."""
    return "GET", "tokens/verify", {"token": house.new_token()["token"]}


@case(state=tokens)
def token_create(house):
    return "POST", "tokens", {"json": {"description": house.name(), "bucketPermissions": {house.bucket: "read"}, "componentAccess": ["wr-db"],
                                       "expiresIn": 86400}}


@case(state=tokens)
def token_create_form(house):
    return "POST", "tokens", {"data": urllib.parse.urlencode({"description": house.name(), "bucketPermissions[%s]" % house.bucket: "write"}),
                              "headers": {"Content-Type": "application/x-www-form-urlencoded"}}


@case(state=refreshed)
def token_refresh(house):
    made = house.new_token()
    house.string = made["token"]
    return "POST", "tokens/%s/refresh" % made["id"], {}


@case(state=refreshed)
def token_refresh_itself(house):
    made = house.new_token()
    house.string = made["token"]
    return "POST", "tokens/%s/refresh" % made["id"], {"token": made["token"]}


@case(state=tokens)
def token_update(house):
    return "PUT", "tokens/%s" % house.new_token()["id"], {"json": {"description": house.name(), "bucketPermissions": {house.bucket: "read"}}}


@case(state=tokens)
def token_delete(house):
    return "DELETE", "tokens/%s" % house.new_token()["id"], {}


@case(state=tokens)
def token_disable(house):
    return "POST", "tokens/%s/disable" % house.new_token()["id"], {}


@case()
def token_share(house):
    return "POST", "tokens/%s/share" % house.new_token()["id"], {"json": {"recipientEmail": "bob@example.com", "message": "here"}}


@case()
def token_list(house):
    return "GET", "tokens", {}


@case(wanted=(403,))
def refused(house):
    return "GET", "tokens/%s" % house.new_token()["id"], {"token": house.token["token"]}


@case(state=buckets)
def bucket_create(house):
    return "POST", "buckets", {"json": {"name": house.name(), "stage": "in", "description": "d"}, "token": house.token["token"]}


@case(state=buckets)
def bucket_delete(house):
    made = house.made(house.api.post("buckets", json={"name": house.name(), "stage": "in"}))
    return "DELETE", "buckets/" + made["id"], {}


@case()
def bucket_list(house):
    return "GET", "buckets?include=attributes,metadata", {}


@case()
def metadata_set(house):
    return "POST", "buckets/%s/metadata" % house.bucket, {"json": {"provider": "user", "metadata": [{"key": "k", "value": house.name()}]}}


@case(state=files)
def file_prepare(house):
    return "POST", "files/prepare", {"json": {"name": "x.csv", "federationToken": True, "tags": ["a", "b"], "sizeBytes": 5}}


def prepared(house):
    made = house.made(house.api.post("files/prepare", json={"name": "x.csv", "federationToken": True, "sizeBytes": 5}))
    where = made["absUploadParams"]
    parts = dict(p.split("=", 1) for p in where["absCredentials"]["SASConnectionString"].split(";"))
    return "%s/%s/%s?" % (urllib.parse.urlsplit(parts["BlobEndpoint"]).path, where["container"], where["blobName"]), parts["SharedAccessSignature"]


@case()
def blob_upload(house):
    return "PUT", "".join(prepared(house)), {"data": "a,b,c", "headers": {"x-ms-blob-type": "BlockBlob"}}


@case()
def blob_blocks(house):
    path, signature = prepared(house)
    status, _ = house.send(("PUT", path + "comp=block&blockid=AAAA&" + signature, {"data": "a,b,c"}))
    assert status == 201
    return "PUT", path + "comp=blocklist&" + signature, {"data": "<BlockList><Latest>AAAA</Latest></BlockList>"}


@case()
def file_detail(house):
    return "GET", "files/%d?federationToken=1" % house.file, {}


@case()
def file_list(house):
    return "GET", "files?limit=10&q=name:x", {}


@case(state=files)
def file_tag(house):
    return "POST", "files/%d/tags" % house.file, {"json": {"tag": house.name()}}


@case(state=files)
def file_delete(house):
    return "DELETE", "files/%d" % house.api.upload("a\n1\n"), {}


@case(state=tables, job=True)
def table_create(house):
    return "POST", "buckets/%s/tables-async" % house.bucket, {"json": {"name": house.name(), "dataFileId": house.file, "primaryKey": "id"}}


@case(job=True)
def table_import(house):
    return "POST", "tables/%s/import-async" % house.table, {"json": {"dataFileId": house.file}}


@case(job=True)
def table_import_incremental(house):
    return "POST", "tables/%s/import-async" % house.table, {"json": {"dataFileId": house.file, "incremental": True}}


@case()
def table_preview(house):
    return "GET", "tables/%s/data-preview?limit=20&whereColumn=name&whereValues[]=name%%207" % house.table, {}


@case()
def table_preview_json(house):
    return "GET", "tables/%s/data-preview?limit=20&format=json" % house.table, {}


@case(job=True)
def table_export(house):
    return "POST", "tables/%s/export-async" % house.table, {"json": {"columns": ["id"], "gzip": True}}


@case()
def table_detail(house):
    return "GET", "tables/%s" % house.table, {}


@case()
def table_list(house):
    return "GET", "tables?include=columns,buckets,metadata", {}


@case(state=tables, job=True)
def table_column(house):
    return "POST", "tables/%s/columns" % house.table, {"json": {"name": house.name()}}


@case(state=tables, job=True)
def table_delete(house):
    job = house.api.wait(house.api.post("buckets/%s/tables-async" % house.bucket, json={"name": house.name(), "dataFileId": house.file}))
    return "DELETE", "tables/%s" % job["results"]["id"], {}


@case(job=True)
def rows_delete(house):
    return "DELETE", "tables/%s/rows" % house.table, {"json": {"whereFilters": [{"column": "name", "values": ["nobody"]}]}}


@case()
def events_list(house):
    return "GET", "events?limit=30", {}


@case()
def events_search(house):
    return "GET", "events?limit=10&q=" + urllib.parse.quote("event:storage.tokenCreated OR (component:sweep AND NOT type:error)"), {}


@case(state=posted)
def event_post(house):
    return "POST", "events", {"json": {"component": "sweep", "message": house.name(), "params": {"a": [1, 2]}, "results": {"b": {}}}}


@case(state=configs)
def config_create(house):
    return "POST", "components/wr-db/configs", {"json": {"name": house.name(), "configuration": {"a": [1, {"b": 2}]}}}


@case(state=configs)
def config_update(house):
    return "PUT", "components/wr-db/configs/%s" % house.config, {"json": {"configuration": {"n": house.name()}, "changeDescription": "c"}}


@case(state=configs)
def config_row(house):
    return "POST", "components/wr-db/configs/%s/rows" % house.config, {"json": {"name": house.name(), "configuration": {"y": 1}}}


@case()
def config_list(house):
    return "GET", "components/wr-db/configs", {}


@case()
def config_versions(house):
    return "GET", "components/wr-db/configs/%s/versions" % house.config, {}


@case()
def components(house):
    return "GET", "components?include=configuration,rows", {}


@case(state=triggers)
def trigger_create(house):
    return "POST", "triggers", {"json": {"runWithTokenId": int(house.token["id"]), "component": "orchestrator", "configurationId": house.name(),
                                         "coolDownPeriodMinutes": 20, "tableIds": [house.table]}}


@case()
def search(house):
    return "GET", "global-search?query=sweep", {}


@case()
def index(house):
    return "GET", "/v2/storage?exclude=components", {}


@case(state=managed)
def manage_project(house):
    return "PUT", "/manage/projects/%d" % house.server.project_id, {"json": {"name": house.name()}}


@case()
def manage_projects(house):
    return "GET", "/manage/organizations/%d/projects" % house.server.organization_id, {}


@case(state=managed)
def manage_organization(house):
    return "PATCH", "/manage/organizations/%d" % house.server.organization_id, {"json": {"name": house.name()}}


@case(state=members)
def manage_invite(house):
    return "POST", "/manage/projects/%d/invitations" % house.server.project_id, {"json": {"email": house.name() + "@example.com"}}


@case(state=members)
def manage_member(house):
    return "POST", "/manage/projects/%d/users" % house.server.project_id, {"json": {"email": house.name() + "@example.com", "role": "guest"}}


@case()
def manage_token_verify(house):
    return "GET", "/manage/tokens/verify", {}


@case(state=tokens)
def manage_project_token(house):
    return "POST", "/manage/projects/%d/tokens" % house.server.project_id, {"json": {"description": house.name()}}


@case()
def sign_in(house):
    return "POST", "/auth/login", {"json": {"email": EMAIL, "password": PASSWORD}}


@case(wanted=(404,))
def not_there(house):
    return "GET", "/nothing/of/the/kind", {}


# --- the sweep --------------------------------------------------------------------------------------------------------------------


def shape(value):
    """What an answer is made of, without its values: members that are missing show."""
    if isinstance(value, dict):
        return {key: shape(v) for key, v in value.items() if key not in ("exceptionId",)}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def same_shape(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_shape(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return not a or not b or same_shape(a[0], b[0])
    return a == b or "NoneType" in (a, b)  # a job's result is there or not yet


class Sweep:
    """One request; runs it with each allocation failing, as many as wanted."""

    def __init__(self, house, name):
        self.house, self.name = house, name
        self.prepare, self.state, self.is_job, self.wanted = CASES[name]
        self.statuses = {}
        self.lost_commits = 0

    def job_ended(self, body):
        self.house.memory.quiet()
        self.house.memory.stop()
        return self.house.api.wait(FakeAnswer(body))

    def plain(self):
        """Without failures; how many allocations it took."""
        request = self.prepare(self.house)
        self.house.memory.count()
        status, body = self.house.send(request)
        assert status in self.wanted, (status, body)
        if self.is_job and status == 202:
            job = self.job_ended(body)
            assert job["status"] == "success", job
        seen = self.house.memory.seen
        self.house.memory.stop()
        self.shape = shape(body)
        return seen

    def once(self, mode, number, tells=False):
        """One run; True when an allocation failed."""
        house = self.house
        request = self.prepare(house)
        before = self.state(house) if self.state else None
        house.memory.fail(mode, number, tells)
        where = "%s, %s %d" % (self.name, "from" if mode == FROM else "once", number)
        try:
            status, body = house.send(request)
            done = status in self.wanted
            if status == 202 and self.is_job:
                job = self.job_ended(body)
                done = job["status"] == "success"
                assert done or job["error"]["message"], (where, job)
        except TimeoutError:
            status = "none"
        failed = house.memory.stop()
        assert house.server.process.poll() is None, "%s: the server ended\n%s" % (where, house.server.log()[-3000:])
        assert status != "none", "%s: no answer" % where
        self.statuses[status] = self.statuses.get(status, 0) + 1
        assert status is None or status in self.wanted or (status >= 400 and failed), (where, status, body)
        if done:
            assert same_shape(shape(body), self.shape), (where, shape(body), self.shape)
        elif status not in (None, 202):
            assert isinstance(body, bytes) or ("error" in body and body["exceptionId"]), (where, body)
        self.well_again(where)
        if self.state and status is not None:
            after = self.state(house)
            if body and after != before and not done and self.house.server.engine and "reach its database" in str(body):
                self.lost_commits += 1  # the database's answer to a commit was lost: neither acknowledged nor repeated
            else:
                assert (after != before) == done, (where, status, body, before, after)
        return failed > 0

    def well_again(self, where):
        answer = self.house.api.get("tokens/verify")
        assert answer.status_code == 200, (where, answer.text)

    def all(self, mode, step=1, first=1):
        number = first
        while self.once(mode, number):
            number += step
        return number


class FakeAnswer:
    status_code = 202

    def __init__(self, body):
        self.body = body

    def json(self):
        return self.body


POINTS = size("MEMORY_POINTS", 2)  # how many allocations of each request fail; SOAK_MEMORY_POINTS=1000000: all
FEW = 40  # at most, where a failure is an attempt that is counted, or starts a process


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    return build_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="module")
def houses(shim, tmp_path_factory):
    """houses(engine) is the same for all tests, unless it was lost."""
    made = {}

    def give(engine):
        house = made.get(bool(engine))
        if not house or house.server.process.poll() is not None:
            memory = Memory(tmp_path_factory.mktemp("memory") / "control")
            house = made[bool(engine)] = House(Server(engine=engine and engine(), environment=memory.environment(shim)).start(), memory)
        return house

    yield give
    for house in made.values():
        house.server.close()


def points(count, most):
    """Up to most numbers of allocations, spread from the first to a little after the last."""
    return range(1 + count // (2 * most), count + 2, max(1, count // most))


def sweep(house, name, most):
    made = Sweep(house, name)
    made.plain()
    count = made.plain()
    for mode in (ONCE, FROM):
        for number in points(count, most if mode == ONCE else max(1, most // 3)):
            if not made.once(mode, number):
                break
    print("%s: %d allocations, %s" % (name, count, made.statuses))


@pytest.mark.parametrize("name", CASES)
def test_memory_that_fails_at_any_point_of_a_request(houses, name):
    sweep(houses(None), name, min(POINTS, FEW) if name == "sign_in" else POINTS)


ON_POSTGRES = ["verify", "token_create", "verify_new", "token_refresh", "bucket_create", "table_import", "event_post", "config_update", "token_list"]


@pytest.mark.parametrize("name", ON_POSTGRES)
def test_memory_that_fails_at_any_point_on_postgres(houses, cluster, name):
    if POINTS < 10 and name not in ON_POSTGRES[:2]:
        pytest.skip("only in the soak")
    sweep(houses(cluster.new_database), name, POINTS if POINTS > 10 else 1)
