"""Configurations, rows, versions, trash, metadata: behaviour.md §8, clients.md §2.2."""
import pytest

from conftest import unique
from support.server import Api, assert_error

C = "branch/default/components/wr-db/configs"


def make(api, configuration_id=None, **body):
    configuration_id = configuration_id or unique("main-")
    made = api.post(C, json={"configurationId": configuration_id, "name": "Main", **body})
    assert made.status_code == 201, made.text
    return made.json()


def path(config, rest=""):
    return "%s/%s%s" % (C, config["id"], rest)


def add_row(api, config, row_id, **body):
    made = api.post(path(config, "/rows"), json={"rowId": row_id, "name": "Row", **body})
    assert made.status_code == 201, made.text
    return made.json()


def config_events(api, config, name):
    return api.get("events", params={"q": 'event:storage.%s AND objectId:"%s"' % (name, config["id"])}).json()


# --- creation ------------------------------------------------------------------------------------------------------------------

def test_create_answers_every_key_that_clients_read(api):
    made = make(api, configuration={"a": {}, "b": [], "c": [{}]}, state={"last": 1})
    assert set(made) >= {"id", "name", "description", "created", "creatorToken", "version", "changeDescription", "isDisabled", "isDeleted",
                         "configuration", "state", "rowsSortOrder", "rows", "currentVersion"}
    assert made["version"] == 1 and made["changeDescription"] == "Configuration created"
    assert made["configuration"] == {"a": {}, "b": [], "c": [{}]} and made["state"] == {"last": 1}
    assert made["rows"] == [] and made["rowsSortOrder"] == [] and made["description"] == ""
    assert isinstance(made["creatorToken"]["id"], int) and made["isDisabled"] is False
    assert set(made["currentVersion"]) == {"created", "creatorToken", "changeDescription", "versionIdentifier"}
    assert api.get(path(made)).json() == made


def test_create_by_form_with_json_texts_and_nulls(api):
    form = api.post("components/wr-db/configs", data={"name": " not trimmed ", "configurationId": "", "configuration": '{"x":[]}', "isDisabled": "1"})
    assert form.status_code == 201, form.text
    assert form.json()["id"].isdigit() and form.json()["configuration"] == {"x": []}
    assert form.json()["name"] == " not trimmed " and form.json()["isDisabled"] is True
    nulls = api.post(C, json={"name": "n", "configuration": None, "state": None, "changeDescription": None, "configurationId": None})
    assert nulls.status_code == 201 and nulls.json()["configuration"] == {} and nulls.json()["isDisabled"] is False


def test_ids_with_backslash_and_dots(api):
    made = make(api, "a\\b.c")
    assert api.get(C + "/a%5Cb.c").json()["id"] == "a\\b.c"
    assert made["id"] == "a\\b.c"


@pytest.mark.parametrize("body,code,text", [
    ({}, "storage.components.validation", "name"),
    ({"name": ""}, "storage.components.validation", "name"),
    ({"name": "x", "configuration": "{bad"}, "validation.invalidConfigurationFormat", "configuration"),
    ({"name": "x", "configuration": "5"}, "validation.invalidConfigurationFormat", "configuration"),
    ({"name": "x", "state": "{bad"}, "validation.invalidStateFormat", "state"),
])
def test_create_refuses(api, body, code, text):
    assert_error(api.post(C, json=body), 400, code, text)


def test_create_refuses_an_id_that_is_there(api):
    made = make(api)
    assert_error(api.post(C, json={"name": "again", "configurationId": made["id"]}), 400, "configurationAlreadyExists")


def test_unknown_component_and_configuration(api):
    assert_error(api.get("branch/default/components/no.such/configs"), 404)
    assert_error(api.get(C + "/nothing"), 404, "notFound", "Configuration nothing not found")
    assert_error(api.put(C + "/nothing", json={"name": "x"}), 404, "storage.configuration.notFound", 'Configuration "nothing" not found')
    assert_error(api.get(C + "/nothing/rows"), 404)


# --- versions -------------------------------------------------------------------------------------------------------------------

def test_an_update_without_an_id_is_refused(api):
    config = make(api)
    for missing in (C + "/", path(config, "/rows/")):
        assert_error(api.put(missing, json={"name": "x"}), 400, text="before the id")
    assert_error(api.put(C + "/nothing/", json={"name": "x"}), 404)
    assert api.put(path(config, "/"), json={"name": "x"}).status_code == 200


def test_only_a_change_makes_a_version(api):
    made = make(api, configuration={})
    same = api.put(path(made), json={"name": "Main", "description": "", "configuration": []}).json()
    assert same["version"] == 1 and same["currentVersion"] == made["currentVersion"]
    state = api.put(path(made), json={"state": {"x": 1}}).json()
    assert state["version"] == 1 and state["state"] == {"x": 1}
    assert not config_events(api, made, "componentConfigurationChanged")
    changed = api.put(path(made), json={"name": "New", "changeDescription": "why"}).json()
    assert changed["version"] == 2 and changed["changeDescription"] == "why"
    assert changed["currentVersion"]["versionIdentifier"] != made["currentVersion"]["versionIdentifier"]
    again = api.put(path(made), json={"isDisabled": "true"}).json()
    assert again["version"] == 3 and again["changeDescription"] == "Configuration updated" and again["isDisabled"] is True
    events = config_events(api, made, "componentConfigurationChanged")
    assert len(events) == 2
    assert list(events[0]["params"].items()) == [("component", "wr-db"), ("configurationId", made["id"]), ("name", "New"), ("version", 3)]
    assert events[0]["message"] == 'Changed component configuration "New" (wr-db)'
    assert events[0]["objectType"] == "componentConfiguration" and events[0]["objectName"] == "New"


def test_arithmetic_of_the_go_client(api):
    made = make(api)
    for row_id in ("row1", "row2"):
        add_row(api, made, row_id)
    api.put(path(made), json={"name": "Foo", "configuration": {"a": 1}})
    for row_id in ("row1", "row2"):
        row = api.put(path(made, "/rows/" + row_id), json={"name": "Row", "description": "", "changeDescription": "same", "configuration": {}}).json()
        assert row["version"] == 2
    add_row(api, made, "row3")
    assert api.get(path(made)).json()["version"] == 7
    assert api.put(path(made), json={"description": "x"}).json()["version"] == 8
    assert [r["version"] for r in api.get(path(made, "/rows")).json()] == [2, 2, 1]


def test_list_and_detail_of_versions(api):
    made = make(api, configuration={"v": 1})
    api.put(path(made), json={"configuration": {"v": 2}})
    add_row(api, made, "r", configuration={"row": 1})
    versions = api.get(path(made, "/versions")).json()
    assert [v["version"] for v in versions] == [3, 2, 1]
    assert "configuration" not in versions[0] and versions[0]["name"] == "Main" and versions[0]["changeDescription"] == "Row r added"
    some = api.get(path(made, "/versions?include=name,configuration,state&limit=1&offset=1")).json()
    assert [v["version"] for v in some] == [2] and some[0]["configuration"] == {"v": 2}
    assert "state" not in some[0] and "description" not in some[0]
    first = api.get(path(made, "/versions/1")).json()
    assert first["configuration"] == {"v": 1} and first["rows"] == [] and "state" not in first
    third = api.get(path(made, "/versions/3")).json()
    assert third["rows"][0]["id"] == "r" and third["rows"][0]["configuration"] == {"row": 1} and "state" not in third["rows"][0]
    assert_error(api.get(path(made, "/versions/9")), 404, "notFound", "Version 9 not found")


def test_rollback_brings_content_and_rows_back(api):
    made = make(api, configuration={"v": 1}, state={"s": 1})
    add_row(api, made, "one", configuration={"r": 1}, state={"t": 1})
    api.put(path(made), json={"name": "Changed", "configuration": {"v": 2}})
    api.put(path(made, "/rows/one"), json={"configuration": {"r": 2}})
    add_row(api, made, "two")
    done = api.post(path(made, "/versions/2/rollback"), json={})
    assert done.status_code == 201 and done.json() == {"version": 6}
    now = api.get(path(made)).json()
    assert now["name"] == "Main" and now["configuration"] == {"v": 1} and now["state"] == {"s": 1}
    assert now["changeDescription"] == "Rollback to version 2"
    assert [(r["id"], r["version"], r["configuration"], r["state"]) for r in now["rows"]] == [("one", 3, {"r": 1}, {"t": 1})]
    assert now["rows"][0]["changeDescription"] == "Rollback to version 1 (via configuration rollback to version 2)"
    event = config_events(api, made, "componentConfigurationRolledBack")[0]
    assert list(event["params"]) == ["component", "configurationId", "name", "version", "sourceConfiguration"]
    assert event["params"]["sourceConfiguration"]["version"] == 2
    assert_error(api.post(path(made, "/versions/77/rollback"), json={}), 404)
    assert api.get(path(made)).json()["version"] == 6


def test_copy_of_a_version(api):
    made = make(api, configuration={"v": 1}, state={"s": 1}, description="about")
    add_row(api, made, "one", configuration={"r": 1}, state={"t": 1})
    add_row(api, made, "two")
    api.put(path(made), json={"rowsSortOrder": ["two", "one"]})
    copied = api.post(path(made, "/versions/4/create"), json={"name": "Copy"})
    assert copied.status_code == 201, copied.text
    copy = api.get(C + "/" + copied.json()["id"]).json()
    assert copy["version"] == 1 and copy["state"] == {} and copy["description"] == "about"
    assert copy["changeDescription"] == 'Copied from configuration "Main" (%s) version 4' % made["id"]
    assert [r["id"] for r in copy["rows"]] == ["two", "one"] and copy["rows"][1]["state"] == {"t": 1}
    event = config_events(api, copy, "componentConfigurationCopied")[0]
    assert event["message"] == 'Copied component configuration "Main" to "Copy" (wr-db)'
    assert event["params"]["sourceConfiguration"]["configurationId"] == made["id"]
    assert_error(api.post(path(made, "/versions/4/create"), json={}), 400, "storage.components.validation", "name")


# --- state ----------------------------------------------------------------------------------------------------------------------

def test_state_of_a_configuration(api):
    made = make(api)
    set_ = api.put(path(made, "/state"), json={"state": {"lastId": 123}})
    assert set_.status_code == 200 and set_.json()["state"] == {"lastId": 123} and set_.json()["version"] == 1
    for body, text in (({}, "This field is missing."), ({"state": ""}, "This value should not be blank."),
                       ({"state": "{bad"}, "This value should be valid JSON.")):
        assert_error(api.put(path(made, "/state"), json=body), 400, "storage.components.validation", "Invalid parameters - state: " + text)
    assert_error(api.put(path(made, "/state"), json={"state": {}, "description": "x"}), 400, "storage.components.validation",
                 "Invalid parameters - description: This field was not expected.")
    assert api.get(path(made)).json()["state"] == {"lastId": 123}


def test_state_of_a_row(api):
    made = make(api)
    add_row(api, made, "r")
    assert api.put(path(made, "/rows/r/state"), json={"state": {"n": 1}}).json()["state"] == {"n": 1}
    assert_error(api.put(path(made, "/rows/r/state"), json={"state": "{"}), 400, "validation.invalidStateFormat",
                 "Invalid state body format: This value should be valid JSON.")
    assert_error(api.put(path(made, "/rows/r/state"), json={"state": {}, "name": "x"}), 400, "storage.componentsRows.validation")
    assert api.get(path(made)).json()["version"] == 2


# --- rows -----------------------------------------------------------------------------------------------------------------------

def test_life_of_a_row(api):
    made = make(api)
    row = add_row(api, made, "r1", configuration={"a": []}, description="d")
    assert row["version"] == 1 and row["changeDescription"] == "Row r1 added" and row["isDisabled"] is False and row["state"] == {}
    assert api.get(path(made, "/rows/r1")).json() == row
    generated = api.post(path(made, "/rows"), json={}).json()
    assert generated["id"].isdigit() and generated["name"] == ""
    assert api.get(path(made)).json()["changeDescription"] == "Row %s added" % generated["id"]
    same = api.put(path(made, "/rows/r1"), json={"configuration": {"a": []}}).json()
    assert same["version"] == 1 and api.get(path(made)).json()["version"] == 3
    named = api.put(path(made, "/rows/r1"), json={"name": "Row"}).json()
    assert named["version"] == 2 and named["changeDescription"] == "Row r1 changed"
    assert api.get(path(made)).json()["version"] == 4
    assert api.delete(path(made, "/rows/r1")).status_code == 204
    after = api.get(path(made)).json()
    assert after["version"] == 5 and after["changeDescription"] == "Row r1 deleted" and [r["id"] for r in after["rows"]] == [generated["id"]]
    assert_error(api.get(path(made, "/rows/r1")), 404, "notFound", "Row r1 not found")
    again = add_row(api, made, "r1")
    assert again["version"] == 3 and again["configuration"] == {}
    assert_error(api.post(path(made, "/rows"), json={"rowId": "r1"}), 400, "configurationAlreadyExists")
    event = api.get("events", params={"q": "event:storage.componentConfigurationRowDeleted AND objectId:r1", "limit": 1}).json()[0]
    assert event["message"] == 'Deleted component configuration row "Row" (wr-db)'
    assert list(event["params"]) == ["rowId", "name", "version", "configuration"]
    assert list(event["params"]["configuration"]) == ["component", "configurationId", "name", "version"]
    assert event["params"]["version"] == 2 and event["params"]["configuration"]["version"] == 5


def test_rows_keep_their_order(api):
    made = make(api)
    for row_id in ("b", "a", "c"):
        add_row(api, made, row_id)
    rows = lambda: [r["id"] for r in api.get(path(made)).json()["rows"]]
    assert rows() == ["a", "b", "c"] and api.get(path(made)).json()["rowsSortOrder"] == []
    set_ = api.put(path(made), json={"rowsSortOrder": ["c", "a", "b"]}).json()
    assert set_["version"] == 5 and rows() == ["c", "a", "b"]
    assert api.put(path(made), json={"rowsSortOrder": ["c", "a", "b"]}).json()["version"] == 5
    assert_error(api.put(path(made), json={"rowsSortOrder": ["c", "a", "x"]}), 400, "storage.components.validation")
    assert_error(api.put(path(made), json={"rowsSortOrder": ["c", "a"]}), 400, "validation.invalidRowSortOrder")
    add_row(api, made, "aa")
    assert api.get(path(made)).json()["rowsSortOrder"] == ["c", "a", "b", "aa"] and rows() == ["c", "a", "b", "aa"]
    api.delete(path(made, "/rows/a"))
    assert api.get(path(made)).json()["rowsSortOrder"] == ["c", "b", "aa"]
    assert api.get(path(made, "/versions/5")).json()["rowsSortOrder"] == ["c", "a", "b"]


def test_versions_of_a_row(api):
    made = make(api)
    add_row(api, made, "r", configuration={"v": 1}, state={"s": 1})
    api.put(path(made, "/rows/r"), json={"configuration": {"v": 2}, "changeDescription": "two"})
    versions = api.get(path(made, "/rows/r/versions")).json()
    assert [(v["version"], v["changeDescription"]) for v in versions] == [(2, "two"), (1, "Row r added")]
    assert api.get(path(made, "/rows/r/versions?include=configuration&limit=1&offset=1")).json()[0]["configuration"] == {"v": 1}
    assert api.get(path(made, "/rows/r/versions/1")).json()["configuration"] == {"v": 1}
    assert_error(api.get(path(made, "/rows/r/versions/5")), 404, "notFound", "Version 5 not found")
    back = api.post(path(made, "/rows/r/versions/1/rollback"), json={})
    assert back.status_code == 201, back.text
    assert back.json()["version"] == 3 and back.json()["configuration"] == {"v": 1} and back.json()["changeDescription"] == "Rollback to version 1"
    assert back.json()["state"] == {"s": 1}
    assert api.get(path(made)).json()["changeDescription"] == "Row r version 1 rollback"
    assert_error(api.post(path(made, "/rows/r/versions/9/rollback"), json={}), 404)


def test_copy_of_a_row(api):
    made, other = make(api, name="From"), make(api)
    add_row(api, made, "r", configuration={"v": 1}, state={"s": 1})
    copied = api.post(path(made, "/rows/r/versions/1/create"), json={"targetConfigId": other["id"]})
    assert copied.status_code == 201, copied.text
    copy = copied.json()
    assert copy["id"].isdigit() and copy["version"] == 1 and copy["configuration"] == {"v": 1} and copy["state"] == {}
    words = 'opied from configuration "From" (%s) row r version 1' % made["id"]
    assert copy["changeDescription"] == "C" + words
    target = api.get(path(other)).json()
    assert target["version"] == 2 and target["changeDescription"] == "Row %s c%s" % (copy["id"], words)
    assert api.post(path(made, "/rows/r/versions/1/create"), json={}).status_code == 201
    assert len(api.get(path(made, "/rows")).json()) == 2
    assert_error(api.post(path(made, "/rows/r/versions/1/create"), json={"targetConfigId": "nothing"}), 404)


# --- the trash -------------------------------------------------------------------------------------------------------------------

def test_trash_restore_and_purge(api):
    made = make(api)
    add_row(api, made, "r")
    assert api.delete(path(made)).status_code == 204
    assert_error(api.get(path(made)), 404, "notFound", "Configuration %s not found" % made["id"])
    assert made["id"] not in [c["id"] for c in api.get(C).json()]
    trash = [c for c in api.get(C + "?isDeleted=1").json() if c["id"] == made["id"]][0]
    assert trash["isDeleted"] is True and trash["version"] == 3 and trash["changeDescription"] == "Configuration deleted"
    back = api.post(path(made, "/restore"))
    assert back.status_code == 200 and back.json()["version"] == 4 and [r["id"] for r in back.json()["rows"]] == ["r"]
    assert back.json()["changeDescription"] == "Configuration restored"
    assert_error(api.post(path(made, "/restore")), 404)
    assert api.delete(path(made)).status_code == 204 and api.delete(path(made)).status_code == 204
    assert_error(api.delete(path(made)), 404, "storage.configuration.notFound")
    assert made["id"] not in [c["id"] for c in api.get(C + "?isDeleted=1").json()]
    assert api.post(C, json={"configurationId": made["id"], "name": "fresh"}).json()["version"] == 1
    names = [e["event"] for e in api.get("events", params={"q": 'objectId:"%s" AND operation:write' % made["id"]}).json()]
    assert names == ["storage.componentConfiguration" + n for n in ("Created", "Purged", "Deleted", "Restored", "Deleted", "Created")]


def test_an_id_in_the_trash_can_be_made_anew(api):
    made = make(api, configuration={"old": 1})
    add_row(api, made, "r")
    api.delete(path(made))
    again = api.post(C, json={"configurationId": made["id"], "name": "Anew", "configuration": {"new": 1}})
    assert again.status_code == 201 and again.json()["version"] == 4 and again.json()["rows"] == []
    assert again.json()["configuration"] == {"new": 1}
    assert config_events(api, made, "componentConfigurationRestored")[0]["params"]["version"] == 4
    assert add_row(api, made, "r")["version"] == 2


# --- metadata --------------------------------------------------------------------------------------------------------------------

def test_metadata_of_a_configuration(api):
    made = make(api)
    first = api.post(path(made, "/metadata"), json={"metadata": [{"key": "k1", "value": "v1"}, {"key": "k2", "value": "v2"}]})
    assert first.status_code == 201, first.text
    ids = [m["id"] for m in first.json()]
    assert all(isinstance(i, str) for i in ids) and [(m["key"], m["value"]) for m in first.json()] == [("k1", "v1"), ("k2", "v2")]
    form = api.post(path(made, "/metadata"), data={"metadata[0][key]": "k1", "metadata[0][value]": "changed"})
    assert [(m["id"], m["value"]) for m in form.json()] == [(ids[0], "changed"), (ids[1], "v2")]
    api.delete(path(made))
    api.post(path(made, "/restore"))
    assert [m["id"] for m in api.get(path(made, "/metadata")).json()] == ids
    event = config_events(api, made, "componentConfigurationMetadataSet")[0]
    assert event["message"] == 'Component configuration metadata set "Main" (wr-db)'
    assert event["results"] == {"metadata": [{"key": "k1", "value": "changed"}]}
    assert api.delete(path(made, "/metadata/" + ids[0])).status_code == 204
    gone = config_events(api, made, "componentConfigurationMetadataDeleted")[0]
    assert gone["message"] == 'Deleted component configuration metadata id "%s" with key "k1"' % ids[0]
    assert gone["params"]["metadataId"] == int(ids[0]) and gone["params"]["key"] == "k1"
    body = assert_error(api.delete(path(made, "/metadata/" + ids[0])), 404)
    assert body["error"].startswith('Metadata with id "%s" not found for "wr-db" configuration "%s" in branch' % (ids[0], made["id"]))


@pytest.mark.parametrize("body,code", [
    ({}, "storage.metadata.invalidParameter"),
    ({"metadata": [{"value": "x"}]}, "storage.metadata.invalidStructure"),
    ({"metadata": [{"key": "", "value": "x"}]}, "storage.metadata.invalidKey"),
    ({"metadata": [{"key": "100%", "value": "x"}]}, "storage.metadata.invalidKey"),
    ({"metadata": [{"key": "k" * 260, "value": "x"}]}, "storage.metadata.invalidKey"),
])
def test_metadata_refuses(api, body, code):
    made = make(api)
    assert_error(api.post(path(made, "/metadata"), json=body), 400, code)
    assert api.get(path(made, "/metadata")).json() == []


def test_search_by_metadata(api, make_token):
    made, key = make(api), unique("search.key")
    api.post(path(made, "/metadata"), json={"metadata": [{"key": key, "value": "v"}, {"key": "other", "value": "v"}]})
    where = "branch/default/search/component-configurations"
    found = api.get(where, params={"metadataKeys[0]": key, "include": "filteredMetadata"}).json()
    assert [(f["idComponent"], f["configurationId"], [m["key"] for m in f["metadata"]]) for f in found] == [("wr-db", made["id"], [key])]
    assert "metadata" not in api.get(where, params={"metadataKeys[]": key}).json()[0]
    assert made["id"] in [f["configurationId"] for f in api.get(where, params={"idComponent": "wr-db"}).json()]
    stranger = make_token(componentAccess=["keboola.ex-db-mysql"])["token"]
    assert api.get(where, params={"metadataKeys[]": key}, token=stranger).json() == []
    api.delete(path(made))
    assert api.get(where, params={"metadataKeys[]": key}).json() == []
    assert_error(api.get("search/component-configurations"), 501)


@pytest.mark.parametrize("method,rest", [
    ("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/metadata"), ("POST", "/metadata"), ("DELETE", "/metadata/1"), ("PUT", "/state"),
    ("POST", "/restore"), ("POST", "/reset-to-default"), ("GET", "/versions"), ("GET", "/versions/1"), ("POST", "/versions/1/rollback"),
    ("POST", "/versions/1/create"), ("GET", "/rows"), ("POST", "/rows"), ("GET", "/rows/r"), ("PUT", "/rows/r"), ("DELETE", "/rows/r"),
    ("PUT", "/rows/r/state"), ("GET", "/rows/r/versions"), ("GET", "/rows/r/versions/1"), ("POST", "/rows/r/versions/1/rollback"),
    ("POST", "/rows/r/versions/1/create")])
def test_R01_nobody_and_strangers_reach_nothing_of_a_configuration(api, server, make_token, method, rest):
    made = make(api)
    add_row(api, made, "r")
    before = api.get(path(made)).json()
    body = {"json": {"name": "x", "state": {}, "metadata": [{"key": "k", "value": "v"}]}}
    assert_error(Api(server.url).call(method, path(made, rest), **body), 401, None, "Access token must be set")
    assert_error(api.call(method, path(made, rest), token=make_token(componentAccess=["keboola.ex-ftp"])["token"], **body), 403, "accessDenied")
    assert api.get(path(made)).json() == before


def test_R01_nobody_searches_or_lists(server):
    nobody = Api(server.url)
    for where in ("branch/default/search/component-configurations", "components", C, "triggers", "global-search?query=x", "stats?runId=1",
                  "events"):
        assert_error(nobody.get(where), 401, None, "Access token must be set")


# --- who -------------------------------------------------------------------------------------------------------------------------

def test_R10_component_access_opens_its_component_and_no_other(api, make_token):
    made = make(api)
    other = api.post("components/keboola.ex-db-mysql/configs", json={"name": "x"}).json()
    token = make_token(componentAccess=["wr-db"])["token"]
    assert api.get(path(made), token=token).status_code == 200
    assert api.put(path(made), json={"name": "By token"}, token=token).json()["name"] == "By token"
    assert api.post(path(made, "/rows"), json={}, token=token).status_code == 201
    for call in (lambda: api.get("components/keboola.ex-db-mysql/configs/" + other["id"], token=token),
                 lambda: api.get("components/keboola.ex-db-mysql/configs", token=token),
                 lambda: api.put("components/keboola.ex-db-mysql/configs/" + other["id"], json={"name": "y"}, token=token),
                 lambda: api.delete("components/keboola.ex-db-mysql/configs/" + other["id"], token=token),
                 lambda: api.post("components/keboola.ex-db-mysql/configs", json={"name": "y"}, token=token)):
        assert_error(call(), 403, "accessDenied", "You don't have access to the resource.")
    assert api.get("components/keboola.ex-db-mysql/configs/" + other["id"]).json()["name"] == "x"


def test_R08_new_token_reaches_no_configuration(api, make_token):
    made, token = make(api), make_token()["token"]
    for call in (lambda: api.get("branch/default/components", token=token), lambda: api.get(C, token=token),
                 lambda: api.get(path(made), token=token), lambda: api.post(C, json={"name": "x"}, token=token),
                 lambda: api.post(path(made, "/rows"), json={}, token=token),
                 lambda: api.post(path(made, "/metadata"), json={"metadata": [{"key": "k", "value": "v"}]}, token=token)):
        assert_error(call(), 403, "accessDenied")


def test_R08_purging_needs_its_own_permission(api, make_token):
    made = make(api)
    token = make_token(componentAccess=["wr-db"])
    assert api.delete(path(made), token=token["token"]).status_code == 204
    assert_error(api.delete(path(made), token=token["token"]), 403, "accessDenied")
    assert made["id"] in [c["id"] for c in api.get(C + "?isDeleted=true").json()]
    assert api.put("tokens/" + token["id"], json={"canPurgeTrash": True}).status_code == 200
    assert api.delete(path(made), token=token["token"]).status_code == 204


def test_read_only_master_reads_and_changes_nothing(api, roles):
    made, token = make(api), roles["readOnly"]
    assert api.get(path(made), token=token).json()["name"] == "Main"
    for call in (lambda: api.put(path(made), json={"name": "x"}, token=token), lambda: api.delete(path(made), token=token),
                 lambda: api.post(C, json={"name": "x"}, token=token),
                 lambda: api.post(path(made, "/metadata"), json={"metadata": [{"key": "k", "value": "v"}]}, token=token)):
        assert_error(call(), 403, "accessDenied", "You don't have access to the resource.")
    assert api.get(path(made)).json() == made


# --- development branches --------------------------------------------------------------------------------------------------------

def test_a_branch_begins_with_copies_and_goes_its_own_way(api):
    made = make(api, configuration={"v": 1}, state={"s": 1})
    add_row(api, made, "one", configuration={"r": 1})
    add_row(api, made, "two")
    api.post(path(made, "/metadata"), json={"metadata": [{"key": "k", "value": "v"}]})
    trashed = make(api)
    api.delete(path(trashed))
    branch = api.wait(api.post("dev-branches/", json={"name": unique("branch")}))["results"]["id"]
    there = "branch/%d/components/wr-db/configs/%s" % (branch, made["id"])
    copy, before = api.get(there).json(), api.get(path(made)).json()
    assert copy["version"] == 1 and copy["configuration"] == {"v": 1} and [r["id"] for r in copy["rows"]] == ["one", "two"]
    assert copy["changeDescription"] == 'Copied from default branch configuration "Main" (%s) version 3' % made["id"]
    assert copy["currentVersion"]["versionIdentifier"] == before["currentVersion"]["versionIdentifier"]
    assert [m["key"] for m in api.get(there + "/metadata").json()] == ["k"]
    assert trashed["id"] not in [c["id"] for c in api.get("branch/%d/components/wr-db/configs" % branch).json()]
    api.put(there, json={"configuration": {"v": 2}})
    api.delete(there + "/rows/one")
    assert api.get(path(made)).json() == before
    assert_error(api.put(there, json={"state": {}}), 400, None, "Using 'state' parameter on configuration update is restricted for dev/branch context.")
    assert_error(api.put(there + "/rows/two", json={"state": {}}), 400, None, "Using 'state' parameter on configuration row update")
    assert api.put(there + "/state", json={"state": {"b": 1}}).status_code == 200
    meta = api.get(there + "/metadata").json()[0]["id"]
    assert_error(api.delete(there + "/metadata/" + meta), 501, None, "Delete metadata is not implemented for development branch")
    assert_error(api.post(path(made, "/reset-to-default")), 501, None, "Reset to default branch is not implemented for default branch")
    assert api.post(there + "/reset-to-default").status_code == 204
    reset = api.get(there).json()
    assert reset["version"] == 4 and reset["configuration"] == {"v": 1} and [r["id"] for r in reset["rows"]] == ["one", "two"]
    assert reset["state"] == {"b": 1}
    names = [e["event"] for e in api.get("branch/%d/events" % branch, params={"q": "objectId:" + made["id"]}).json()]
    assert "storage.componentConfigurationRolledBack" in names
    assert api.get("events", params={"q": "idBranch:%d" % branch}).json() == []
    assert api.delete(there).status_code == 204
    assert_error(api.delete(there), 400, "storage.components.cannotDeleteConfiguration",
                 "Deleting configuration from trash is not allowed in development branches.")
    assert api.post(there + "/restore").status_code == 200
    api.wait(api.delete("dev-branches/%d" % branch))
    assert_error(api.get(there), 404)
    assert api.get(path(made)).json() == before
