"""Snapshots: behaviour.md §6.10."""
from conftest import unique
from support.server import assert_error


def snapshot(api, table, token=None, **body):
    job = api.wait(api.post("tables/%s/snapshots" % table, token=token, json=body), token=token)
    assert job["status"] == "success", job
    assert job["operationName"] == "tableSnapshotCreate"
    return job["results"]["id"]


def restore(api, bucket, snapshot_id, token=None, **body):
    return api.wait(api.post("buckets/%s/tables-async" % bucket, token=token, json={"snapshotId": snapshot_id, **body}), token=token)


def test_snapshot_detail_and_list(api, make_table):
    table = make_table("id,name\n1,a\n", primaryKey="id")
    first, second = snapshot(api, table, description="before"), snapshot(api, table, description=None)
    detail = api.get("snapshots/%d" % first).json()
    assert detail["id"] == first and detail["description"] == "before" and detail["type"] == "table" and detail["createdTime"]
    assert detail["table"]["columns"] == ["id", "name"] and detail["table"]["primaryKey"] == ["id"] and detail["table"]["id"] == table
    assert detail["creatorToken"]["description"] and detail["dataFileId"] and "columnDefinitions" not in detail["table"]
    assert [s["id"] for s in api.get("tables/%s/snapshots" % table).json()] == [second, first]
    assert [s["id"] for s in api.get("tables/%s/snapshots?limit=1&offset=1" % table).json()] == [first]
    assert_error(api.get("snapshots/999999"), 404, "storage.snapshots.notFound")


def test_table_from_snapshot_outlives_its_bucket(api, make_table, make_bucket):
    table = make_table('id,name\n1,"a\nb"\n2,\n', name="original", primaryKey="id")
    body = {"provider": "me", "metadata": [{"key": "k", "value": "of the table"}],
            "columnsMetadata": {"name": [{"columnName": "name", "key": "c", "value": "of the column"}]}}
    assert api.post("tables/%s/metadata" % table, json=body).status_code < 300
    snapshot_id = snapshot(api, table)
    before = api.get("tables/%s/data-preview" % table).text
    assert api.delete("buckets/%s?force=1" % table.rsplit(".", 1)[0]).status_code < 300
    bucket = make_bucket()
    made = restore(api, bucket, snapshot_id)
    assert made["status"] == "success", made
    detail = api.get("tables/%s.original" % bucket).json()
    assert detail["columns"] == ["id", "name"] and detail["primaryKey"] == ["id"] and detail["rowsCount"] == 2
    assert [(m["provider"], m["key"], m["value"]) for m in detail["metadata"]] == [("me", "k", "of the table")]
    assert detail["columnMetadata"]["name"][0]["value"] == "of the column"
    assert api.get("tables/%s.original/data-preview" % bucket).text == before
    named = restore(api, bucket, snapshot_id, name="copy", delimiter=";")
    assert named["results"]["id"] == bucket + ".copy" and named["results"]["rowsCount"] == 2
    failed = restore(api, bucket, snapshot_id)
    assert failed["status"] == "error" and failed["error"]["code"] == "storage.buckets.tableAlreadyExists"
    assert restore(api, bucket, 999999, name=unique("t"))["error"]["code"] == "storage.snapshots.notFound"


def test_snapshot_is_what_the_table_was(api, make_table, make_bucket):
    table = make_table("id\n1\n")
    snapshot_id = snapshot(api, table)
    api.wait(api.post("tables/%s/import-async" % table, json={"dataFileId": api.upload("id,more\n2,x\n")}))
    bucket = make_bucket()
    assert restore(api, bucket, snapshot_id, name="was")["status"] == "success"
    assert api.get("tables/%s.was/data-preview" % bucket).text == '"id"\n"1"\n'


def test_delete_snapshot(api, make_table):
    table = make_table()
    snapshot_id = snapshot(api, table)
    file_id = api.get("snapshots/%d" % snapshot_id).json()["dataFileId"]
    assert api.get("files/%d" % file_id).status_code == 200
    job = api.wait(api.delete("snapshots/%d" % snapshot_id))
    assert (job["status"], job["operationName"], job["tableId"], job["results"]) == ("success", "tableSnapshotDelete", table, None)
    assert job["operationParams"]["snapshotId"] == str(snapshot_id)
    assert_error(api.get("snapshots/%d" % snapshot_id), 404, "storage.snapshots.notFound")
    assert_error(api.delete("snapshots/%d" % snapshot_id), 404, "storage.snapshots.notFound")
    assert_error(api.get("files/%d" % file_id), 404, "storage.files.notFound")
    events = api.get("tables/%s/events" % table, params={"q": "event:storage.tableSnapshotDeleted"}).json()
    assert len(events) == 1 and events[0]["params"]["snapshotId"] == snapshot_id


def test_R09_snapshots_follow_the_bucket(api, make_table, make_token, make_bucket):
    table = make_table()
    bucket, other = table.rsplit(".", 1)[0], make_bucket()
    snapshot_id = snapshot(api, table)
    read = make_token(bucketPermissions={bucket: "read", other: "write"})["token"]
    none = make_token(bucketPermissions={other: "write"})["token"]
    assert api.get("snapshots/%d" % snapshot_id, token=read).status_code == 200
    assert len(api.get("tables/%s/snapshots" % table, token=read).json()) == 1
    assert restore(api, other, snapshot_id, token=read, name=unique("t"))["status"] == "success"
    assert_error(api.post("tables/%s/snapshots" % table, token=read, json={}), 403, "accessDenied")
    assert_error(api.delete("snapshots/%d" % snapshot_id, token=read), 403, "accessDenied")
    for name in (snapshot_id, 999999):
        assert bucket not in api.get("snapshots/%d" % name, token=none).text
        assert_error(api.get("snapshots/%d" % name, token=none), 403, "accessDenied")
        assert_error(api.delete("snapshots/%d" % name, token=none), 403, "accessDenied")
    assert_error(api.get("tables/%s/snapshots" % table, token=none), 403, "accessDenied")
    assert restore(api, other, snapshot_id, token=none, name=unique("t"))["error"]["code"] == "accessDenied"


def test_R09_a_later_bucket_of_the_name_opens_no_old_snapshot(api, make_table, make_token, make_bucket):
    name = unique("gone")
    table, other = make_table(bucket=make_bucket(name)), make_bucket()
    bucket = table.rsplit(".", 1)[0]
    snapshot_id = snapshot(api, table)
    assert api.delete("buckets/%s?force=1" % bucket).status_code == 204
    assert make_bucket(name) == bucket
    later = make_token(bucketPermissions={bucket: "write", other: "write"})["token"]
    assert_error(api.get("snapshots/%d" % snapshot_id, token=later), 403, "accessDenied")
    assert restore(api, other, snapshot_id, token=later, name=unique("t"))["error"]["code"] == "accessDenied"
    assert api.get("snapshots/%d" % snapshot_id).status_code == 200
    assert restore(api, other, snapshot_id, name=unique("t"))["status"] == "success"
