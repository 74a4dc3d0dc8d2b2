"""R17: a flow has a token of its own, with what its tasks need and no more."""
import pytest

from conftest import unique
from support.server import assert_error

FLOWS = "components/keboola.flow/configs"


def task(component, config_id=None, **more):
    return {"id": unique("t"), "task": {"componentId": component, "configId": config_id, "mode": "run"}, **more}


@pytest.fixture
def job(api, make_bucket):
    """A configuration that reads one bucket and writes another: (id, read, written)."""
    read, written = make_bucket(), make_bucket(stage="out")
    made = api.post("components/keboola.python-transformation-v2/configs", json={"name": "t", "configuration": {"storage": {
        "input": {"tables": [{"source": read + ".users"}, {"source": "in.c-not-there.x"}, {"source": written + ".both"}]},
        "output": {"tables": [{"destination": written + ".result"}]}}}}).json()
    return made["id"], read, written


def own_token(api, flow):
    found = [t for t in api.get("tokens").json() if t["description"].endswith("(keboola.flow %s)" % flow["id"])]
    assert len(found) <= 1
    return found[0] if found else None


def create(api, tasks, token=None):
    made = api.post(FLOWS, json={"name": unique("Flow-"), "configuration": {"phases": [], "tasks": tasks}}, token=token)
    assert made.status_code == 201, made.text
    return made.json()


def test_R17_token_lives_and_dies_with_the_flow(api, job):
    config_id, read, written = job
    flow = create(api, [task("keboola.python-transformation-v2", config_id), task("keboola.ex-ftp"), task("wr-db", enabled=False)])
    token = own_token(api, flow)
    assert token["componentAccess"] == ["keboola.ex-ftp", "keboola.python-transformation-v2"]
    assert token["bucketPermissions"] == {read: "read", written: "write"}
    assert not token["isMasterToken"] and not token["canManageBuckets"] and not token["canReadAllFileUploads"] and not token["canPurgeTrash"]
    assert "token" not in token and token["expires"] is None
    text = api.get(FLOWS + "/" + flow["id"]).text + api.get("events?limit=20").text
    assert "1-%s-" % token["id"] not in text
    assert api.delete(FLOWS + "/" + flow["id"]).status_code == 204
    assert own_token(api, flow) is None and api.get("tokens/" + token["id"]).status_code == 404
    assert api.post(FLOWS + "/%s/restore" % flow["id"]).status_code == 200
    again = own_token(api, flow)
    assert again["id"] != token["id"] and again["bucketPermissions"] == token["bucketPermissions"]
    names = [e["event"] for e in api.get("events", params={"q": "objectId:%s AND objectType:token" % token["id"]}).json()]
    assert names == ["storage.tokenDeleted", "storage.tokenCreated"]


def test_R17_token_follows_every_version(api, job):
    config_id, read, written = job
    flow = create(api, [task("keboola.python-transformation-v2", config_id)])
    before = own_token(api, flow)
    api.put(FLOWS + "/" + flow["id"], json={"configuration": {"tasks": [task("wr-db")]}})
    after = own_token(api, flow)
    assert after["id"] == before["id"] and after["componentAccess"] == ["wr-db"] and after["bucketPermissions"] in ({}, [])
    refreshes = "event:storage.tokenRefreshed AND objectId:%s" % after["id"]
    assert len(api.get("events", params={"q": refreshes}).json()) == 1
    api.put(FLOWS + "/" + flow["id"], json={"state": {"x": 1}})
    assert len(api.get("events", params={"q": refreshes}).json()) == 1
    api.post(FLOWS + "/%s/versions/1/rollback" % flow["id"], json={})
    assert own_token(api, flow)["bucketPermissions"] == {read: "read", written: "write"}
    copy = api.post(FLOWS + "/%s/versions/1/create" % flow["id"], json={"name": "copy"}).json()
    assert own_token(api, copy)["id"] != after["id"]


def test_R05_flow_of_a_limited_token_gets_no_more_than_its_maker(api, job, make_token):
    config_id, read, written = job
    tasks = [task("keboola.python-transformation-v2", config_id), task("wr-db")]
    maker = make_token(componentAccess=["keboola.flow", "wr-db"], bucketPermissions={written: "read"})["token"]
    flow = create(api, tasks, token=maker)
    token = own_token(api, flow)
    assert token["componentAccess"] == ["wr-db"] and token["bucketPermissions"] == {written: "read"}
    full = create(api, tasks)
    api.put(FLOWS + "/" + full["id"], json={"name": "renamed", "configuration": {"tasks": tasks + [task("keboola.ex-ftp")]}}, token=maker)
    assert own_token(api, full)["componentAccess"] == ["keboola.python-transformation-v2", "wr-db"]
    assert own_token(api, full)["bucketPermissions"] == {read: "read", written: "write"}


def test_R17_other_components_and_branches_get_none(api):
    count = len(api.get("tokens").json())
    api.post("components/wr-db/configs", json={"name": "x"})
    branch = api.wait(api.post("dev-branches/", json={"name": unique("branch")}))["results"]["id"]
    made = api.post("branch/%d/%s" % (branch, FLOWS), json={"name": "in a branch", "configuration": {"tasks": [task("wr-db")]}})
    assert made.status_code == 201 and len(api.get("tokens").json()) == count
    assert_error(api.post(FLOWS, json={"name": ""}), 400)
    assert len(api.get("tokens").json()) == count
