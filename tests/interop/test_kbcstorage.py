"""Every public call of kbcstorage for tokens, buckets, tables, files, jobs and configurations."""
import csv
import gzip
import itertools
import os

import pytest
import requests
from kbcstorage.client import Client

_numbers = itertools.count(1)


def unique(prefix):
    return "%s-%d-%d" % (prefix, os.getpid(), next(_numbers))


@pytest.fixture
def bucket(client):
    made = client.buckets.create(name=unique("interop"), stage="in", description="from the public client")
    yield made["id"]
    client.buckets.delete(made["id"], force=True)


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text('id,name\n1,"Ada ""the first"""\n2,Grace\n3,\n', encoding="utf-8")
    return str(path)


def refused(status, call, *arguments, **options):
    with pytest.raises(requests.HTTPError) as caught:
        call(*arguments, **options)
    assert caught.value.response.status_code == status
    return caught.value.response.json()


def test_index_is_public(server, api):
    answer = api.get("", token="rubbish")
    assert answer.status_code == 200
    assert answer.json()["api"] == "storage" and answer.json()["version"] == "v2"
    assert "components" in answer.json() and "services" in answer.json()
    assert api.get("//not-a-url").status_code == 404


def test_verify(client, server):
    verified = client.tokens.verify()
    assert int(verified["id"]) > 0 and verified["canManageBuckets"] is True
    assert verified["owner"]["id"] == server.project_id and "token" not in verified


def test_dead_token_is_refused(server):
    refused(401, Client(server.url, "1-1-" + "0" * 40).buckets.list)


def test_buckets(client):
    name = unique("buckets")
    made = client.buckets.create(name=name, stage="out", description="d")
    assert made["id"] == "out.c-" + name and made["name"] == "c-" + name and made["tables"] == [] and made["attributes"] == []
    assert client.buckets.detail(made["id"])["uri"] == made["uri"]
    assert made["id"] in [b["id"] for b in client.buckets.list()]
    assert client.buckets.list_tables(made["id"]) == []
    refused(400, client.buckets.create, name=name, stage="out")
    client.buckets.delete(made["id"])
    refused(404, client.buckets.detail, made["id"])
    refused(404, client.buckets.delete, made["id"], force=True)


def test_table_life(client, bucket, people):
    table = client.tables.create(name="people", bucket_id=bucket, file_path=people, primary_key=["id"])
    assert table == bucket + ".people"
    detail = client.tables.detail(table)
    assert detail["columns"] == ["id", "name"] and detail["primaryKey"] == ["id"] and detail["rowsCount"] == 3
    assert detail["bucket"]["id"] == bucket
    assert table in [t["id"] for t in client.tables.list()] and table in [t["id"] for t in client.buckets.list_tables(bucket)]
    assert sorted(client.tables.preview(table).split("\n")) == ["", '"1","Ada ""the first"""', '"2","Grace"', '"3",""', '"id","name"']
    refused(400, client.buckets.delete, bucket, asynchronous=False)
    client.tables.delete(table)
    refused(404, client.tables.detail, table)


def test_load_full_and_incremental(client, bucket, people, tmp_path):
    table = client.tables.create(name="loads", bucket_id=bucket, file_path=people, primary_key=["id"])
    more = tmp_path / "more.csv"
    more.write_text("name,id\nGrace Hopper,2\nEdsger,4\n", encoding="utf-8")
    client.tables.load(table, str(more), is_incremental=True)
    assert client.tables.detail(table)["rowsCount"] == 4
    assert '"2","Grace Hopper"' in client.tables.preview(table)
    client.tables.load(table, str(more))
    assert client.tables.detail(table)["rowsCount"] == 2
    assert client.jobs.block_until_completed(client.tables.optimize(table)["id"])["status"] == "success"
    assert client.tables.detail(table)["rowsCount"] == 2


@pytest.mark.parametrize("is_gzip", [True, False])
def test_export(client, bucket, people, tmp_path, is_gzip):
    table = client.tables.create(name="exports", bucket_id=bucket, file_path=people)
    path = client.tables.export_to_file(table, str(tmp_path), is_gzip=is_gzip)
    text = open(path, encoding="utf-8", newline="").read()
    assert sorted(text.split("\n")) == ["", '"1","Ada ""the first"""', '"2","Grace"', '"3",""', '"id","name"']
    filtered = client.tables.export_to_file(table, str(tmp_path), columns=["name", "id"], where_column="id", where_values=["2"], is_gzip=is_gzip)
    assert list(csv.reader(open(filtered, encoding="utf-8"))) == [["name", "id"], ["Grace", "2"]]


def test_preview_filters(client, bucket, people):
    table = client.tables.create(name="filters", bucket_id=bucket, file_path=people)
    assert client.tables.preview(table, columns=["name"], where_column="id", where_values=["1", "2"]).split("\n")[0] == '"name"'
    assert client.tables.preview(table, where_column="id", where_values=["1"], where_operator="neq").count("\n") == 3
    assert client.tables.preview(table, changed_since="-2 days").count("\n") == 4
    refused(400, client.tables.preview, table, where_column="nothing", where_values=["1"])


def test_bad_tables_are_refused(client, bucket, people):
    with pytest.raises(Exception):
        client.tables.create(name="with.dot", bucket_id=bucket, file_path=people)
    with pytest.raises(Exception):
        client.tables.create(name="key", bucket_id=bucket, file_path=people, primary_key=["nothing"])
    assert client.buckets.list_tables(bucket) == []


def test_table_metadata(client, bucket, people):
    table = client.tables.create(name="meta", bucket_id=bucket, file_path=people)
    client.tables.metadata.create(table, "interop", [{"key": "k", "value": "v"}], [[{"key": "ck", "value": "cv", "columnName": "name"}]])
    found = client.tables.metadata.list(table)
    assert [(m["key"], m["value"], m["provider"]) for m in found] == [("k", "v", "interop")] and isinstance(found[0]["id"], str)
    assert client.tables.detail(table)["columnMetadata"]["name"][0]["value"] == "cv"
    client.tables.metadata.create(table, "interop", [{"key": "k", "value": "w"}])
    assert [m["value"] for m in client.tables.metadata.list(table)] == ["w"]
    client.tables.metadata.delete(table, found[0]["id"])
    assert client.tables.metadata.list(table) == []


def test_files(client, tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("foobar", encoding="utf-8")
    file_id = client.files.upload_file(str(path), tags=["interop", "b"])
    detail = client.files.detail(file_id)
    assert detail["id"] == file_id and detail["sizeBytes"] == 6 and detail["isPublic"] is False and detail["isSliced"] is False
    assert detail["isEncrypted"] is True and detail["tags"] == ["interop", "b"] and "absCredentials" not in detail
    with_credentials = client.files.detail(file_id, federation_token=True)
    assert with_credentials["provider"] == "azure" and with_credentials["absPath"]["container"] and with_credentials["absCredentials"]["expiration"]
    local = client.files.download(file_id, str(tmp_path / "down"))
    assert open(local, encoding="utf-8").read() == "foobar"
    assert [f["id"] for f in client.files.list(limit=1, tags=["interop"])] == [file_id]
    client.files.delete(file_id)
    refused(404, client.files.detail, file_id)


def test_compressed_empty_and_large_files(client, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    packed = client.files.upload_file(str(path), compress=True)
    assert gzip.open(client.files.download(packed, str(tmp_path / "packed"))).read() == b"a\n1\n"
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    file_id = client.files.upload_file(str(empty))
    assert open(client.files.download(file_id, str(tmp_path / "e")), "rb").read() == b""
    large = tmp_path / "large"
    block = os.urandom(1 << 20)
    with open(large, "wb") as f:
        for _ in range(70):  # more than one block of the blob client
            f.write(block)
    file_id = client.files.upload_file(str(large))
    assert open(client.files.download(file_id, str(tmp_path / "l")), "rb").read() == block * 70


def test_sliced_download_has_no_header(client, bucket, people, tmp_path):
    table = client.tables.create(name="sliced", bucket_id=bucket, file_path=people)
    job = client.tables.export(table)
    local = client.files.download(job if isinstance(job, int) else int(job), str(tmp_path / "slices"))
    assert sorted(open(local, encoding="utf-8").read().split("\n")) == ["", '"1","Ada ""the first"""', '"2","Grace"', '"3",""']


def test_jobs(client, bucket, people):
    client.tables.create(name="jobs", bucket_id=bucket, file_path=people)
    jobs = client.jobs.list()
    assert isinstance(jobs, list) and jobs[0]["operationName"] == "tableCreate" and jobs[0]["status"] == "success"
    assert client.jobs.detail(jobs[0]["id"])["results"]["id"] == bucket + ".jobs"
    assert client.jobs.completed(jobs[0]["id"]) and client.jobs.block_for_success(jobs[0]["id"])


def test_components_and_configurations(client):
    component, configuration = "keboola.runner-config-test", unique("config")
    made = client.configurations.create(component, "first", configuration_id=configuration, configuration='{"a": {"b": []}}')
    assert made["id"] == configuration and made["version"] == 1
    assert configuration in [c["id"] for c in client.configurations.list(component)]
    assert client.configurations.detail(component, configuration)["configuration"] == {"a": {"b": []}}
    listed = next(c for c in client.components.list() if c["id"] == component)
    assert "configuration" not in listed["configurations"][0]
    full = next(c for c in client.components.list(include=["configuration", "rows", "state"]) if c["id"] == component)
    assert {"configuration", "rows", "state"} <= set(full["configurations"][0])
    client.configurations.metadata.create(component, configuration, "interop", [{"key": "k", "value": "v"}])
    metadata = client.configurations.metadata.list(component, configuration)
    assert [(m["key"], m["value"]) for m in metadata] == [("k", "v")]
    client.configurations.metadata.delete(component, configuration, metadata[0]["id"])
    assert client.configurations.metadata.list(component, configuration) == []
    client.configurations.delete(component, configuration)
    refused(404, client.configurations.detail, component, configuration)
    refused(404, client.configurations.list, "no.such-component")


def test_branches(client):
    assert client.branches.branch_detail("default")["isDefault"] is True
    assert client.branches.metadata("default") == []


def test_triggers(client, api, bucket, people):
    table = client.tables.create(name="watched", bucket_id=bucket, file_path=people)
    token = api.post("tokens", json={"description": "trigger", "canManageBuckets": True}).json()
    made = client.triggers.create(runWithTokenId=token["id"], component="keboola.orchestrator", configurationId=123, coolDownPeriodMinutes=10, tableIds=[table])
    assert made["runWithTokenId"] == int(token["id"]) and made["configurationId"] == "123" and made["tables"] == [{"tableId": table}]
    assert client.triggers.detail(made["id"])["coolDownPeriodMinutes"] == 10
    assert client.triggers.update(made["id"], coolDownPeriodMinutes=100)["coolDownPeriodMinutes"] == 100
    assert made["id"] in [t["id"] for t in client.triggers.list()]
    assert api.delete("tokens/" + token["id"]).status_code == 400
    client.triggers.delete(made["id"])
    refused(404, client.triggers.detail, made["id"])
    assert api.delete("tokens/" + token["id"]).status_code == 204


def test_the_tour_of_a_limited_token(server, api, client, bucket, people, tmp_path):
    """The outcome of the first issue, from start to end, with the public client."""
    other = client.buckets.create(name=unique("closed"), stage="in")["id"]
    made = api.post("tokens", json={"description": "loader", "bucketPermissions": {bucket: "write"}}).json()
    limited = Client(server.url, made["token"])
    table = limited.tables.create(name="data", bucket_id=bucket, file_path=people, primary_key=["id"])
    path = limited.tables.export_to_file(table, str(tmp_path))
    assert sorted(row[0] for row in csv.reader(open(path, encoding="utf-8"))) == ["1", "2", "3", "id"]
    assert [b["id"] for b in limited.buckets.list()] == [bucket]
    assert refused(403, limited.buckets.detail, other)["code"] == "accessDenied"
    refused(403, limited.buckets.create, name="mine", stage="in")
    fresh = api.post("tokens/%s/refresh" % made["id"], token=made["token"]).json()["token"]
    assert refused(401, limited.buckets.list)["code"] == "storage.tokenInvalid"
    assert [b["id"] for b in Client(server.url, fresh).buckets.list()] == [bucket]
    events = {e["event"] for e in api.get("tokens/%s/events" % made["id"], params={"limit": 1000}).json()}
    assert {"storage.tokenCreated", "storage.tokenRefreshed", "storage.tableCreated", "storage.tableImportDone", "storage.tableExported",
            "storage.bucketsListed", "storage.accessDenied"} <= events
    client.buckets.delete(other)
