"""Deleting rows: behaviour.md §6.6."""
from support.server import assert_error


def rows(api, table):
    return [line.split(",")[0].strip('"') for line in api.get("tables/%s/data-preview" % table).text.split("\n")[1:-1]]


def remove(api, table, token=None, **options):
    job = api.wait(api.delete("tables/%s/rows" % table, token=token, **options), token=token)
    assert job["status"] == "success", job
    return job["results"]["deletedRows"]


def test_delete_by_filters(api, make_table):
    table = make_table("id,name\n1,a\n2,b\n3,\n4,d\n5,e\n6,f\n", primaryKey="id")
    assert remove(api, table, json={"whereFilters": [{"column": "name", "values": ["a", ""]}]}) == 2
    assert rows(api, table) == ["2", "4", "5", "6"]
    assert remove(api, table, json={"whereColumn": "id", "whereOperator": "ne", "whereValues": ["4", "5", "6"]}) == 1
    assert remove(api, table, params={"whereColumn": "id", "whereValues[]": ["4"]}) == 1
    assert rows(api, table) == ["5", "6"]
    assert api.get("tables/" + table).json()["rowsCount"] == 2
    assert remove(api, table, json={"changedUntil": "-1 hour"}) == 0
    assert remove(api, table, json={"changedSince": "-1 hour"}) == 2
    assert rows(api, table) == []
    api.wait(api.post("tables/%s/import-async" % table, json={"dataFileId": api.upload("id,name\n1,a\n1,b\n"), "incremental": True}))
    assert api.get("tables/%s/data-preview" % table).text == '"id","name"\n"1","b"\n'


def test_delete_all_must_be_meant(api, make_table):
    table = make_table("id\n1\n2\n")
    for options in ({}, {"json": {}}, {"json": {"allowTruncate": False}}):
        assert_error(api.delete("tables/%s/rows" % table, **options), 400, "storage.tables.validation.unintendedTruncation",
                     "No filters have been specified, which will truncate the table, but the `allowTruncate` parameter was not set.")
    assert rows(api, table) == ["1", "2"]
    assert remove(api, table, json={"allowTruncate": True}) == 2
    assert rows(api, table) == [] and api.get("tables/" + table).json()["rowsCount"] == 0
    assert remove(api, table, params={"allowTruncate": "1"}) == 0


def test_the_job_says_what_is_deleted(api, make_table):
    table = make_table("id\n1\n2\n")
    filters = [{"column": "id", "operator": "eq", "values": ["1"]}]
    job = api.wait(api.delete("tables/%s/rows" % table, json={"whereFilters": filters}))
    assert job["operationParams"]["request"] == {"changedUntil": None, "changedSince": None, "whereFilters": filters}
    job = api.wait(api.delete("tables/%s/rows" % table, json={"allowTruncate": True}))
    assert job["operationParams"]["request"]["allowTruncate"] is True and job["results"] == {"deletedRows": 1}



def test_delete_refused(api, make_table):
    table = make_table("id\n1\n")
    assert_error(api.delete("tables/%s/rows" % table, json={"whereColumn": "id"}), 400, "validation.failed",
                 'Invalid request:\n - whereColumn: "To use "whereColumn" specify "whereValues"."')
    assert_error(api.delete("tables/%s/rows" % table, json={"whereFilters": [{"column": "x", "values": ["1"]}]}), 400, "storage.tables.columnNotExists",
                 'Filter validation: Cannot filter by column "x", column does not exist')
    workspace = {"column": "id", "valuesByTableInWorkspace": {"workspaceId": 123456, "table": "t", "column": "id"}}
    assert_error(api.delete("tables/%s/rows" % table, json={"whereFilters": [workspace]}), 404, "workspace.workspaceNotFound",
                 'Workspace "123456" not found.')
    assert_error(api.delete("tables/%s2/rows" % table, json={"allowTruncate": True}), 404, "storage.tables.notFound")
    assert rows(api, table) == ["1"]


def test_delete_is_one_event(api, make_table):
    table = make_table("id\n1\n2\n")
    remove(api, table, json={"whereColumn": "id", "whereValues": ["1"]})
    event, = api.get("tables/%s/events" % table, params={"q": "event:storage.tableRowsDeleted"}).json()
    assert event["results"] == {"deletedRows": 1} and event["params"]["whereColumn"] == "id"


def test_R09_delete_needs_write(api, make_table, make_token, roles):
    table = make_table("id\n1\n2\n")
    bucket = table.rsplit(".", 1)[0]
    body = {"json": {"whereColumn": "id", "whereValues": ["1"]}}
    for token in (make_token(bucketPermissions={bucket: "read"})["token"], make_token()["token"], roles["readOnly"]):
        assert_error(api.delete("tables/%s/rows" % table, token=token, **body), 403, "accessDenied")
    assert rows(api, table) == ["1", "2"]
    assert remove(api, table, token=make_token(bucketPermissions={bucket: "write"})["token"], **body) == 1
