"""Delegation: what a limited token tries to get more than it was given (R05, R08-R10, R15), and what a project's policy holds."""
import os
import sqlite3
import subprocess
import time

import pytest

from conftest import ENGINE, unique
from support.server import Api, assert_error
from test_share import mails_to, wait_for

SECRET = "top-secret-%s" % os.urandom(6).hex()


@pytest.fixture(scope="module")
def house(server, api):
    """A bucket with a secret table, its export, events and metadata; and limited tokens of every kind that must not reach them."""
    hidden = api.post("buckets", json={"name": unique("hidden"), "stage": "in"}).json()["id"]
    other = api.post("buckets", json={"name": unique("other"), "stage": "in"}).json()["id"]
    tables = []
    for bucket in (hidden, other):
        job = api.wait(api.post("buckets/%s/tables-async" % bucket,
                                json={"name": "t", "dataFileId": api.upload("id,name\n1,%s\n" % (SECRET if bucket == hidden else "x"))}))
        tables.append(job["results"]["id"])
    job = api.wait(api.post("tables/%s/export-async" % tables[0], json={}))
    metadata = api.post("tables/%s/metadata" % tables[0],
                        json={"provider": "user", "metadata": [{"key": "secret.key", "value": SECRET}]}).json()
    api.post("events", json={"component": "ext", "message": SECRET})
    config = api.post("components/wr-db/configs", json={"configurationId": "hidden-configuration", "name": "c", "configuration": {"x": SECRET}}).json()
    tokens = {
        "nothing": {}, "other bucket": {"bucketPermissions": {other: "write"}}, "component": {"componentAccess": ["keboola.other"]},
        "jobs": {"canCreateJobs": True}, "trash": {"canPurgeTrash": True},
    }
    tokens = {name: api.post("tokens", json=options).json() for name, options in tokens.items()}
    return {"hidden": hidden, "other": other, "table": tables[0], "own_table": tables[1], "export": job["results"]["file"]["id"],
            "upload": api.upload("id\n%s\n" % SECRET), "job": job["id"], "config": config["id"], "tokens": tokens, "metadata": metadata}


def reads(house):
    table, bucket = house["table"], house["hidden"]
    return [
        "buckets", "buckets/" + bucket, "buckets/%s/tables" % bucket, "buckets/%s/metadata" % bucket, "buckets/%s/events" % bucket,
        "tables", "tables?include=columns,metadata,buckets", "tables/" + table, "tables/%s/data-preview" % table, "tables/%s/metadata" % table,
        "tables/%s/events" % table, "tables/%s/snapshots" % table, "columns/%s.name/metadata" % table, "files", "files?showExpired=1",
        "files/%d" % house["export"], "files/%d?federationToken=1" % house["export"], "files/%d?federationToken=1" % house["upload"],
        "jobs", "jobs/%d" % house["job"], "events", "events?q=message:" + SECRET, "events?q=" + SECRET, "events?q=objectId:" + table,
        "search/tables?metadataKey=secret.key", "search/tables?metadataValue=" + SECRET, "global-search?query=" + SECRET,
        "global-search?query=hidden", "components", "components/wr-db/configs", "components/wr-db/configs/" + house["config"],
        "branch/default/search/component-configurations?idComponent=wr-db&metadataKeys[]=x", "branch/default/tables/" + table,
        "branch/default/components/wr-db/configs/" + house["config"], "branch/default/components?include=configuration", "triggers",
    ]


@pytest.mark.parametrize("kind", ["nothing", "other bucket", "component", "jobs", "trash"])
def test_R09_no_path_leads_to_what_a_token_may_not_read(api, house, kind):
    token = house["tokens"][kind]["token"]
    for path in reads(house):
        answer = api.get(path, token=token)
        assert answer.status_code < 500, (path, answer.text)
        assert SECRET not in answer.text, path
        if answer.status_code == 200 and path.startswith("events"):
            # R15: its own ones only. What it asked for, and was refused, it knows.
            assert {e["token"]["id"] for e in answer.json()} <= {house["tokens"][kind]["id"]}
        elif answer.status_code == 200:
            assert house["hidden"] not in answer.text and house["config"] not in answer.text, (path, answer.text)
    assert SECRET in api.get("tables/%s/data-preview" % house["table"]).text
    assert SECRET in api.get("components/wr-db/configs/" + house["config"]).text


@pytest.mark.parametrize("kind", ["nothing", "other bucket", "component", "jobs", "trash"])
def test_R09_no_job_reaches_it_either(api, house, kind):
    token, table, bucket = house["tokens"][kind]["token"], house["table"], house["hidden"]
    own = api.upload("id,name\n9,changed\n", token=token)
    tries = [
        ("POST", "tables/%s/export-async" % table, {}), ("POST", "tables/%s/import-async" % table, {"dataFileId": own}),
        ("POST", "buckets/%s/tables-async" % bucket, {"name": "n", "dataFileId": own}),
        ("POST", "tables/%s/import" % table, {"dataString": "id,name\n1,2\n"}),
        ("POST", "buckets/%s/tables" % bucket, {"name": "n", "dataString": "id\n1\n"}), ("DELETE", "tables/" + table, None),
        ("DELETE", "tables/%s?async=1" % table, None), ("PUT", "tables/" + table, {"displayName": "x", "async": True}),
        ("DELETE", "buckets/%s?force=1&async=1" % bucket, None), ("POST", "tables/%s/snapshots" % table, {}),
        ("POST", "buckets/%s/table-aliases" % house["other"], {"sourceTable": table, "name": unique("alias")}),
        ("POST", "tables/%s/columns" % table, {"name": "c"}), ("DELETE", "tables/%s/rows?allowTruncate=1" % table, None),
        ("PUT", "tables/" + table, {"displayName": "x"}), ("POST", "tables/%s/metadata" % table, {"provider": "p", "metadata": []}),
    ]
    for method, path, body in tries:
        answer = api.call(method, path, token=token, json=body)
        assert answer.status_code in (400, 403, 404), (path, answer.status_code, answer.text)
        assert SECRET not in answer.text
    for file_id in (house["export"], house["upload"]):
        answer = api.post("tables/%s/import-async" % house["own_table"], token=token, json={"dataFileId": file_id})
        if answer.status_code == 202:
            assert api.wait(answer, token=token)["status"] == "error"
        assert SECRET not in api.get("tables/%s/data-preview" % house["own_table"]).text
    assert SECRET in api.get("tables/%s/data-preview" % table).text


@pytest.mark.parametrize("kind", ["nothing", "other bucket", "component", "jobs", "trash"])
def test_R05_no_limited_token_widens_itself_or_another(api, house, kind):
    mine, victim = house["tokens"][kind], api.post("tokens", json={"canManageBuckets": True}).json()
    disabled = api.post("tokens", json={"canManageBuckets": True}).json()
    api.post("tokens/%s/disable" % disabled["id"])
    master = api.get("tokens/verify").json()["id"]
    wide = {"canManageBuckets": True, "bucketPermissions": {house["hidden"]: "write"}, "canReadAllFileUploads": True,
            "componentAccess": ["wr-db"], "isDisabled": False, "canManageTokens": True, "isMasterToken": True, "allowedAddresses": []}
    assert_error(api.post("tokens", token=mine["token"], json=wide), 403, "accessDenied")
    for target in (mine["id"], victim["id"], disabled["id"], master):
        for method, path, body in (("PUT", "tokens/%s", wide), ("POST", "tokens/%s/share", {"recipientEmail": "a@example.org", "message": ""}),
                                   ("POST", "tokens/%s/enable", None), ("POST", "tokens/%s/disable", None), ("GET", "tokens/%s/links", None)):
            assert_error(api.call(method, path % target, token=mine["token"], json=body), 403, "accessDenied")
        if target != mine["id"]:
            for method, path in (("POST", "tokens/%s/refresh"), ("DELETE", "tokens/%s"), ("GET", "tokens/%s"), ("GET", "tokens/%s/events")):
                assert_error(api.call(method, path % target, token=mine["token"]), 403, "accessDenied")
    before = api.get("tokens/%s" % mine["id"]).json()
    refreshed = api.post("tokens/%s/refresh" % mine["id"], token=mine["token"], json=wide).json()
    mine["token"] = refreshed["token"]
    after = api.get("tokens/%s" % mine["id"]).json()
    for key in ("bucketPermissions", "canManageBuckets", "canPurgeTrash", "canReadAllFileUploads", "componentAccess", "expires"):
        assert before.get(key) == after.get(key)
    assert_error(api.get("tokens/verify", token=disabled["token"]), 401, "storage.tokenDisabled")


def test_R10_a_component_is_all_that_componentAccess_gives(api, house):
    token = api.post("tokens", json={"componentAccess": ["wr-db"]}).json()["token"]
    assert api.get("components/wr-db/configs/" + house["config"], token=token).status_code == 200
    assert_error(api.get("components/keboola.other/configs", token=token), 403, "accessDenied")
    assert_error(api.get("tables/%s/data-preview" % house["table"], token=token), 403, "accessDenied")
    assert [c["id"] for c in api.get("components", token=token).json()] == ["wr-db"]


def test_R09_a_permission_holds_from_the_next_call_on(api, house):
    token = api.post("tokens", json={}).json()
    path = "tables/%s/data-preview" % house["table"]
    assert_error(api.get(path, token=token["token"]), 403, "accessDenied")
    api.put("tokens/" + token["id"], json={"bucketPermissions": {house["hidden"]: "read"}})
    assert SECRET in api.get(path, token=token["token"]).text
    api.put("tokens/" + token["id"], json={"bucketPermissions": {}})
    assert_error(api.get(path, token=token["token"]), 403, "accessDenied")


def test_R02_another_projects_ids_open_nothing(api, server, house):
    project = api.post("/manage/organizations/%d/projects" % server.organization_id, json={"name": unique("second")}).json()
    made = api.post("/manage/projects/%d/tokens" % project["id"], json={"canManageBuckets": True, "canReadAllFileUploads": True})
    assert made.status_code == 201, made.text
    token = made.json()["token"]
    assert api.get("tokens/verify", token=token).json()["owner"]["id"] == project["id"]
    for path in reads(house):
        answer = api.get(path, token=token)
        assert answer.status_code < 500 and SECRET not in answer.text and house["hidden"] not in answer.text.replace("not found", "") or \
            answer.status_code in (403, 404), (path, answer.text)
    for target in house["tokens"].values():
        assert api.get("tokens/%s" % target["id"], token=token).status_code in (403, 404)


# --- a project's policy, notices -------------------------------------------------------------------------------------------------------

def test_a_project_limits_the_life_of_its_tokens(new_server):
    server = new_server()
    api = Api(server.url, server.master, server.manage)
    assert api.put("/manage/projects/%d" % server.project_id, json={"tokenMaxLifeSeconds": 1000}).status_code == 200
    assert_error(api.post("tokens", json={"expiresIn": 1001}), 400, None, "1000")
    assert api.post("tokens", json={"expiresIn": 1000}).status_code == 201
    assert api.post("tokens", json={}).json()["expires"] is not None
    assert api.get("tokens/verify").json()["expires"] is None
    assert api.put("/manage/projects/%d" % server.project_id, json={"tokenMaxLifeSeconds": 0}).status_code == 200
    assert api.post("tokens", json={}).json()["expires"] is None


def execute(server, statement):
    if ENGINE == "postgres":
        subprocess.run(["psql", "-q", server.engine, "-c", statement], check=True)
        return
    with sqlite3.connect(os.path.join(server.data, "chatelaine.db")) as db:
        db.execute(statement)


def test_the_creator_is_told_before_a_token_expires_once(new_server):
    server = new_server()
    api = Api(server.url, server.master)
    token = api.post("tokens", json={"description": unique("soon"), "expiresIn": 3 * 86400}).json()
    api.post("tokens", json={"expiresIn": 3600})
    server.stop()
    execute(server, "UPDATE tokens SET created_us = created_us - 864000000000 WHERE id = %s" % token["id"])
    server.start()
    mail = wait_for(lambda: mails_to(server.data, "ada@example.com"))[0]
    assert token["description"] in mail["Subject"] and "7 days" in mail["Subject"]
    assert token["token"] not in mail.as_string() and "Warehouse" in mail.get_content()
    server.stop()
    server.start()
    time.sleep(3)
    assert len(mails_to(server.data, "ada@example.com")) == 1
