"""Writes that wait together share a transaction of the embedded engine: one that fails is undone alone, and the others are made once."""
import concurrent.futures
import os
import re
import sqlite3
import time

import pytest

from conftest import ENGINE, unique
from support.browser import Browser
from support.server import Api, assert_error
from test_replay import alive, call_once

pytestmark = pytest.mark.skipif(ENGINE != "sqlite", reason="holds the embedded database")


@pytest.fixture
def beside_a_failing_one(api, in_a_row):
    """Makes the calls in one transaction, in their order, the last place of which has a call that fails; their answers."""
    def run(*calls):
        first, *answers, failed = in_a_row(lambda: api.post("tokens", json={"description": unique("first")}), *calls,
                                           lambda: api.delete("tokens/999999999"))
        assert first.status_code == 201
        assert_error(failed, 404)
        return answers
    return run


def events_of(api, name, object_id):
    return len([e for e in api.get("events?limit=100").json() if e["event"] == name and e["objectId"] == str(object_id)])


def test_R14_each_is_made_and_recorded_once(api, make_bucket, make_token, beside_a_failing_one):
    bucket, old = make_bucket(), make_token()
    calls = [("tokens", {"description": unique("made")}, "tokenCreated"), ("tokens/%s/refresh" % old["id"], None, "tokenRefreshed"),
             ("files/prepare", {"name": "a.csv"}, "fileCreated"), ("buckets", {"name": unique("made"), "stage": "in"}, "bucketCreated"),
             ("buckets/%s/tables" % bucket, {"name": "one", "dataString": "id\n1\n"}, "tableCreated")]
    answers = beside_a_failing_one(*[lambda call=call: api.post(call[0], json=call[1]) for call in calls])
    for answer, (path, _, event) in zip(answers, calls):
        assert answer.status_code < 300, (path, answer.text)
        assert events_of(api, "storage." + event, answer.json()["id"]) == 1, path
    made, renewed, file = (answer.json() for answer in answers[:3])
    assert alive(api, made["token"]) and alive(api, renewed["token"]) and not alive(api, old["token"])
    later = api.post("files/prepare", json={"name": "b.csv"}).json()
    assert later["id"] not in (file["id"], api.get("tables/%s.one" % bucket).json()["id"])
    assert api.post("buckets/%s/tables" % bucket, json={"name": "two", "dataString": "id\n1\n"}).status_code == 201


def test_R13_a_neighbour_that_weakens_is_heeded(server, api, make_bucket, make_token, beside_a_failing_one):
    bucket = make_bucket()
    assert api.post("buckets/%s/tables" % bucket, json={"name": "t", "dataString": "id\n1\n"}).status_code == 201
    token, boss = make_token(bucketPermissions={bucket: "write"}), server.user("admin", unique("boss") + "@example.com")
    weakened, demoted, deleted, made = beside_a_failing_one(
        lambda: api.put("tokens/" + token["id"], json={"bucketPermissions": {bucket: "read"}}),
        lambda: Api(server.url, None, server.manage).patch("/manage/projects/%d/users/%d" % (server.project_id, boss["userId"]),
                                                           json={"role": "readOnly"}),
        lambda: api.delete("tables/%s.t" % bucket, token=token["token"]),
        lambda: api.post("tokens", token=boss["masterToken"], json={"description": "more"}))
    assert weakened.status_code == demoted.status_code == 200
    assert_error(deleted, 403)
    assert_error(made, 403)
    assert api.get("tables/%s.t" % bucket).status_code == 200


def test_R13_a_lost_refresh_is_answered_again_beside_it(api, server, make_token, lossy, beside_a_failing_one):
    token = make_token()
    path = "tokens/%s/refresh" % token["id"]
    assert call_once(lossy(0).port, path, token["token"]) is None
    [(status, answer)] = beside_a_failing_one(lambda: call_once(server.port, path, token["token"]))
    assert status == 200 and alive(api, answer["token"])
    assert call_once(server.port, path, token["token"])[0] == 401
    assert events_of(api, "storage.tokenReplayed", token["id"]) == 1


def test_each_event_is_counted_once(server, api, beside_a_failing_one):
    def counted():
        return float(re.search(r"^chatelaine_events_total (\S+)$", Api(server.url).get("/metrics").text, re.M).group(1))
    before = counted()
    beside_a_failing_one(lambda: api.post("tokens", json={"description": unique("counted")}))
    assert counted() == before + 2


def test_what_is_refused_once_is_refused_when_it_runs_again(api, make_bucket, beside_a_failing_one):
    path = "buckets/%s/metadata" % make_bucket()
    body = {"provider": "user", "metadata": {"key": "k", "value": "v"}}
    assert_error(*beside_a_failing_one(lambda: api.post(path, json=body)), 400, "storage.metadata.invalidStructure")
    assert api.get(path).json() == []


def test_R13_a_create_that_waited_for_a_lost_reply_is_judged_anew(server, in_a_row):
    boss = server.user("admin", unique("waits") + "@example.com")
    name, clients = unique("again"), [Api(server.url, boss["masterToken"]) for _ in range(2)]
    create = lambda client: lambda: client.post("tokens", json={"description": name})  # noqa: E731
    made, again, demoted = in_a_row(create(clients[0]), create(clients[1]), lambda: Api(server.url, None, server.manage).patch(
        "/manage/projects/%d/users/%d" % (server.project_id, boss["userId"]), json={"role": "readOnly"}))
    assert made.status_code == 201 and demoted.status_code == 200
    assert_error(again, 403)
    assert len([t for t in Api(server.url, server.master).get("tokens").json() if t["description"] == name]) == 1


def test_R16_a_password_that_changed_while_it_was_checked_opens_nothing(server, api):
    """The change is made here: it has to fall between the two transactions of one sign-in."""
    address, other = unique("signs.in") + "@example.com", unique("other") + "@example.com"
    for each in (address, other):
        server.user("guest", each)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for _ in range(20):
            database = sqlite3.connect(os.path.join(server.data, "chatelaine.db"), timeout=60, isolation_level=None)
            login = pool.submit(Browser(server).sign_in, address)
            while not database.execute("SELECT 1 FROM attempts WHERE name = ?", ["account:" + address]).fetchall() and not login.done():
                time.sleep(0.001)
            database.execute("BEGIN IMMEDIATE")
            begun = database.execute("SELECT 1 FROM attempts WHERE name = ?", ["account:" + address]).fetchall()
            if begun and not login.done():
                break
            database.execute("ROLLBACK")
            login.result()
        others = [pool.submit(api.post, "tokens", json={"description": unique("first")})]
        time.sleep(1)
        others.append(pool.submit(Api(server.url, server.master).delete, "tokens/999999999"))
        time.sleep(0.5)
        assert not login.done()
        database.execute("UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = ?) WHERE email = ?", [other, address])
        database.execute("COMMIT")
        database.close()
        assert [call.result().status_code for call in others] == [201, 404]
        answer = login.result()
    assert answer.status_code == 401 and "Set-Cookie" not in answer.headers, answer.text
    assert Browser(server).sign_in(address).status_code == 200
