"""Triggers: behaviour.md §9."""
import threading

import pytest

from conftest import unique
from support.server import Api, assert_error


@pytest.fixture
def body(make_token, make_table):
    return {"component": "orchestrator", "configurationId": unique("config-"), "coolDownPeriodMinutes": 10,
            "runWithTokenId": int(make_token()["id"]), "tableIds": [make_table()]}


def create(api, body, **options):
    made = api.post("triggers/", json=body, **options)
    assert made.status_code == 201, made.text
    return made.json()


def test_life_of_a_trigger(api, body, make_table):
    made = create(api, body)
    assert made["component"] == "orchestrator" and made["configurationId"] == body["configurationId"]
    assert made["coolDownPeriodMinutes"] == 10 and made["runWithTokenId"] == body["runWithTokenId"] and made["lastRun"]
    assert made["tables"] == [{"tableId": body["tableIds"][0]}] and isinstance(made["creatorToken"]["id"], int)
    assert api.get("triggers/%d/" % made["id"]).json() == made
    assert api.get("triggers/", params={"component": "orchestrator", "configurationId": body["configurationId"]}).json() == [made]
    assert api.get("triggers?component=other").json() == []
    table = make_table()
    changed = api.put("triggers/%d/" % made["id"], data={"coolDownPeriodMinutes": 100, "tableIds": [table, body["tableIds"][0]]})
    assert changed.status_code == 200, changed.text
    assert changed.json()["coolDownPeriodMinutes"] == 100 and len(changed.json()["tables"]) == 2
    assert changed.json()["configurationId"] == body["configurationId"]
    assert api.delete("triggers/%d/" % made["id"]).status_code == 204
    assert_error(api.get("triggers/%d" % made["id"]), 404)
    assert_error(api.delete("triggers/%d" % made["id"]), 404)


@pytest.mark.parametrize("field", ["component", "configurationId", "runWithTokenId", "tableIds"])
def test_every_field_is_needed(api, body, field):
    del body[field]
    assert_error(api.post("triggers/", json=body), 400, None, "Invalid parameters - %s: This field is missing." % field)


def test_a_token_is_not_deleted_while_a_trigger_is_made_for_it(server, api, make_token, body):
    for _ in range(8):
        token = make_token()
        start, statuses = threading.Barrier(2), {}

        def run(method, path, **options):
            client = Api(server.url, server.master)
            client.get("tokens/verify")  # the connection is there
            start.wait()
            statuses[method] = client.call(method, path, **options).status_code
        threads = [threading.Thread(target=run, args=("DELETE", "tokens/" + token["id"])),
                   threading.Thread(target=run, args=("POST", "triggers/"), kwargs={"json": {**body, "runWithTokenId": int(token["id"])}})]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses in ({"DELETE": 204, "POST": 404}, {"DELETE": 400, "POST": 201}), statuses


def test_create_refuses(api, body, make_token, make_bucket):
    assert_error(api.post("triggers", json={**body, "coolDownPeriodMinutes": 0}), 400, None, "Minimal cool down period is 1 minute")
    assert_error(api.post("triggers", json={**body, "coolDownPeriodMinutes": None}), 400, None, "Minimal cool down period is 1 minute")
    unknown = {**body, "runWithTokenId": 999999, "tableIds": ["in.c-no.table"]}
    assert_error(api.post("triggers", json=unknown), 404, None, 'Token with id "999999" was not found.')
    expiring = {**body, "runWithTokenId": make_token(expiresIn=1000)["id"]}
    assert_error(api.post("triggers", json=expiring), 400, None, "The 'runByToken' has expiration set. Use token without expiration.")
    assert_error(api.post("triggers", json={**body, "tableIds": [make_bucket() + ".nothing"]}), 404, "storage.tables.notFound")
    assert api.get("triggers", params={"configurationId": body["configurationId"]}).json() == []


def test_R10_who_may_create(api, body, make_token):
    bucket = body["tableIds"][0].rsplit(".", 1)[0]
    create(api, body, token=make_token(canManageBuckets=True, componentAccess=["ex-generic-v2"])["token"])
    create(api, body, token=make_token(componentAccess=["orchestrator"], bucketPermissions={bucket: "read"})["token"])
    blind = make_token(componentAccess=["orchestrator"])["token"]
    assert_error(api.post("triggers", json=body, token=blind), 403, "accessDenied", "You don't have access to the resource.")
    assert_error(api.post("triggers", json=body, token=make_token()["token"]), 403, None,
                 "Your token does not have sufficient privilege. Token is neither admin token nor does it have canManageBucket permission "
                 'nor does it have access to component(s) "orchestrator".')
    master = int(api.get("tokens/verify").json()["id"])
    create(api, {**body, "runWithTokenId": master})
    manager = make_token(canManageBuckets=True)["token"]
    assert_error(api.post("triggers", json={**body, "runWithTokenId": master}, token=manager), 400, None,
                 "The 'runByToken' cannot be admin's token when your main token is not admin's")


def test_R10_who_may_change(api, body, make_token, roles):
    made = create(api, body)
    path = "triggers/%d" % made["id"]
    stranger = make_token()["token"]
    one = make_token(componentAccess=["orchestrator"])["token"]
    assert_error(api.put(path, json={"coolDownPeriodMinutes": 5}, token=stranger), 403, None, 'component(s) "orchestrator"')
    assert_error(api.put(path, json={"component": "wr-db"}, token=stranger), 403, None, 'component(s) "wr-db, orchestrator"')
    assert_error(api.put(path, json={"component": "wr-db"}, token=one), 403, None, 'component(s) "wr-db"')
    assert_error(api.delete(path, token=stranger), 403)
    assert_error(api.get(path, token=stranger), 404)
    assert made["id"] not in [t["id"] for t in api.get("triggers", token=stranger).json()]
    assert api.get("triggers", token=roles["readOnly"]).json() == api.get("triggers").json()
    for call in (lambda: api.post("triggers", json=body, token=roles["readOnly"]), lambda: api.delete(path, token=roles["readOnly"]),
                 lambda: api.put(path, json={"coolDownPeriodMinutes": 5}, token=roles["readOnly"])):
        assert_error(call(), 403, "accessDenied", "You don't have access to the resource.")
    assert api.get(path).json() == made
    assert api.put(path, json={"coolDownPeriodMinutes": 5}, token=one).json()["coolDownPeriodMinutes"] == 5
    assert api.delete(path, token=one).status_code == 204


def test_token_of_a_trigger_stays(api, body):
    made = create(api, body)
    assert_error(api.delete("tokens/%d" % body["runWithTokenId"]), 400, "storage.tokens.cannotDeleteDueToOrchestration",
                 'Cannot delete token, because it\'s used for event trigger inside component "orchestrator" with configuration id "%s"'
                 % body["configurationId"])
    api.delete("triggers/%d" % made["id"])
    assert api.delete("tokens/%d" % body["runWithTokenId"]).status_code == 204
