"""Events: posted, listed, searched; who sees which (behaviour.md §3, R14, R15)."""
import json
import os
import re
import sqlite3
import time
import uuid

import pytest

from conftest import ENGINE, unique
from support.server import Api, assert_error, run

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$")


def post(api, message=None, component="test.component", **body):
    token = body.pop("token", None)
    made = api.post("events", json={"component": component, "message": message or unique("message-"), **body}, token=token)
    assert made.status_code == 201, made.text
    return made.json()["uuid"]


def listed(api, path="events", token=None, **params):
    response = api.get(path, params=params, token=token)
    assert response.status_code == 200, response.text
    return response.json()


def ids(events):
    return [e["uuid"] for e in events]


# --- posting ---------------------------------------------------------------------------------------------------------------------

def test_posted_event_is_there_at_once(api, server):
    made = api.post("events", json={"component": "ex-sfdc", "configurationId": "sys.c-sfdc.account-01", "message": "Done", "type": "success",
                                    "description": "All of it", "params": {"a": {"b": [1]}}, "results": {"rows": 3}, "duration": 5.5,
                                    "runId": "77.1"}, headers={"User-Agent": "tester/1", "X-User-Agent": "behind/2"})
    assert made.status_code == 201 and UUID.match(made.json()["uuid"]) and made.json()["id"]
    event = api.get("events/" + made.json()["uuid"]).json()
    assert set(event) >= {"id", "uuid", "event", "component", "message", "description", "type", "runId", "created", "configurationId",
                          "objectId", "objectName", "objectType", "context", "params", "results", "performance", "token", "idBranch", "uri",
                          "attachments"}
    assert event["event"] == "ext.ex-sfdc.sys.c-sfdc.account-01" and event["component"] == "ex-sfdc"
    assert event["message"] == "Done" and event["description"] == "All of it" and event["type"] == "success"
    assert event["params"] == {"a": {"b": [1]}} and event["results"] == {"rows": 3} and event["performance"] == {"duration": 5.5}
    assert event["runId"] == "77.1" and event["idBranch"] > 0 and event["objectId"] is None and event["attachments"] == []
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$", event["created"])
    assert event["context"]["remoteAddr"] == "127.0.0.1" and event["context"]["httpUserAgent"] == "tester/1"
    assert event["context"]["userAgent"] == "behind/2" and event["context"]["apiVersion"] == "v2" and event["context"]["async"] is False
    assert event["token"]["id"] == api.get("tokens/verify").json()["id"] and event["uri"].endswith("/v2/storage/events/" + event["uuid"])
    assert event["operation"] == "write" and event["outcome"] == "success"
    assert listed(api, limit=1)[0] == event


def test_posted_by_form_and_with_nulls(api):
    form = api.post("events", data={"component": "whatever", "message": "m", "params": '{"a":1}', "results": "[]"}).json()["uuid"]
    event = api.get("events/" + form).json()
    assert event["event"] == "ext.whatever." and event["params"] == {"a": 1} and event["results"] == {} and event["performance"] == {}
    assert event["type"] == "info" and event["configurationId"] is None and event["runId"] is None
    nulls = post(api, type=None, duration=None, runId=None, description=None, params='{"x":[]}', results=None)
    assert api.get("events/" + nulls).json()["params"] == {"x": []}
    run = api.post("events", json={"component": "c", "message": "m"}, headers={"X-KBC-RunId": "5.6"}).json()["uuid"]
    assert api.get("events/" + run).json()["runId"] == "5.6"
    assert api.get("branch/default/events/" + run).status_code == 200


@pytest.mark.parametrize("body,text", [({"message": "m"}, "component"), ({"component": "c"}, "message"),
                                       ({"component": "c", "message": "m", "type": "loud"}, "type"),
                                       ({"component": "c", "message": "m", "params": "{bad"}, "params"),
                                       ({"component": "c", "message": "m", "results": 5}, "results")])
def test_post_refuses(api, body, text):
    assert_error(api.post("events", json=body), 400, None, text)


def test_size_of_an_event(api):
    big = post(api, "x" * 190000)
    assert len(api.get("events/" + big).json()["message"]) == 190000
    assert_error(api.post("events", json={"component": "c", "message": "x" * 250000}), 400, "requestTooLarge")
    assert_error(api.post("events", json={"component": "c", "message": "x", "params": {"p": "x" * 250000}}), 400, "requestTooLarge")
    assert_error(api.post("events", json={"component": "c", "message": "x" * 3000000}), 400, "requestTooLarge")
    assert_error(api.post("events", json={"component": "c", "message": "x", "results": {str(i): 1 for i in range(30000)}}), 400, "requestTooLarge")
    assert_error(api.post("events", data=b'{"component":"c","message":"\xff\xfe"}', headers={"Content-Type": "application/json"}), 400,
                 "malformedRequest")
    assert_error(api.post("events", data="component=c&message=%FF", headers={"Content-Type": "application/x-www-form-urlencoded"}), 400,
                 "malformedRequest")


@pytest.mark.parametrize("sent, kept", [([], {}), ("", {}), ("[]", {}), (["a", "b"], {"0": "a", "1": "b"}), ('["a"]', {"0": "a"}), ({"a": []}, {"a": []})])
def test_params_and_results_are_objects(api, sent, kept):
    answer = api.post("events", json={"component": "c", "message": "m", "params": sent, "results": sent})
    event = api.get("events/" + answer.json()["uuid"]).json()
    assert event["params"] == kept and event["results"] == kept
    for bad in ("x", 5, True, "5", '"x"', "{"):
        assert_error(api.post("events", json={"component": "c", "message": "m", "params": bad}), 400)


def test_a_list_has_a_size(new_server):
    server = new_server()
    api = Api(server.url, server.master)
    for _ in range(180):
        post(api, "x" * 190000, runId="big")
    assert_error(api.get("events?runId=big&limit=1000"), 400, "requestTooLarge")
    assert len(listed(api, runId="big", limit=100)) == 100


def test_schema_of_a_component(api):
    body = assert_error(api.post("events", json={"component": "keboola.keboola-as-code", "message": "m", "results": {"other": 1}}), 400,
                        "storage.event.schemaValidationFailed")
    assert body["errors"] == [{"key": "results.projectId", "message": "The property projectId is required"}]
    assert_error(api.post("events", json={"component": "keboola.keboola-as-code", "message": "m"}), 400)
    post(api, component="keboola.keboola-as-code", results='{"projectId":1}')


# --- lists -----------------------------------------------------------------------------------------------------------------------

def test_list_is_newest_first_and_pages(api):
    run = unique("run")
    made = [post(api, runId=run) for _ in range(5)]
    assert ids(listed(api, runId=run)) == made[::-1]
    assert ids(listed(api, runId=run, sortOrder="asc")) == made
    assert ids(listed(api, runId=run, limit=2, offset=1)) == [made[3], made[2]]
    assert ids(listed(api, runId=run, sinceId=made[1], maxId=made[4])) == [made[3], made[2]]
    assert ids(listed(api, runId=run, sinceId=made[3].upper(), forceUuid=1)) == [made[4]]
    assert len(listed(api, limit=10000)) > 5
    assert_error(api.get("events?limit=10001"), 400)
    assert_error(api.get("events?sinceId=abc"), 400)
    assert_error(api.get("events?sortOrder=up"), 400)
    assert ids(listed(api, runId=run, sortOrder="", sinceId="", maxId="", component="", q="", operation="", outcome="")) == made[::-1]


def test_run_ids_are_a_tree(api):
    run = unique("tree")
    for child, count in (("", 1), (".1", 2), (".2", 3)):
        for _ in range(count):
            post(api, runId=run + child)
    post(api, runId=run + "0")
    assert len(listed(api, runId=run)) == 6 and len(listed(api, runId=run + ".1")) == 2


def test_filters(api):
    run, component = unique("run"), unique("comp-x.")
    one = post(api, component=component, configurationId="a-1", runId=run, type="error")
    two = post(api, component=component, configurationId="b", runId=run)
    assert ids(listed(api, component=component)) == [two, one]
    assert ids(listed(api, component=component, configurationId="a-1")) == [one]
    assert ids(listed(api, runId=run, outcome="error")) == [one] and ids(listed(api, runId=run, outcome="success")) == [two]
    assert ids(listed(api, runId=run, operation="write")) == [two, one] and listed(api, runId=run, operation="read") == []


def test_query_language(api, server):
    run, component = unique("run"), unique("q-comp.x-")
    first = post(api, "first search-123456 message", component=component, configurationId="main-1", runId=run)
    second = post(api, 'second "quoted" 100% message', component=component, type="warn", runId=run)
    master = api.get("tokens/verify").json()["id"]
    both = [second, first]
    for q, expected in ((None, both), ("", both), ("component:" + component, both), ("runId:%s" % run, both),
                        ("event:ext.%s.main-1" % component, [first]), ("event:ext.%s" % component, []),
                        ("configurationId:main-1 AND token.id:%s" % master, [first]), ("search-123456", [first]),
                        ("SEARCH-123456", [first]), ("search", [first]), ('"100% message"', [second]), ("100_", []), ("type:warn", [second]),
                        ("NOT type:warn", [first]), ("type:warn OR type:info", both), ("(type:warn OR type:info) AND first", [first]),
                        ("first second", []), ("event:ext.%s.*" % component, both), ("configurationId:*", [first]), ("token.id:abc", []),
                        ("project.id:%d" % server.project_id, both), ("project.id:999", []), ("idBranch:999999", []),
                        ("address:127.0.0.1 operation:write outcome:success", both), ("message:quoted", [second]), ("id:" + first, [first]),
                        ("token.name:ada@example.com", both)):
        params = {"runId": run}
        if q is not None:
            params["q"] = q
        assert ids(listed(api, **params)) == expected, q


def test_capitals_in_queries(api):
    """Words of a message are found whatever their case, in every script; a value is the value."""
    component = unique("Case-")
    event = post(api, "Příliš ŽLUŤOUČKÝ kůň, ГОРОД, ΑΘΗΝΑ", component=component)
    for q in ("žluťoučký", "PŘÍLIŠ", "город", "αθηνα", '"žluťoučký KŮŇ"', "message:Žluťoučký", "component:Cas* žlu*"):
        assert ids(listed(api, q="(%s) AND component:%s" % (q, component))) == [event], q
    for q in ("component:" + component.lower(), "component:%s*" % component.lower(), "objectType:*", "zlutoucky"):
        assert ids(listed(api, q="(%s) AND id:%s" % (q, event))) == [], q


@pytest.mark.parametrize("q", ["event:", ": success", "success:", "/GET", "*tables*", "(a", "a)", '"open', "nosuch:1", "a AND", "a*b", "NOT", "(" * 100, "a " * 100, "x" * 5000])
def test_bad_query_is_said_to_be_one(api, q):
    assert assert_error(api.get("events", params={"q": q}), 400)["error"].startswith("Failed to parse query")


def test_query_can_not_reach_sql(api):
    for q in ("token.name:\"' OR 1=1 --\"", "message:\"'; DROP TABLE events; --\"", "objectId:\\'\\ OR\\ 1"):
        assert listed(api, q=q, runId=unique("no")) == []
    assert listed(api, limit=1)


def test_reading_events_and_verify_record_nothing(api):
    marker = post(api)
    api.get("events")
    api.get("events/" + marker)
    api.get("tokens/verify")
    assert ids(listed(api, sinceId=marker)) == []
    api.get("buckets")
    assert [e["event"] for e in listed(api, sinceId=marker)] == ["storage.bucketsListed"]


# --- who sees which ----------------------------------------------------------------------------------------------------------------

def test_R15_limited_token_sees_what_it_caused(api, make_token):
    token, other = make_token(), make_token(canManageBuckets=True)
    own = post(api, token=token["token"])
    foreign = post(api, token=other["token"])
    assert ids(listed(api, token=token["token"])) == [own]
    assert foreign in ids(listed(api, token=other["token"])) and own not in ids(listed(api, token=other["token"]))
    assert {own, foreign} <= set(ids(listed(api)))
    assert api.get("events/" + own, token=token["token"]).status_code == 200
    assert_error(api.get("events/" + foreign, token=token["token"]), 404, None, "Event not found")
    assert_error(api.get("events/01958f48-b1fc-7f05-b9b9-8a4a7b385bc3"), 404, None, "Event not found")
    assert_error(api.get("events/nothing"), 404, None, "Event not found")
    assert listed(api, token=token["token"], q="token.id:%s OR token.id:1" % other["id"]) == []
    assert ids(listed(api, token=token["token"], q="NOT message:nothing")) == [own]


def test_R15_every_master_token_sees_all(api, make_token, roles):
    own = post(api, token=make_token()["token"])
    for role in ("share", "guest", "readOnly"):
        assert own in ids(listed(api, token=roles[role])), role


def test_events_of_a_token(api, make_token, roles):
    token, other = make_token(), make_token()
    own = post(api, token=token["token"])
    path = "tokens/%s/events" % token["id"]
    events = listed(api, path)
    assert [e["event"] for e in events] == ["ext.test.component.", "storage.tokenCreated"] and events[0]["uuid"] == own
    assert events[1]["objectType"] == "token" and events[1]["objectId"] == token["id"]
    assert events[1] == api.get("events/" + events[1]["uuid"]).json()
    assert ids(listed(api, path, limit=1)) == [own] and ids(listed(api, path, limit=1, offset=1)) == [events[1]["uuid"]]
    assert ids(listed(api, path, sortOrder="asc")) == [events[1]["uuid"], own]
    assert ids(listed(api, path, token=token["token"])) == [own]
    assert_error(api.get(path, token=other["token"]), 403, "accessDenied")
    assert_error(api.get(path, token=roles["guest"]), 403, "accessDenied")
    assert_error(api.get("tokens/foo/events"), 404)


def test_R14_history_outlives_the_token(api, make_token):
    token = make_token()
    own = post(api, token=token["token"])
    assert api.delete("tokens/" + token["id"]).status_code == 204
    names = [e["event"] for e in listed(api, "tokens/%s/events" % token["id"])]
    assert names == ["storage.tokenDeleted", "ext.test.component.", "storage.tokenCreated"]
    assert api.get("events/" + own).json()["token"] == {"id": token["id"], "name": token["description"]}


def test_R14_refusals_are_events(api, make_token):
    token = make_token()
    api.get("components/wr-db/configs", token=token["token"])
    api.delete("components/wr-db/configs/x", token=token["token"])
    events = listed(api, "tokens/%s/events" % token["id"], outcome="refused")
    assert [(e["event"], e["operation"], e["type"]) for e in events] == [("storage.accessDenied", "write", "warn"),
                                                                         ("storage.accessDenied", "read", "warn")]
    assert events[1]["message"].startswith("Refused GET /v2/storage/components/{component}/configs")


def test_R14_a_refusal_names_its_object_and_what_was_tried(api, make_token, make_table):
    table, token, other = make_table(), make_token(), make_token()
    bucket, file_id = table.rsplit(".", 1)[0], api.upload("x")
    tried = [("GET", "buckets/" + bucket, "bucket", bucket, "read"), ("DELETE", "buckets/" + bucket, "bucket", bucket, "manage"),
             ("GET", "branch/default/tables/%s/data-preview" % table, "table", table, "read"),
             ("POST", "tables/%s/import-async" % table, "table", table, "write"), ("GET", "tables/%s.none" % bucket, "table", bucket + ".none", "read"),
             ("POST", "tokens", None, None, "manage"), ("POST", "tokens/%s/refresh" % other["id"], "token", other["id"], "manage"),
             ("DELETE", "files/%d" % file_id, "file", str(file_id), "write"),
             ("DELETE", "components/wr-db/configs/c1", "componentConfiguration", "c1", "write")]
    for method, path, *_ in tried:
        assert_error(api.call(method, path, token=token["token"], json={} if method == "POST" else None), 403, "accessDenied")
    events = listed(api, "tokens/%s/events" % token["id"], outcome="refused", sortOrder="asc")
    assert [(e["objectType"], e["objectId"], e["operation"]) for e in events] == [(kind, name, operation) for _, _, kind, name, operation in tried]
    assert [e["event"] for e in listed(api, "tokens/%s/events" % other["id"], outcome="refused")] == ["storage.accessDenied"]
    assert [e["operation"] for e in listed(api, "buckets/%s/events" % bucket, outcome="refused")] == ["manage", "read"]


def test_R14_a_job_that_fails_is_an_error_and_one_that_may_not_a_refusal(api, make_token, make_table):
    table = make_table()
    token = make_token(bucketPermissions={table.rsplit(".", 1)[0]: "write"})
    for source, outcome in ((api.upload("other\n1\n", token=token["token"]), "error"), (api.upload("id,name\n1,a\n"), "refused")):
        job = api.wait(api.post("tables/%s/import-async" % table, token=token["token"], json={"dataFileId": source}), token=token["token"])
        assert job["status"] == "error"
        event = listed(api, "tables/%s/events" % table, q="event:storage.tableImportError", limit=1)[0]
        assert (event["params"]["jobId"], event["type"], event["outcome"], event["operation"]) == (job["id"], "error", outcome, "write")


def test_R14_a_changed_token_is_recorded_with_all_that_it_may(api, make_token, make_bucket):
    bucket = make_bucket()
    powers = {"bucketPermissions": {bucket: "write"}, "componentAccess": ["wr-db"], "canReadAllFileUploads": True, "canPurgeTrash": True,
              "canCreateJobs": True, "allowedAddresses": ["127.0.0.0/8"], "requestsPerMinute": 900}
    token = make_token(expiresIn=600, **powers)
    api.put("tokens/" + token["id"], json={"allowedAddresses": [], "requestsPerMinute": 0, "isDisabled": True})
    changed, created = api.get("tokens/%s/events" % token["id"], params={"q": "event:storage.token*"}).json()
    fixed = {"canManageBuckets": False, "expires": token["expires"]}
    assert created["params"] == {**powers, **fixed, "isDisabled": False}
    assert changed["params"] == {**powers, **fixed, "isDisabled": True, "allowedAddresses": [], "requestsPerMinute": 0}


def test_R14_no_event_carries_a_secret(api, make_token):
    token = make_token()
    new = api.post("tokens/%s/refresh" % token["id"]).json()["token"]
    text = json.dumps(listed(api, "tokens/%s/events" % token["id"]))
    for string in (token["token"], new):
        assert string not in text and string.split("-")[2] not in text


def test_R09_events_of_a_bucket(api, make_bucket, make_token):
    bucket = make_bucket()
    reader = make_token(bucketPermissions={bucket: "read"})["token"]
    stranger = make_token()["token"]
    api.get("buckets/" + bucket, token=reader)
    path = "buckets/%s/events" % bucket
    assert [e["event"] for e in listed(api, path)] == ["storage.bucketDetail", "storage.bucketCreated"]
    assert [e["event"] for e in listed(api, path, token=reader)] == ["storage.bucketDetail"]
    assert_error(api.get(path, token=stranger), 403, "accessDenied")
    assert_error(api.get("buckets/in.c-nothing/events", token=stranger), 403, "accessDenied")
    assert_error(api.get("buckets/in.c-nothing/events"), 404, "storage.buckets.notFound")


def test_R09_events_of_a_table(api, make_table, make_token):
    table = make_table()
    bucket = table.rsplit(".", 1)[0]
    reader = make_token(bucketPermissions={bucket: "read"})["token"]
    api.get("tables/" + table, token=reader)
    path = "tables/%s/events" % table
    assert len(listed(api, path)) == 4 and len(listed(api, path, token=reader)) == 1
    assert {e["objectId"] for e in listed(api, path)} == {table}
    assert ids(listed(api, q="event:storage.tableCreated AND objectId:" + table)) != []
    assert_error(api.get(path, token=make_token()["token"]), 403, "accessDenied")
    assert_error(api.get("tables/%s.nothing/events" % bucket), 404, "storage.tables.notFound")


# --- keeping ------------------------------------------------------------------------------------------------------------------------

def old_id(days):
    """A uuid of version 7 made that many days ago."""
    ms = int((time.time() - days * 86400) * 1000)
    return str(uuid.UUID(int=(ms << 80) | (7 << 76) | (2 << 62) | (uuid.uuid4().int & ((1 << 62) - 1))))


@pytest.mark.skipif(ENGINE != "sqlite", reason="writes into the embedded engine's file; tests/store/event.c does it on both")
def test_R14_old_events_go_and_younger_ones_stay(new_server):
    server = new_server(arguments=["--events-keep-days", "30"])
    api = Api(server.url, server.master)
    template = post(api, "template")
    server.stop()
    ages = [200] * 1200 + [31, 29]
    with sqlite3.connect(os.path.join(server.data, "chatelaine.db")) as db:
        row = list(db.execute("SELECT * FROM events WHERE id = ?", (template,)).fetchone())
        names = [c[1] for c in db.execute("PRAGMA table_info(events)")]
        for age in ages:
            row[names.index("id")], row[names.index("message")] = old_id(age), "age %d" % age
            db.execute("INSERT INTO events VALUES (%s)" % ",".join("?" * len(row)), row)
    server.start()
    api = Api(server.url, server.master)
    deadline = time.monotonic() + 60
    while len(listed(api, q="age", limit=10000)) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [e["message"] for e in listed(api, q="age")] == ["age 29"]
    assert template in ids(listed(api))


# --- the history that proves itself -------------------------------------------------------------------------------------------------

def test_checkpoints_are_for_master_tokens(api, make_token):
    shown = api.get("events/checkpoints").json()
    assert len(shown["publicKey"]) == 43 and isinstance(shown["checkpoints"], list)
    assert_error(api.get("events/checkpoints", token=make_token()["token"]), 403, "accessDenied")


@pytest.mark.skipif(ENGINE != "sqlite", reason="writes into the embedded engine's file; tests/store/checkpoint.c does it on both")
def test_history_proves_itself_and_shows_what_was_changed(new_server):
    server = new_server()
    api = Api(server.url, server.master)
    template = post(api, "template")
    server.stop()
    path = os.path.join(server.data, "chatelaine.db")
    with sqlite3.connect(path) as db:
        row = list(db.execute("SELECT * FROM events WHERE id = ?", (template,)).fetchone())
        names = [c[1] for c in db.execute("PRAGMA table_info(events)")]
        for age in range(1, 4):
            row[names.index("id")], row[names.index("message")] = old_id(age), "age %d" % age
            db.execute("INSERT INTO events VALUES (%s)" % ",".join("?" * len(row)), row)
    server.start()
    api = Api(server.url, server.master)
    deadline = time.monotonic() + 60
    while not api.get("events/checkpoints").json()["checkpoints"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    shown = api.get("events/checkpoints").json()
    first = shown["checkpoints"][0]
    assert first["number"] == 1 and first["events"] == 3
    assert api.get("events/checkpoints?after=1").json()["checkpoints"] == []
    arguments = ["prove", "--data", server.data]
    assert "3 events in 1 checkpoints are what they were" in run(*arguments)
    server.stop()
    assert run(*arguments, "--known", first["hash"], "--project", str(server.project_id))
    assert run(*arguments, "--public-key", shown["publicKey"])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE events SET message = 'age 9' WHERE message = 'age 2'")
    done = run(*arguments, check=False)
    assert done.returncode != 0 and "events were changed" in done.stderr
    with sqlite3.connect(path) as db:
        db.execute("UPDATE events SET message = 'age 2' WHERE message = 'age 9'")
        db.execute("DELETE FROM checkpoints")
    done = run(*arguments, "--known", first["hash"], check=False)
    assert done.returncode != 0 and "is not there" in done.stderr
    assert run(*arguments, "--project", "999", check=False).returncode != 0
