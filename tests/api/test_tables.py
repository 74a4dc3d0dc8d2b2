"""Tables without their rows: behaviour.md §6.7, §6.8, R09. Their data is in the tests of imports and exports."""
import pytest

from conftest import unique
from support.server import assert_error

DETAIL_KEYS = {"id", "uri", "name", "displayName", "created", "lastChangeDate", "lastImportDate", "columns", "primaryKey", "rowsCount",
               "dataSizeBytes", "bucket", "metadata", "columnMetadata", "isTyped", "isAlias", "isAliasable", "transactional", "path"}


def ids(response):
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()]


def test_detail_has_the_keys_that_clients_read(api, define_table, make_bucket):
    bucket = make_bucket()
    table = define_table(bucket, "users", columns=["id", "name"], key=["id"])
    assert table == bucket + ".users"
    detail = api.get("tables/" + table).json()
    assert DETAIL_KEYS <= set(detail)
    assert detail["columns"] == ["id", "name"] and detail["primaryKey"] == ["id"] and detail["rowsCount"] == 0
    assert detail["isTyped"] is False and "definition" not in detail and table in detail["uri"]
    assert detail["bucket"]["id"] == bucket and detail["bucket"]["metadata"] == []
    assert detail["metadata"] == [] and detail["columnMetadata"] == {}


def test_typed_table_shows_its_definition_and_says_it_as_metadata(api, define_table):
    table = define_table(columns=[{"name": "id", "definition": {"type": "INT"}}, {"name": "name", "basetype": "STRING"},
                                  {"name": "price", "definition": {"type": "NUMBER", "length": "10,2", "nullable": False, "default": 1}}],
                         key=["id"])
    detail = api.get("tables/" + table).json()
    assert detail["isTyped"] is True and detail["definition"]["primaryKeysNames"] == ["id"]
    columns = {c["name"]: c for c in detail["definition"]["columns"]}
    assert columns["id"]["definition"] == {"type": "NUMBER", "nullable": False, "length": "38,0"}
    assert columns["name"] == {"name": "name", "definition": {"type": "VARCHAR", "nullable": True, "length": "16777216"},
                               "basetype": "STRING", "canBeFiltered": True}
    assert columns["price"]["definition"] == {"type": "NUMBER", "nullable": False, "length": "10,2", "default": "1"}
    assert [(m["provider"], m["key"], m["value"]) for m in detail["metadata"]] == [("storage", "KBC.dataTypesEnabled", "true")]
    said = {m["key"]: m["value"] for m in detail["columnMetadata"]["price"]}
    assert said["KBC.datatype.type"] == "NUMBER" and said["KBC.datatype.length"] == "10,2" and said["KBC.datatype.default"] == "1"


@pytest.mark.parametrize("change, code", [
    ({"name": ""}, "storage.tables.validation"),
    ({"name": None}, "storage.tables.validation"),
    ({"name": "a.b"}, "storage.tables.validation"),
    ({"columns": []}, "storage.tables.validation.noColumns"),
    ({"columns": [{"name": ""}]}, "storage.tables.validation.invalidColumnName"),
    ({"columns": [{"name": "a"}, {"name": "A"}]}, "storage.tables.validation.invalidColumnName"),
    ({"columns": [{"name": "x" * 65}]}, "storage.tables.validation.invalidColumnName"),
    ({"columns": ["id"]}, "storage.tables.validation.invalidColumnName"),
    ({"primaryKeysNames": ["none"]}, "storage.tables.validation.invalidPrimaryKeyColumns"),
    ({"columns": [{"name": "id", "definition": {"type": "COLOUR"}}]}, "storage.tables.validation"),
])
def test_a_bad_definition_makes_no_table(api, make_bucket, change, code):
    bucket = make_bucket()
    assert_error(api.post("buckets/%s/tables-definition" % bucket, json={"name": "t", "columns": [{"name": "id"}], **change}), 400, code)
    assert ids(api.get("buckets/%s/tables" % bucket)) == []


def test_a_name_is_taken_once_in_a_bucket(api, define_table, make_bucket):
    bucket = make_bucket()
    define_table(bucket, "once")
    job = api.wait(api.post("buckets/%s/tables-definition" % bucket, json={"name": "once", "columns": [{"name": "id"}]}))
    assert job["status"] == "error" and job["error"]["code"] == "storage.buckets.tableAlreadyExists"
    assert ids(api.get("buckets/%s/tables" % bucket)) == [bucket + ".once"]


def test_lists_show_what_is_asked_for(api, define_table, make_bucket):
    bucket = make_bucket()
    table = define_table(bucket)
    api.post("tables/%s/metadata" % table, json={"provider": "user", "metadata": [{"key": "k", "value": "v"}]})
    api.post("columns/%s.id/metadata" % table, json={"provider": "user", "metadata": [{"key": "c", "value": "d"}]})

    def item(path):
        return next(t for t in api.get(path).json() if t["id"] == table)
    for path in ("tables", "buckets/%s/tables" % bucket):
        standard = item(path)
        assert standard["bucket"]["displayName"] and "columns" not in standard and standard["displayName"]
        assert standard["metadata"][0]["value"] == "v" and list(standard["columnMetadata"]) == ["id"]
        bare = item(path + "?include=")
        assert not {"bucket", "metadata", "columnMetadata", "columns"} & set(bare)
        chosen = item(path + "?include=columns,buckets")
        assert chosen["columns"] == ["id", "name"] and chosen["bucket"]["id"] == bucket and "metadata" not in chosen
    nested = api.get("buckets/%s?include=metadata,columns,columnMetadata" % bucket).json()["tables"][0]
    assert nested["columns"] == ["id", "name"] and nested["metadata"] and nested["columnMetadata"]["id"] and "bucket" not in nested


def test_many_tables_are_listed_with_their_own_metadata(api, define_table, make_bucket):
    buckets = [make_bucket(), make_bucket()]
    tables = [define_table(buckets[i % 2], columns=["id", "c%d" % i]) for i in range(20)]
    for i in (3, 18):
        api.post("tables/%s/metadata" % tables[i], json={"provider": "user", "metadata": [{"key": "n", "value": str(i)}]})
    listed = {t["id"]: t for t in api.get("tables?include=columns,metadata,buckets").json()}
    for i, table in enumerate(tables):
        assert listed[table]["columns"] == ["id", "c%d" % i] and listed[table]["bucket"]["id"] == buckets[i % 2]
        assert [m["value"] for m in listed[table]["metadata"]] == ([str(i)] if i in (3, 18) else [])


def test_missing_and_forbidden(api, define_table, make_bucket, make_token):
    bucket, hidden = make_bucket(), make_bucket()
    table, secret = define_table(bucket), define_table(hidden)
    assert_error(api.get("tables/%s.none" % bucket), 404, "storage.tables.notFound", 'The table "none" was not found in the bucket "%s"' % bucket)
    assert_error(api.get("tables/in.c-nowhere.none"), 404, "storage.buckets.notFound")
    assert_error(api.delete("tables/%s.none" % bucket), 404, "storage.tables.notFound")
    limited = make_token(bucketPermissions={bucket: "read"})["token"]
    assert ids(api.get("tables", token=limited)) == [table]
    assert ids(api.get("buckets/%s/tables" % bucket, token=limited)) == [table]
    for path in ("tables/" + secret, "tables/in.c-nowhere.none", "buckets/%s/tables" % hidden, "tables/junk"):
        assert_error(api.get(path, token=limited), 403, "accessDenied", "You don't have access to the resource.")


def test_R09_reading_a_table_is_no_changing_it(api, define_table, make_bucket, make_token):
    bucket = make_bucket()
    table = define_table(bucket, key=["id"])
    reader = make_token(bucketPermissions={bucket: "read"})["token"]
    writer = make_token(bucketPermissions={bucket: "write"})["token"]

    def settled(response):
        if response.status_code == 202:
            api.wait(response)
        return response

    def calls(token):
        return [settled(api.post("tables/%s/columns" % table, json={"name": "extra"}, token=token)),
                settled(api.delete("tables/%s/columns/extra" % table, token=token)),
                settled(api.delete("tables/%s/primary-key" % table, token=token)),
                settled(api.post("tables/%s/primary-key" % table, json={"columns": ["id"]}, token=token)),
                api.put("tables/" + table, json={"displayName": unique("mine")}, token=token),
                settled(api.put("tables/%s/definition" % table, json={"description": "mine"}, token=token)),
                settled(api.put("tables/%s/columns/id/definition" % table, json={"description": "mine"}, token=token)),
                settled(api.post("buckets/%s/tables-definition" % bucket, json={"name": "more", "columns": [{"name": "id"}]}, token=token)),
                api.delete("tables/" + table, token=token)]
    for refused in calls(reader):
        assert_error(refused, 403, "accessDenied")
    assert [done.status_code for done in calls(writer)] == [202, 202, 202, 202, 200, 202, 202, 202, 204]


def test_display_name(api, define_table, make_bucket):
    bucket = make_bucket()
    first, second = define_table(bucket, "first"), define_table(bucket, "second")
    assert api.put("tables/" + first, json={"displayName": "shown"}).json()["displayName"] == "shown"
    assert api.put("tables/" + first, json={"displayName": "shown"}).status_code == 200
    assert_error(api.put("tables/" + second, json={"displayName": "shown"}), 400, "storage.buckets.tableAlreadyExists",
                 'The table "first" in the bucket already has the same display name "shown".')
    assert_error(api.put("tables/" + second, json={"displayName": "_wrong-display-name"}), 400, "storage.tables.validation",
                 "Invalid data - displayName: '_wrong-display-name' contains not allowed characters. Cannot start with underscore.")
    job = api.wait(api.put("tables/%s?async=1" % second, json={"displayName": "later"}))
    assert job["status"] == "success" and job["results"]["displayName"] == "later"
    assert job["operationName"] == "tableUpdate" and job["operationParams"]["values"] == {"displayName": "later"}


def test_columns_are_added_cleaned_and_dropped(api, define_table):
    table = define_table(columns=["id", "name"], key=["id"])

    def add(name):
        return api.post("tables/%s/columns" % table, json={"name": name})
    for raw, name in (("_abc-def----ghi_", "abc_def_ghi"), ("lot__of_____underscores____", "lot__of_____underscores"), ("xMax", "xMax_")):
        assert name in api.wait(add(raw))["results"]["columns"]
    for bad in ("", "____", "x" * 65):
        assert_error(add(bad), 400, "storage.tables.invalidColumnName")
    assert_error(add("NAME"), 400, "storage.tables.columnAlreadyExists")
    assert_error(api.post("tables/%s/columns" % table, json={"name": "t", "basetype": "STRING"}), 400, "storage.tables.validation",
                 "Invalid parameters - definition: This field was not expected.")
    api.post("columns/%s.name/metadata" % table, json={"provider": "user", "metadata": [{"key": "k", "value": "v"}]})
    assert api.wait(api.delete("tables/%s/columns/name" % table))["status"] == "success"
    detail = api.get("tables/" + table).json()
    assert detail["columns"] == ["id", "abc_def_ghi", "lot__of_____underscores", "xMax_"] and detail["columnMetadata"] == {}
    assert_error(api.delete("tables/%s/columns/id" % table), 400, "storage.tables.cannotDeletePrimaryKeyColumn")
    assert_error(api.delete("tables/%s/columns/none" % table), 400)


def test_the_last_column_stays(api, define_table):
    table = define_table(columns=["only"])
    assert_error(api.delete("tables/%s/columns/only" % table), 400, "storage.tables.validation")


def test_typed_table_wants_a_type_of_a_new_column(api, define_table):
    table = define_table(columns=[{"name": "id", "basetype": "INTEGER"}])
    job = api.wait(api.post("tables/%s/columns" % table, json={"name": "when", "definition": {"type": "DATE"}}))
    column = job["results"]["definition"]["columns"][1]
    assert column["name"] == "when" and column["basetype"] == "DATE"
    assert {m["key"]: m["value"] for m in job["results"]["columnMetadata"]["when"]}["KBC.datatype.type"] == "DATE"


def said_of(detail, column):
    return {(m["provider"], m["key"]): m["value"] for m in detail["columnMetadata"].get(column, [])}


def test_definition_of_a_table_and_its_columns_is_changed(api, define_table):
    table = define_table(columns=[{"name": "id", "basetype": "INTEGER"}, {"name": "name", "definition": {"type": "VARCHAR", "length": "10", "nullable": False}},
                                  {"name": "price", "definition": {"type": "NUMBER", "length": "10,2", "default": 1}}], key=["id"])
    job = api.wait(api.put("branch/default/tables/%s/definition" % table, json={
        "displayName": "orders", "description": "All orders", "columns": [
            {"name": "name", "description": "Who", "length": 20, "nullable": True}, {"name": "price", "length": "12,2", "default": None}]}))
    assert job["status"] == "success" and job["operationName"] == "tableDefinitionUpdate" and job["tableId"] == table, job
    detail = api.get("tables/" + table).json()
    assert job["results"] == detail and detail["displayName"] == "orders"
    assert ("user", "KBC.description", "All orders") in [(m["provider"], m["key"], m["value"]) for m in detail["metadata"]]
    columns = {c["name"]: c["definition"] for c in detail["definition"]["columns"]}
    assert columns["name"] == {"type": "VARCHAR", "nullable": True, "length": "20"}
    assert columns["price"] == {"type": "NUMBER", "nullable": True, "length": "12,2"}
    assert said_of(detail, "name")[("user", "KBC.description")] == "Who" and said_of(detail, "name")[("storage", "KBC.datatype.length")] == "20"
    assert ("storage", "KBC.datatype.default") not in said_of(detail, "price")
    one = api.wait(api.put("tables/%s/columns/name/definition" % table, json={"length": "30", "description": None}))
    assert one["status"] == "success" and one["operationName"] == "tableColumnDefinitionUpdate", one
    assert said_of(one["results"], "name") == {("storage", "KBC.datatype.type"): "VARCHAR", ("storage", "KBC.datatype.nullable"): "1",
                                              ("storage", "KBC.datatype.basetype"): "STRING", ("storage", "KBC.datatype.length"): "30"}
    api.wait(api.put("tables/%s/definition" % table, json={"description": None}))
    detail = api.get("tables/" + table).json()
    assert detail["displayName"] == "orders" and [m["key"] for m in detail["metadata"]] == ["KBC.dataTypesEnabled"]
    assert [e["event"] for e in api.get("tables/%s/events" % table).json()].count("storage.tableUpdated") == 3


@pytest.mark.parametrize("column, words", [
    ({"name": "none"}, "does not exist"),
    ({}, "does not exist"),
    ("name", "does not exist"),
    ({"name": "name", "length": "9"}, "can only grow"),
    ({"name": "name", "length": "16777217"}, "can only grow"),
    ({"name": "name", "length": "long"}, "not a valid length"),
    ({"name": "price", "length": "12,3"}, "its scale stays"),
    ({"name": "price", "default": "2"}, "can be removed"),
    ({"name": "day", "length": "4"}, "cannot be changed"),
    ({"name": "id", "nullable": True}, "primary key"),
    ({"name": "name", "description": 7}, "of type string"),
])
def test_a_definition_that_cannot_be_changes_nothing(api, define_table, column, words):
    table = define_table(columns=[{"name": "id", "basetype": "INTEGER"}, {"name": "name", "definition": {"type": "VARCHAR", "length": "10"}},
                                  {"name": "price", "definition": {"type": "NUMBER", "length": "10,2"}}, {"name": "day", "definition": {"type": "DATE"}}],
                         key=["id"])
    before = api.get("tables/" + table).json()
    refused = api.put("tables/%s/definition" % table, json={"description": "d", "columns": [{"name": "name", "length": "11"}, column]})
    assert words in assert_error(refused, 400)["error"]
    assert api.get("tables/" + table).json() == before


def test_an_untyped_table_is_described_and_not_typed(api, define_table, make_bucket):
    table, bucket = define_table(columns=["id", "name"]), make_bucket()
    described = api.wait(api.put("tables/%s/definition" % table, json={"columns": [{"name": "name", "description": "Who"}]}))
    assert described["results"]["isTyped"] is False and said_of(described["results"], "name") == {("user", "KBC.description"): "Who"}
    assert_error(api.put("tables/%s/columns/name/definition" % table, json={"nullable": False}), 400, "storage.tables.validation")
    assert_error(api.put("tables/%s/definition" % table, json={"displayName": "_x"}), 400, "storage.tables.validation")
    api.post("buckets/%s/table-aliases" % bucket, json={"name": "shown", "sourceTable": table})
    assert_error(api.put("tables/%s.shown/definition" % bucket, json={"description": "d"}), 400)
    assert_error(api.put("tables/%s.none/definition" % bucket, json={"description": "d"}), 404)


def test_primary_key(api, define_table):
    table = define_table(columns=["id", "name"])
    assert_error(api.post("tables/%s/primary-key" % table, json={"columns": []}), 400, "storage.validation.primaryKey")
    assert_error(api.post("tables/%s/primary-key" % table, json={"columns": ["none"]}), 400, "storage.validation.primaryKey")
    assert api.wait(api.post("tables/%s/primary-key" % table, json={"columns": ["id", "name"]}))["results"]["primaryKey"] == ["id", "name"]
    assert api.wait(api.delete("tables/%s/primary-key" % table))["results"]["primaryKey"] == []
    assert api.wait(api.delete("tables/%s/primary-key" % table))["status"] == "success"


def test_delete_at_once_and_as_a_job(api, define_table):
    assert api.delete("tables/" + define_table()).status_code == 204
    table = define_table()
    assert api.wait(api.delete("tables/%s?async=1" % table))["status"] == "success"
    assert_error(api.get("tables/" + table), 404, "storage.tables.notFound")


def test_a_table_made_anew_has_nothing_of_the_old_one(api, define_table, make_bucket):
    bucket = make_bucket()
    table = define_table(bucket, "again")
    api.post("tables/%s/metadata" % table, json={"provider": "user", "metadata": [{"key": "k", "value": "v"}]})
    assert api.delete("tables/" + table).status_code == 204
    assert define_table(bucket, "again", columns=["other"]) == table
    detail = api.get("tables/" + table).json()
    assert detail["metadata"] == [] and detail["columns"] == ["other"]


def test_optimize_is_a_job_that_changes_nothing(api, define_table, make_token):
    table = define_table()
    before = api.get("tables/" + table).json()
    job = api.wait(api.post("tables/%s/optimize" % table))
    assert job["status"] == "success" and job["operationName"] == "tableOptimize" and job["tableId"] == table
    assert job["results"] == api.get("tables/" + table).json() == before
    assert "storage.tableOptimized" in [e["event"] for e in api.get("tables/%s/events" % table).json()]
    reader = make_token(bucketPermissions={table.rsplit(".", 1)[0]: "read"})["token"]
    assert_error(api.post("tables/%s/optimize" % table, token=reader), 403, "accessDenied")
    assert_error(api.post("tables/%s2/optimize" % table), 404, "storage.tables.notFound")


def test_every_change_is_an_event(api, define_table):
    table = define_table()
    api.wait(api.post("tables/%s/columns" % table, json={"name": "extra"}))
    api.wait(api.post("tables/%s/primary-key" % table, json={"columns": ["id"]}))
    api.delete("tables/" + table)
    names = [event["event"] for event in api.get("events", params={"q": "objectId:" + table}).json()]
    assert names == ["storage.tableDeleted", "storage.tablePrimaryKeyAdded", "storage.tableColumnAdded", "storage.tableCreated"]


def test_search_by_metadata(api, define_table, make_bucket, make_token):
    bucket, hidden = make_bucket(), make_bucket()
    table, other, secret = define_table(bucket), define_table(bucket), define_table(hidden)
    key = unique("searched")
    for one, value in ((table, "a"), (other, "b"), (secret, "a")):
        api.post("tables/%s/metadata" % one, json={"provider": "user", "metadata": [{"key": key, "value": value}]})
    assert ids(api.get("search/tables", params={"metadataKey": key, "metadataValue": "a"})) == [table, secret]
    assert ids(api.get("search/tables", params={"metadataKey": key, "metadataProvider": "nobody"})) == []
    limited = make_token(bucketPermissions={bucket: "read"})["token"]
    assert ids(api.get("search/tables", params={"metadataKey": key, "metadataValue": "a"}, token=limited)) == [table]
    refused = assert_error(api.get("search/tables"), 400, "validationError")
    assert refused["errors"][0]["key"] == "metadataKey"
    assert_error(api.get("branch/default/search/tables", params={"metadataKey": key}), 501, text="Not implemented")
