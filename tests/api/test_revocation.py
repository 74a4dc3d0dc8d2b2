"""R13 over HTTP: whatever ends or changes a token holds for every request sent after the answer, on every server and connection."""
import concurrent.futures
import http.client
import json
import os
import threading
import time

import pytest
import requests

from conftest import ENGINE, unique
from support.browser import Browser, totp
from support.server import PASSWORD, Api, Server, assert_error

VERIFIERS = 16
REFRESHES = int(os.environ.get("SOAK_REFRESHES", "150"))


@pytest.fixture(scope="module")
def servers(server, cluster):
    """One server, or two on one database."""
    if not cluster:
        yield [server]
        return
    second = Server(engine=server.engine, data=server.data, initialise=False)
    second.log_path += ".2"
    second.port_name = "port.2"
    second.start()
    yield [server, second]
    second.stop()


@pytest.fixture(scope="module")
def apis(servers, server):
    return [Api(s.url, server.master) for s in servers]


def test_R13_no_old_string_passes_after_the_answer(apis):
    token = apis[0].post("tokens", json={"description": unique("t")}).json()
    current, lock, stop, wrong, checks = [token["token"]], threading.Lock(), threading.Event(), [], [0, 0]

    def verifier(number):
        api = Api(apis[number % len(apis)].url)
        while not stop.is_set():
            with lock:
                newest, older = current[-1], current[-2:-1]
            if older and api.get("tokens/verify", token=older[0]).status_code != 401:
                wrong.append(older[0])
            status = api.get("tokens/verify", token=newest).status_code
            checks[status == 200] += 1
            if status != 200:
                with lock:
                    if current[-1] == newest and not busy.is_set():
                        wrong.append(newest)

    busy = threading.Event()
    threads = [threading.Thread(target=verifier, args=(n,)) for n in range(VERIFIERS)]
    for thread in threads:
        thread.start()
    for number in range(REFRESHES):
        busy.set()
        answer = apis[number % len(apis)].post("tokens/%s/refresh" % token["id"], token=current[-1])
        with lock:
            current.append(answer.json()["token"])
            busy.clear()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and checks[True] > 0


@pytest.mark.parametrize("change", ["delete", "disable", "permission", "address"])
def test_R13_changes_hold_everywhere_at_once(apis, make_bucket, change):
    bucket = make_bucket()
    for first, other in ((apis[0], apis[-1]), (apis[-1], apis[0])):
        token = first.post("tokens", json={"bucketPermissions": {bucket: "read"}}).json()
        path = "tokens/%s" % token["id"]
        for api in apis:
            for _ in range(3):
                assert api.get("buckets/%s" % bucket, token=token["token"]).status_code == 200
                assert bucket in api.get("tokens/verify", token=token["token"]).text
        if change == "delete":
            assert first.delete(path).status_code == 204
        elif change == "disable":
            assert first.post(path + "/disable").status_code == 200
        elif change == "address":
            assert first.put(path, json={"allowedAddresses": ["192.0.2.1"]}).status_code == 200
        else:
            assert first.put(path, json={"bucketPermissions": {}}).status_code == 200
            assert bucket not in other.get("tokens/verify", token=token["token"]).text
        for api in (other, first):
            assert api.get("buckets/%s" % bucket, token=token["token"]).status_code in (401, 403)


def test_R13_a_new_bucket_shows_at_once_everywhere(apis, server):
    for first, other in ((apis[0], apis[-1]), (apis[-1], apis[0])):
        for api in apis:
            api.get("tokens/verify")
        bucket = first.post("buckets", json={"name": unique("new"), "stage": "in"}).json()["id"]
        for api in (other, first):
            assert api.get("tokens/verify").json()["bucketPermissions"][bucket] == "manage"
        assert first.delete("buckets/%s" % bucket).status_code == 204
        for api in (other, first):
            assert bucket not in api.get("tokens/verify").json()["bucketPermissions"]


def test_R13_rights_of_a_deleted_bucket_do_not_come_back(apis):
    api, name = apis[0], unique("again")
    bucket = api.post("buckets", json={"name": name, "stage": "in"}).json()["id"]
    token = api.post("tokens", json={"bucketPermissions": {bucket: "write"}}).json()
    assert api.delete("buckets/%s" % bucket).status_code == 204
    assert api.post("buckets", json={"name": name, "stage": "in"}).json()["id"] == bucket
    for each in apis:
        assert_error(each.get("buckets/%s" % bucket, token=token["token"]), 403, "accessDenied")
        assert each.get("tokens/verify", token=token["token"]).json()["bucketPermissions"] in ({}, [])


def test_R13_keep_alive_connections_know_it_too(apis):
    session = requests.Session()
    token = apis[0].post("tokens", json={}).json()
    url, headers = apis[-1].url + "/v2/storage/tokens/verify", {"X-StorageApi-Token": token["token"]}
    assert session.get(url, headers=headers).status_code == 200
    assert apis[0].post("tokens/%s/refresh" % token["id"]).status_code == 200
    assert session.get(url, headers=headers).status_code == 401


@pytest.mark.skipif(ENGINE != "sqlite", reason="holds the embedded database")
@pytest.mark.parametrize("method,path,body", [("PUT", "tables/%s.t", {"displayName": "mine"}), ("DELETE", "tables/%s.t", None),
                                              ("DELETE", "buckets/%s?force=1", None), ("PUT", "buckets/%s", {"color": "red"}),
                                              ("POST", "tokens", {"description": "for %s"})])
def test_R13_a_call_that_waited_has_the_permissions_of_the_moment(server, api, in_a_row, make_bucket, method, path, body):
    bucket = make_bucket()
    assert api.post("buckets/%s/tables" % bucket, json={"name": "t", "dataString": "id\n1\n"}).status_code == 201
    if path.startswith("tables/"):
        made = api.post("tokens", json={"bucketPermissions": {bucket: "write"}}).json()
        token, weaken = made["token"], lambda: Api(server.url, server.master).put("tokens/" + made["id"], json={"bucketPermissions": {bucket: "read"}})
    else:
        made = server.user("admin", unique("waits") + "@example.com")
        token = made["masterToken"]
        weaken = lambda: Api(server.url, None, server.manage).patch(  # noqa: E731
            "/manage/projects/%d/users/%d" % (server.project_id, made["userId"]), json={"role": "readOnly"})
    path = path % bucket if "%" in path else path
    weakened, answer = in_a_row(weaken, lambda: Api(server.url).call(method, path, token=token, json=body))
    assert weakened.status_code == 200, weakened.text
    assert_error(answer, 403, "accessDenied")
    assert api.get("tables/%s.t" % bucket).json()["displayName"] == "t" and api.get("buckets/" + bucket).json()["color"] is None


@pytest.fixture(scope="module")
def small(new_server):
    """A server that has no room for the large tokens below: what is known of one is known to its calls alone."""
    return new_server(arguments=["--index-max-bytes", "1048576"])


LARGE = ["%03d." % i + "x" * 200 for i in range(200)]


@pytest.mark.skipif(ENGINE != "sqlite", reason="holds the embedded database")
def test_R14_a_call_that_waited_is_recorded_as_its_token_is_now(small, in_a_row):
    api, name = Api(small.url, small.master), unique("renamed")
    bucket = api.post("buckets", json={"name": unique("b"), "stage": "in"}).json()["id"]
    assert api.post("buckets/%s/tables" % bucket, json={"name": "t", "dataString": "id\n1\n"}).status_code == 201
    token = api.post("tokens", json={"description": unique("old"), "componentAccess": LARGE, "bucketPermissions": {bucket: "write"}}).json()
    renamed, answer = in_a_row(lambda: api.put("tokens/" + token["id"], json={"description": name}), lambda: Api(small.url, token["token"]).put(
        "tables/%s.t" % bucket, json={"displayName": "mine"}), of=small)
    assert renamed.status_code == answer.status_code == 200, answer.text
    event = [e for e in api.get("tables/%s.t/events" % bucket).json() if e["event"] == "storage.tableUpdated"][0]
    assert event["token"] == {"id": token["id"], "name": name}


@pytest.mark.skipif(ENGINE != "sqlite", reason="holds the embedded database")
def test_R14_a_string_that_died_while_its_call_waited_is_recorded_as_whose_it_was(small, in_a_row):
    api = Api(small.url, small.master)
    token = api.post("tokens", json={"description": unique("dies"), "componentAccess": LARGE}).json()
    path = "tokens/%s/refresh" % token["id"]
    refreshed, answer = in_a_row(lambda: api.post(path), lambda: Api(small.url, token["token"]).post(path), of=small)
    assert refreshed.status_code == 200
    assert_error(answer, 401)
    event = [e for e in api.get("tokens/%s/events" % token["id"]).json() if e["outcome"] == "refused"][0]
    assert event["token"] == {"id": token["id"], "name": token["description"]}


def test_R14_a_string_that_died_while_its_body_came_is_recorded_as_whose_it_was(server, api, make_token):
    """Its token is found when the head of so large a call has come, and is another one when all of it has."""
    token = make_token(description=unique("dies"))
    body = json.dumps({"component": "c", "message": "m", "description": "x" * 150000}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest("POST", "/v2/storage/events")
    for header in {"X-StorageApi-Token": token["token"], "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
        connection.putheader(*header)
    connection.endheaders()
    connection.send(body[:1000])
    time.sleep(0.5)
    assert api.post("tokens/%s/refresh" % token["id"]).status_code == 200
    connection.send(body[1000:])
    assert connection.getresponse().status == 401
    connection.close()
    event = [e for e in api.get("tokens/%s/events" % token["id"]).json() if e["outcome"] == "refused"][0]
    assert event["token"] == {"id": token["id"], "name": token["description"]}


@pytest.mark.skipif(ENGINE != "sqlite", reason="holds the embedded database")
@pytest.mark.parametrize("method,path,body", [("PUT", "tables/%s.t", {"displayName": "mine"}), ("DELETE", "tables/%s.t", None),
                                              ("DELETE", "buckets/%s?force=1", None), ("PUT", "buckets/%s", {"color": "red"})])
def test_R14_a_change_that_waited_names_its_token(server, api, in_a_row, make_bucket, make_token, method, path, body):
    """What was known of the token is given back when it is looked up again: the event has the name of the moment."""
    bucket = make_bucket()
    assert api.post("buckets/%s/tables" % bucket, json={"name": "t", "dataString": "id\n1\n"}).status_code == 201
    made, name = make_token(canManageBuckets=True), unique("the name of the moment, as long as the memory that it may get ")
    renamed, answer = in_a_row(lambda: Api(server.url, server.master).put("tokens/" + made["id"], json={"description": name}),
                               lambda: Api(server.url).call(method, path % bucket, token=made["token"], json=body))
    assert renamed.status_code == 200 and answer.status_code < 300, answer.text
    events = [e for e in api.get("events", params={"q": "token.id:" + made["id"]}).json() if e["objectType"] in ("bucket", "table")]
    assert events and {e["token"]["name"] for e in events} == {name}, events


@pytest.mark.skipif(ENGINE != "sqlite", reason="holds the embedded database")
@pytest.mark.parametrize("change", ["password", "totp/disable"])
def test_R13_a_session_that_ended_meanwhile_changes_no_way_in(server, in_a_row, change):
    address = unique("leaves") + "@example.com"
    server.user("admin", address)
    browser = Browser(server)
    assert browser.sign_in(address).status_code == 200
    assert browser.post("/auth/totp/enable", {"code": totp(browser.post("/auth/totp/setup").json()["secret"])}).status_code == 200
    other = Browser(server)
    other.session.cookies.update(browser.session.cookies)
    other.csrf = browser.csrf
    left, answer = in_a_row(lambda: other.delete("/auth/session"),
                            lambda: browser.post("/auth/" + change, {"current": PASSWORD, "new": "another one of mine", "password": PASSWORD}))
    assert left.status_code == 204 and answer.status_code == 401, (left.text, answer.text)
    assert Browser(server).sign_in(address).json()["code"] == "auth.secondFactorRequired"


@pytest.mark.skipif(ENGINE != "sqlite", reason="holds the embedded database")
@pytest.mark.parametrize("end,status", [("delete", 401), ("disable", 401), ("refresh", 401), ("address", 403), ("permission", 403), ("expire", 401),
                                        ("project", 403)])
def test_R13_a_write_that_waited_is_not_made_any_more(server, api, in_a_row, end, status):
    project = api.post("/manage/organizations/%d/projects" % server.organization_id, json={"name": unique("waits")}).json()["id"]
    admin = Api(server.url, server.user("admin", unique("boss") + "@example.com", project=project)["masterToken"], server.manage)
    bucket = admin.post("buckets", json={"name": unique("b"), "stage": "in"}).json()["id"]
    life = {"expiresIn": 2} if end == "expire" else {}
    made = admin.post("tokens", json={"bucketPermissions": {bucket: "write"}, **life}).json()
    ends = {"delete": lambda: admin.delete("tokens/" + made["id"]), "disable": lambda: admin.post("tokens/%s/disable" % made["id"]),
            "refresh": lambda: admin.post("tokens/%s/refresh" % made["id"]),
            "address": lambda: admin.put("tokens/" + made["id"], json={"allowedAddresses": ["192.0.2.1"]}),
            "permission": lambda: admin.put("tokens/" + made["id"], json={"bucketPermissions": {bucket: "read"}}),
            "project": lambda: admin.post("/manage/projects/%d/disabled" % project, json={"isDisabled": True, "reason": "closed"})}
    metadata = {"provider": "waits", "metadata": [{"key": "k", "value": "v"}]}
    write = lambda: Api(server.url).post("buckets/%s/metadata" % bucket, token=made["token"], json=metadata)  # noqa: E731
    *ended, answer = in_a_row(*([ends[end]] if end in ends else []), write, seconds=2 if end == "expire" else 0)
    assert all(e.status_code < 300 for e in ended)
    assert_error(answer, status)
    if end != "project":
        assert admin.get("buckets/%s/metadata" % bucket).json() == []


@pytest.mark.skipif(ENGINE != "sqlite", reason="holds the embedded database")
@pytest.mark.parametrize("end", ["delete", "refresh", "disable", "expire", "session"])
def test_R13_a_management_call_that_waited_is_not_made_any_more(server, api, in_a_row, end):
    address = unique("manager") + "@example.com"
    user = server.user("admin", address)["userId"]
    browser, other = Browser(server), Browser(server)
    assert browser.sign_in(address).status_code == other.sign_in(address).status_code == 200
    made = browser.post("/manage/current-user/tokens", {"description": "t", **({"expiresIn": 2} if end == "expire" else {})}).json()
    mine = "/manage/current-user/tokens/%d" % made["id"]
    more = {"description": "more"}
    if end == "session":
        again = Browser(server)
        again.session.cookies.update(browser.session.cookies)
        again.csrf = browser.csrf
        calls = [lambda: again.delete("/auth/session"), lambda: browser.post("/manage/current-user/tokens", more)]
    else:
        by_token = lambda method, path, body=None: Api(server.url, None, made["token"]).call(method, path, json=body)  # noqa: E731
        ends = {"delete": lambda: by_token("DELETE", mine), "refresh": lambda: by_token("POST", mine + "/refresh"),
                "disable": lambda: Api(server.url, None, server.manage).put("/manage/users/%d" % user, json={"isDisabled": True})}
        calls = ([ends[end]] if end in ends else []) + [lambda: by_token("POST", "/manage/current-user/tokens", more)]
    *ended, answer = in_a_row(*calls, seconds=2 if end == "expire" else 0)
    assert all(e.status_code < 300 for e in ended), ended[0].text
    assert_error(answer, 401)
    if end == "disable":
        assert_error(Api(server.url, None, made["token"]).get("/manage/tokens/verify"), 401)
    else:
        assert "more" not in [t["description"] for t in other.get("/manage/current-user/tokens").json()]


# Every kind of job: the call that starts it; what is left to its token meanwhile.
JOBS = [("POST", "tables/{table}/import-async", {"dataFileId": "FILE"}, "read"), ("POST", "buckets/{bucket}/tables-async", {"name": "more", "dataFileId": "FILE"}, "read"),
        ("POST", "buckets/{bucket}/tables-definition", {"name": "more", "columns": [{"name": "id"}]}, "read"),
        ("DELETE", "tables/{table}/rows", {"whereColumn": "id", "whereValues": ["1"]}, "read"), ("POST", "tables/{table}/snapshots", {"description": "s"}, "read"),
        ("DELETE", "snapshots/{snapshot}", None, "read"),
        ("PUT", "tables/{table}", {"displayName": "other", "async": True}, "read"), ("DELETE", "tables/{table}?async=1", None, "read"),
        ("POST", "tables/{table}/columns", {"name": "more"}, "read"), ("DELETE", "tables/{table}/columns/name", None, "read"),
        ("POST", "tables/{bucket}.plain/primary-key", {"columns": ["id"]}, "read"), ("DELETE", "tables/{table}/primary-key", None, "read"),
        ("PUT", "tables/{table}/definition", {"description": "mine"}, "read"), ("PUT", "tables/{table}/columns/name/definition", {"description": "mine"}, "read"),
        ("POST", "tables/{table}/optimize", None, "read"), ("POST", "tables/{table}/export-async", {}, None),
        ("PUT", "buckets/{bucket}", {"color": "red", "async": True}, "readOnly"), ("DELETE", "buckets/{bucket}?force=1&async=1", None, "readOnly"),
        ("POST", "dev-branches", {"name": "UNIQUE"}, "readOnly"), ("DELETE", "dev-branches/{branch}", None, "readOnly"),
        ("DELETE", "files/{file}?async=1", None, "readOnly")]


@pytest.mark.skipif(ENGINE != "sqlite", reason="holds the embedded database")
@pytest.mark.parametrize("method,path,body,left", JOBS, ids=["%s %s" % job[:2] for job in JOBS])
def test_R10_a_job_that_waited_has_the_permissions_of_the_moment(server, api, in_a_row, make_bucket, method, path, body, left):
    names = {"bucket": make_bucket()}
    names["table"] = names["bucket"] + ".t"
    for name, key in (("t", "id"), ("plain", "")):
        made = api.post("buckets/%s/tables" % names["bucket"], json={"name": name, "primaryKey": key, "dataString": "id,name\n1,a\n"})
        assert made.status_code == 201, made.text
    if left == "readOnly":
        made = server.user("admin", unique("starts") + "@example.com")
        token = made["masterToken"]
        weaken = lambda: Api(server.url, None, server.manage).patch(  # noqa: E731
            "/manage/projects/%d/users/%d" % (server.project_id, made["userId"]), json={"role": "readOnly"})
    else:
        made = api.post("tokens", json={"bucketPermissions": {names["bucket"]: "write"}}).json()
        token = made["token"]
        weaken = lambda: Api(server.url, server.master).put("tokens/" + made["id"], json={"bucketPermissions": {names["bucket"]: left} if left else {}})  # noqa: E731
    names["file"] = api.upload("id,name\n2,b\n", token=token)
    if "{branch}" in path:
        names["branch"] = api.wait(api.post("dev-branches", token=token, json={"name": unique("branch")}))["results"]["id"]
    if "{snapshot}" in path:
        names["snapshot"] = api.wait(api.post("tables/%s/snapshots" % names["table"], json={}))["results"]["id"]
    if body:
        body = {key: names["file"] if value == "FILE" else unique("u") if value == "UNIQUE" else value for key, value in body.items()}
    started, weakened = in_a_row(lambda: Api(server.url).call(method, path.format(**names), token=token, json=body), weaken)
    assert weakened.status_code == 200, weakened.text
    job = api.wait(started)
    assert job["status"] == "error" and job["error"]["code"] == "accessDenied", job
    assert api.get("files/%d" % names["file"]).status_code == 200 and api.get("buckets/" + names["bucket"]).json()["color"] is None
    assert "snapshot" not in names or api.get("snapshots/%d" % names["snapshot"]).status_code == 200
    table = api.get("tables/" + names["table"]).json()
    assert table["displayName"] == "t" and table["rowsCount"] == 1 and table["columns"] == ["id", "name"] and table["primaryKey"] == ["id"], table
