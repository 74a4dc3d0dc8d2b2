"""Files: announced, found, tagged, deleted; who may see which (behaviour.md §7)."""
import os
import sqlite3
import time

import pytest
from conftest import ENGINE, unique
from support.server import assert_error


@pytest.fixture
def prepare(api):
    def make(token=None, **options):
        response = api.post("files/prepare", token=token, json={"name": unique("file"), **options})
        assert response.status_code == 201, response.text
        return response.json()
    return make


def names(response):
    assert response.status_code == 200, response.text
    return [item["name"] for item in response.json()]


def test_prepare_answers_what_clients_read(api, prepare):
    made = prepare(name="my data.csv", sizeBytes=6, tags=["first", "first", "second"], federationToken=True, isEncrypted=False,
                   isPublic=True)
    assert made["name"] == "my data.csv" and made["sizeBytes"] == 6 and made["tags"] == ["first", "second"]
    assert made["isEncrypted"] is True and made["isPublic"] is False and made["isSliced"] is False
    assert made["maxAgeDays"] == 15 and made["provider"] == "azure" and made["runId"] is None and made["runIds"] == []
    assert isinstance(made["id"], int) and isinstance(made["creatorToken"]["id"], int)
    params = made["absUploadParams"]
    assert params["blobName"] == "%d.my_data.csv" % made["id"]
    assert not params["absCredentials"]["SASConnectionString"].endswith(";")
    assert all("=" in part for part in params["absCredentials"]["SASConnectionString"].split(";"))
    detail = api.get("files/%d" % made["id"]).json()
    for key in ("id", "name", "tags", "created", "sizeBytes", "maxAgeDays", "creatorToken", "isEncrypted", "region", "fileType"):
        assert detail[key] == made[key]
    assert made["fileType"] == "csv"
    assert not {"absCredentials", "credentials", "absUploadParams", "absPath"} & set(detail)
    federated = api.get("files/%d?federationToken=true" % made["id"]).json()
    assert federated["absPath"] == {"container": params["container"], "name": params["blobName"]}
    assert "SASConnectionString" in federated["absCredentials"]


def test_prepare_permanent_form_and_gaps(api):
    made = api.post("files/prepare", data={"name": "x", "isPermanent": "1", "tags[0]": "a", "tags[3]": "b", "isSliced": "True"}).json()
    assert made["maxAgeDays"] is None and made["tags"] == ["a", "b"] and made["isSliced"] is True and made["sizeBytes"] is None


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": None}, {"name": "x", "sizeBytes": -1}, {"name": "x", "sizeBytes": "much"},
                                  {"name": "x", "tags": "text"}, {"name": "x", "tags": [""]}, {"name": "x", "tags": [["deep"]]},
                                  {"name": "x", "tags": ["t"] * 201}, {"name": "x" * 1001}])
def test_prepare_refuses_what_it_cannot_keep(api, body):
    before = len(api.get("files?limit=1000").json())
    response = api.post("files/prepare", json=body)
    assert response.status_code == 400 and response.json()["error"]
    assert len(api.get("files?limit=1000").json()) == before


def test_detail_of_what_is_not_there(api):
    response = api.get("files/999999")
    assert response.status_code == 404 and response.json()["code"] == "storage.files.notFound"
    assert response.json()["error"] == "File not found"
    assert api.get("files/abc").status_code == 404


def test_R08_token_sees_only_its_own_files(api, prepare, make_token):
    mine, other = make_token(), make_token()
    made = prepare(token=mine["token"])
    foreign = prepare()
    assert names(api.get("files", token=mine["token"])) == [made["name"]]
    assert names(api.get("files", token=other["token"])) == []
    assert api.get("files/%d" % made["id"], token=mine["token"]).status_code == 200
    assert made["name"] in names(api.get("files"))
    for call in (api.get("files/%d" % made["id"], token=other["token"]), api.delete("files/%d" % made["id"], token=other["token"]),
                 api.post("files/%d/tags" % made["id"], token=other["token"], json={"tag": "x"}),
                 api.put("files/%d/refresh" % made["id"], token=other["token"]),
                 api.get("files/%d" % foreign["id"], token=mine["token"])):
        assert call.status_code == 403 and call.json()["code"] == "accessDenied"
    assert api.get("files/%d" % made["id"]).json()["tags"] == []


def test_R09_who_may_not_use_a_file_does_not_learn_whether_it_is_there(api, prepare, make_token, make_table):
    foreign, absent = prepare()["id"], 999999999
    limited, reader = make_token()["token"], make_token(canReadAllFileUploads=True)["token"]
    for file_id in (foreign, absent):
        assert_error(api.get("files/%d" % file_id, token=limited), 403, "accessDenied")
        for token in (limited, reader):
            assert_error(api.delete("files/%d" % file_id, token=token), 403, "accessDenied")
            assert_error(api.post("files/%d/tags" % file_id, token=token, json={"tag": "x"}), 403, "accessDenied")
    assert api.get("files/%d" % foreign, token=reader).status_code == 200
    assert_error(api.get("files/%d" % absent, token=reader), 404, "storage.files.notFound")
    table = make_table()
    writer = make_token(bucketPermissions={table.rsplit(".", 1)[0]: "write"})["token"]
    for file_id in (foreign, absent):
        job = api.wait(api.post("tables/%s/import-async" % table, token=writer, json={"dataFileId": file_id}), token=writer)
        assert job["status"] == "error" and job["error"]["code"] == "accessDenied", job


def test_R08_canReadAllFileUploads_reads_and_changes_nothing(api, prepare, make_token):
    reader = make_token(canReadAllFileUploads=True)
    made = prepare()
    assert made["name"] in names(api.get("files", token=reader["token"]))
    assert api.get("files/%d" % made["id"], token=reader["token"]).status_code == 200
    assert api.delete("files/%d" % made["id"], token=reader["token"]).status_code == 403
    assert api.put("tokens/%s" % reader["id"], json={"canReadAllFileUploads": False}).status_code == 200
    assert api.get("files/%d" % made["id"], token=reader["token"]).status_code == 403
    assert names(api.get("files", token=reader["token"])) == []


def test_readOnly_master_reads_all_and_writes_nothing(api, roles, prepare):
    made = prepare()
    token = roles["readOnly"]
    assert made["name"] in names(api.get("files", token=token))
    for call in (api.post("files/prepare", token=token, json={"name": "x"}), api.delete("files/%d" % made["id"], token=token),
                 api.post("files/%d/tags" % made["id"], token=token, json={"tag": "x"})):
        assert call.status_code == 403 and call.json()["code"] == "accessDenied"
    assert api.get("files/%d" % made["id"]).json()["tags"] == []


def test_list_filters(api, make_token):
    token = make_token()["token"]

    def make(name, tags=(), **headers):
        return api.post("files/prepare", token=token, json={"name": name, "tags": list(tags)}, headers=headers).json()["id"]
    one = make("one.csv", ["a", "b"])
    two = make("two.csv", ["b", "image/tag"], **{"X-KBC-RunId": "123.4"})
    three = make("Three.txt")

    def listed(query, expect=200):
        response = api.get("files?" + query, token=token)
        assert response.status_code == expect, response.text
        return [item["id"] for item in response.json()] if expect == 200 else response.json()
    assert listed("") == [three, two, one]
    assert listed("limit=1&offset=1") == [two]
    assert listed("tags[]=a&tags[]=image/tag") == [two, one]
    assert listed("tags[0]=nothing") == []
    assert listed("sinceId=%d" % one) == [three, two] and listed("maxId=%d" % three) == [two, one]
    assert listed("runId=123.4") == [two]
    assert listed("q=THREE") == [three] and listed("q=csv") == [two, one] and listed("q=id:%d" % one) == [one]
    assert listed("q=") == [three, two, one] and listed("q=tags:b AND name:two") == [two]
    accented = make("Žlutý kůň.csv")
    assert listed("q=Žlutý") == listed("q=žlutÝ") == [accented] and listed("q=zluty") == [] and listed("q=ŽLUT*") == [accented] and listed("q=kůň*") == []
    assert api.delete("files/%d" % accented, token=token).status_code == 204
    assert listed("showExpired=0") == [three, two, one]
    assert listed("q=tags:a OR name:three") == [three, one] and listed("q=tags:b AND NOT (tags:a || two)") == []
    assert listed("q=%2Bcsv -tags:a") == [two] and listed("q=t*") == [three, two] and listed("q=tags:image*") == [two]
    assert listed("q=runId:123.4") == [two] and listed("q=runId:123") == [] and listed("q=creatorToken.id:1") == []
    for wrong in ("tags[]:sd", "a OR", "(a", "what:x"):
        assert listed("q=" + wrong, 400)["code"] == "query.syntax"
    error = listed("tags=text", 400)
    assert error["code"] == "storage.validation" and "This value should be of type array" in error["error"]
    error = listed("isPublic=999987", 400)
    assert error["code"] == "storage.validation" and "is not boolean. Possible values are" in error["error"]
    assert listed("isPublic=0", 400)["error"] == "FileListFilter is not yet implemented"
    assert listed("limit=10001", 400)["error"]


def test_tags(api, prepare):
    made = prepare(tags=["kept"])
    path = "files/%d" % made["id"]
    assert api.post(path + "/tags", json={"tag": "image/tag/tag1"}).status_code == 204
    assert api.post(path + "/tags", data={"tag": "kept"}).status_code == 204
    assert api.get(path).json()["tags"] == ["kept", "image/tag/tag1"]
    assert api.delete(path + "/tags/image/tag/tag1/").status_code == 204
    assert api.delete(path + "/tags/never").status_code == 204
    assert api.get(path).json()["tags"] == ["kept"]
    assert api.post(path + "/tags", json={}).status_code == 400
    assert api.post("files/999999/tags", json={"tag": "x"}).status_code == 404
    assert api.delete("files/999999/tags/x").status_code == 404


def test_delete(api, prepare):
    made = prepare()
    assert api.delete("files/%d" % made["id"]).status_code == 204
    assert api.get("files/%d" % made["id"]).status_code == 404
    assert api.delete("files/%d" % made["id"]).status_code == 404
    assert made["name"] not in names(api.get("files"))


def test_delete_async_is_a_job(api, prepare, make_token):
    made = prepare()
    job = api.wait(api.delete("files/%d?async=1" % made["id"]))
    assert job["status"] == "success" and job["operationName"] == "fileDelete" and job["operationParams"]["fileId"] == made["id"]
    assert api.get("files/%d" % made["id"]).status_code == 404
    assert api.get("events?limit=1").json()[0]["event"] == "storage.fileDeleted"
    assert api.delete("files/%d?async=1" % made["id"]).status_code == 404
    kept = prepare()
    assert api.delete("files/%d?async=1" % kept["id"], token=make_token()["token"]).status_code == 403
    assert api.get("files/%d" % kept["id"]).status_code == 200


def test_contents_of_a_removed_file_leave_the_disk(api, server):
    file_id = api.upload("contents that go")
    folder = os.path.join(server.data, "blobs", str(server.project_id), "exp-15-files-%d-%d" % (server.project_id, file_id))
    assert os.listdir(folder)
    assert api.delete("files/%d" % file_id).status_code == 204
    deadline = time.monotonic() + 60
    while os.path.exists(folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not os.path.exists(folder)


def test_refresh_gives_new_credentials(api, prepare):
    made = prepare()
    fresh = api.put("files/%d/refresh" % made["id"])
    assert fresh.status_code == 200 and fresh.json()["absUploadParams"]["blobName"] == made["absUploadParams"]["blobName"]


def test_R14_each_call_is_an_event_without_the_signature(api, make_token):
    token = make_token()
    made = api.post("files/prepare", token=token["token"], json={"name": "seen.csv"}).json()
    api.get("files/%d" % made["id"], token=token["token"])
    api.get("files", token=token["token"])
    api.post("files/%d/tags" % made["id"], token=token["token"], json={"tag": "red"})
    api.delete("files/%d/tags/red" % made["id"], token=token["token"])
    api.delete("files/%d" % made["id"], token=token["token"])
    events = api.get("events", token=token["token"])
    found = [event["event"] for event in events.json()]
    assert found[:6] == ["storage.fileDeleted", "storage.fileTagDeleted", "storage.fileTagAdded", "storage.filesListed",
                         "storage.fileDetail", "storage.fileCreated"]
    assert events.json()[0]["objectId"] == str(made["id"]) and events.json()[0]["objectName"] == "seen.csv"
    assert "sig=" not in events.text


def export(api, table, token):
    job = api.wait(api.post("tables/%s/export-async" % table, token=token, json={}), token=token)
    assert job["status"] == "success", job
    return job["results"]["file"]["id"]


def test_R09_file_of_an_export_opens_with_its_bucket_only(api, make_table, make_token):
    table = make_table()
    bucket = table.rsplit(".", 1)[0]
    first, second = (make_token(bucketPermissions={bucket: "read"}) for _ in range(2))
    stranger, all_files = make_token(), make_token(canReadAllFileUploads=True)
    file_id = export(api, table, first["token"])
    path = "files/%d?federationToken=1" % file_id
    assert api.get(path, token=second["token"]).status_code == 403
    assert export(api, table, second["token"]) == file_id  # the cache gives it
    detail = api.get(path, token=second["token"]).json()
    assert detail["isSliced"] is True and detail["fileType"] == "csv" and detail["maxAgeDays"] == 2
    assert file_id in [item["id"] for item in api.get("files", token=second["token"]).json()]
    assert api.session.get(detail["url"]).json()["entries"]
    for token in (stranger, all_files):
        assert api.get(path, token=token["token"]).status_code == 403
        assert file_id not in [item["id"] for item in api.get("files", token=token["token"]).json()]
    for token in (first, second):
        url = api.get(path, token=token["token"]).json()["url"]
        assert api.put("tokens/%s" % token["id"], json={"bucketPermissions": {}}).status_code == 200
        assert api.get(path, token=token["token"]).status_code == 403
        assert api.get("files", token=token["token"]).json() == []
        assert api.session.get(url).status_code == 403


def test_R14_attachments_of_events_are_opened_for_who_reads_them(api, make_table, make_token):
    table = make_table()
    event = [e for e in api.get("tables/%s/events" % table).json() if e["event"] == "storage.tableImportDone"][0]
    assert len(event["attachments"]) == 1
    attached = event["attachments"][0]
    assert set(attached) == {"id", "name", "created", "url", "sizeBytes", "isSliced", "uploadType", "isExpired"}
    assert attached["uploadType"] == "userUpload" and attached["isExpired"] is False
    assert api.session.get(attached["url"]).status_code == 200
    assert api.get("events/%s" % event["uuid"]).json()["attachments"][0]["id"] == attached["id"]
    assert api.delete("files/%d" % attached["id"]).status_code == 204
    attached = api.get("events/%s" % event["uuid"]).json()["attachments"][0]
    assert attached["isExpired"] is True and attached["url"] is None


@pytest.mark.skipif(ENGINE != "sqlite", reason="the clock of a row is turned in the embedded database")
def test_expired_file_is_gone_by_the_clock(api, server):
    file_id = api.upload("old contents")
    url = api.get("files/%d" % file_id).json()["url"]
    with sqlite3.connect(os.path.join(server.data, "chatelaine.db"), timeout=60) as database:
        database.execute("UPDATE files SET expires_us = ? WHERE id = ?", (int(time.time() * 1e6) - 1, file_id))
    assert api.get("files/%d" % file_id).status_code == 404
    assert api.session.get(url).status_code == 404
    assert file_id not in [item["id"] for item in api.get("files").json()]
    shown = [item for item in api.get("files?showExpired=1").json() if item["id"] == file_id]
    assert shown and shown[0]["isExpired"] is True


def test_a_token_is_told_that_its_own_file_is_gone(api, make_token):
    token, other = make_token()["token"], make_token()["token"]
    own = api.upload("x", token=token)
    assert api.delete("files/%d" % own, token=token).status_code == 204
    for method in ("GET", "DELETE"):
        assert_error(api.call(method, "files/%d" % own, token=token), 404, "storage.files.notFound", "File not found")
        assert_error(api.call(method, "files/%d" % own, token=other), 403, "accessDenied")


def test_R09_a_denied_export_says_what_is_missing(api, make_table, make_token):
    table = make_table()
    bucket = table.rsplit(".", 1)[0]
    token = make_token(bucketPermissions={bucket: "read"})
    job = api.wait(api.post("tables/%s/export-async" % table, token=token["token"]), token=token["token"])
    path = "files/%d" % job["results"]["file"]["id"]
    assert api.get(path, token=token["token"]).status_code == 200
    api.put("tokens/" + token["id"], json={"bucketPermissions": {}})
    denied = assert_error(api.get(path, token=token["token"]), 403, "accessDenied")
    assert denied["missing"] == [{"object": "file", "need": "read", "have": "less"}] and bucket not in str(denied)
