"""Metadata of buckets, tables and columns: behaviour.md §10.1, §2."""
import pytest

from support.server import assert_error


def entries(*pairs, provider="user"):
    return {"provider": provider, "metadata": [{"key": key, "value": value} for key, value in pairs]}


@pytest.fixture(params=["bucket", "table", "column"])
def target(request, define_table, make_bucket):
    """Path of the metadata of a bucket, a table, a column, and its bucket."""
    bucket = make_bucket()
    table = define_table(bucket)
    path = {"bucket": "buckets/" + bucket, "table": "tables/" + table, "column": "columns/%s.id" % table}[request.param]
    return path + "/metadata", bucket


def said(api, path):
    return [(m["provider"], m["key"], m["value"]) for m in api.get(path).json()]


def test_set_again_and_delete(api, target):
    path, _ = target
    api.post(path, data={"provider": "user", "metadata[0][key]": "one", "metadata[0][value]": "1", "metadata[1][key]": "two",
                         "metadata[1][value]": "2"})
    assert said(api, path) == [("user", "one", "1"), ("user", "two", "2")]
    before = api.get(path).json()
    assert set(before[0]) == {"id", "key", "value", "provider", "timestamp"} and isinstance(before[0]["id"], str)
    api.post(path, json=entries(("one", "changed")))
    api.post(path, json=entries(("one", "other"), provider="somebody"))
    assert said(api, path) == [("user", "one", "changed"), ("user", "two", "2"), ("somebody", "one", "other")]
    assert api.get(path).json()[0]["id"] == before[0]["id"]
    assert api.delete("%s/%s" % (path, before[0]["id"])).status_code == 204
    assert said(api, path) == [("user", "two", "2"), ("somebody", "one", "other")]


@pytest.mark.parametrize("body, code, text", [
    (entries(("", "v")), "storage.metadata.invalidKey", "Invalid Metadata Key (metadata[0][key])"),
    (entries(("%", "v")), "storage.metadata.invalidKey", "Invalid Metadata Key (metadata[0][key])"),
    (entries(("ok", "v"), ("k" * 260, "v")), "storage.metadata.invalidKey", "Invalid Metadata Key (metadata[1][key])"),
    ({"provider": "user", "metadata": [{"key": "k"}]}, "storage.metadata.invalidStructure", "Invalid structure."),
    ({"provider": "user", "metadata": {"key": "k", "value": "v"}}, "storage.metadata.invalidStructure", "Invalid structure."),
    ({"provider": "user"}, "storage.metadata.invalidParameter", "The metadata parameter must be an array."),
    ({"provider": "user", "metadata": "text"}, "storage.metadata.invalidParameter", "The metadata parameter must be an array."),
    ({"metadata": []}, "storage.metadata.invalidProvider", "Provider is required."),
    (entries(("k", "v"), provider="%"), "storage.metadata.invalidProvider", "Invalid metadata provider."),
])
def test_bad_metadata_changes_nothing(api, target, body, code, text):
    path, _ = target
    assert_error(api.post(path, json=body), 400, code, text)
    assert said(api, path) == []


def test_deleting_what_is_not_there(api, define_table, make_bucket):
    bucket = make_bucket()
    table = define_table(bucket)
    assert_error(api.delete("buckets/%s/metadata/9999999" % bucket), 404, "storage.metadata.notFound",
                 'Metadata "9999999" not found for bucket "%s".' % bucket)
    for path in ("tables/%s/metadata" % table, "columns/%s.id/metadata" % table):
        assert_error(api.delete(path + "/9999999"), 404, "storage.metadata.notFound", "The supplied metadata ID was not found")
        assert_error(api.delete(path + "/text"), 400)


def test_metadata_of_one_is_not_deleted_through_another(api, define_table, make_bucket):
    first, second = define_table(), define_table()
    api.post("tables/%s/metadata" % first, json=entries(("k", "v")))
    number = api.get("tables/%s/metadata" % first).json()[0]["id"]
    assert_error(api.delete("tables/%s/metadata/%s" % (second, number)), 404, "storage.metadata.notFound")
    assert said(api, "tables/%s/metadata" % first) == [("user", "k", "v")]


def test_R09_readers_list_and_do_not_change(api, target, make_token):
    path, bucket = target
    api.post(path, json=entries(("k", "v")))
    number = api.get(path).json()[0]["id"]
    reader = make_token(bucketPermissions={bucket: "read"})["token"]
    writer = make_token(bucketPermissions={bucket: "write"})["token"]
    nobody = make_token()["token"]
    assert api.get(path, token=reader).json()[0]["value"] == "v"
    for refused in (api.get(path, token=nobody), api.post(path, json=entries(("k", "x")), token=reader),
                    api.delete("%s/%s" % (path, number), token=reader)):
        assert_error(refused, 403, "accessDenied")
    assert said(api, path) == [("user", "k", "v")]
    assert api.post(path, json=entries(("k", "x")), token=writer).status_code in (200, 201)
    assert api.delete("%s/%s" % (path, number), token=writer).status_code == 204


@pytest.mark.parametrize("columns", [
    {"id": [{"key": "k", "value": "v", "columnName": "id"}]},
    {"id": [{"key": "k", "value": "v"}]},
    {"all": [{"columnName": "id", "key": "k", "value": "v"}]},
    [[{"key": "k", "value": "v", "columnName": "id"}]],
])
def test_json_sets_table_and_columns_in_one_call(api, define_table, columns):
    table = define_table()
    answer = api.post("tables/%s/metadata" % table, json={**entries(("t", "1")), "columnsMetadata": columns}).json()
    assert answer["metadata"][0]["value"] == "1" and answer["columnsMetadata"]["id"][0]["value"] == "v"
    detail = api.get("tables/" + table).json()
    assert list(detail["columnMetadata"]) == ["id"] and detail["metadata"][0]["key"] == "t"
    event = api.get("tables/%s/events" % table, params={"q": "event:storage.tableMetadataSet"}).json()[0]
    assert event["params"] == {"provider": "user", "metadata": [{"key": "t", "value": "1"}], "columnsMetadata": columns}


def test_a_column_that_is_not_there_stops_the_whole_call(api, define_table):
    table = define_table()
    assert_error(api.post("tables/%s/metadata" % table, json={**entries(("t", "1")), "columnsMetadata": {"none": [{"key": "k", "value": "v"}]}}),
                 400, "storage.metadata.invalidStructure")
    assert said(api, "tables/%s/metadata" % table) == []
    assert_error(api.get("columns/%s.none/metadata" % table), 404)


def test_numeric_columns(api, define_table):
    table = define_table(columns=["0", "45"])
    api.post("columns/%s.0/metadata" % table, json=entries(("k", "v")))
    assert list(api.get("tables/" + table).json()["columnMetadata"]) == ["0"]


def test_what_a_typed_table_says_of_itself_stays(api, define_table):
    table = define_table(columns=[{"name": "id", "basetype": "INTEGER"}])
    number = api.get("tables/" + table).json()["metadata"][0]["id"]
    assert_error(api.post("tables/%s/metadata" % table, json=entries(("k", "v"), provider="storage")), 403,
                 "storage.metadata.invalidProvider", "cannot be edited by user.")
    assert_error(api.delete("tables/%s/metadata/%s" % (table, number)), 403, "storage.metadata.invalidProvider", "cannot be deleted by user.")


def test_setting_a_bucket_s_metadata_updates_the_bucket(api, make_bucket):
    bucket = make_bucket()
    api.post("buckets/%s/metadata" % bucket, json=entries(("k", "v")))
    assert api.get("buckets/" + bucket).json()["updated"]
