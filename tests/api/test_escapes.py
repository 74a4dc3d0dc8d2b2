"""Delegation escapes: what a limited token may try to become more than it is, or to reach what it may not. None may succeed."""
import io

import pytest
from conftest import unique
from support.server import assert_error


@pytest.fixture(scope="module")
def house(api):
    """A bucket that the limited token may read, one that it may not know of, and things of the administrator."""
    def bucket(name):
        made = api.post("buckets", json={"name": name, "stage": "in"}).json()["id"]
        job = api.wait(api.post("buckets/%s/tables-async" % made, json={"name": "secret", "dataFileId": api.upload("id,word\n1,hushhush\n")}))
        assert job["status"] == "success", job
        return made
    opened, closed = bucket(unique("open")), bucket(unique("closed"))
    other = api.post("tokens", json={"description": "victim", "canManageBuckets": True}).json()
    export = api.wait(api.post("tables/%s.secret/export-async" % closed, json={}))
    return {"open": opened, "closed": closed, "victim": other, "export": export["results"]["file"]["id"], "job": export["id"], "upload": api.upload("id\n1\n"),
            "master": api.get("tokens/verify").json()["id"]}


KINDS = ["nothing", "read", "write", "manager", "component"]


@pytest.fixture(scope="module", params=KINDS)
def limited(request, api, house):
    options = {"nothing": {}, "read": {"bucketPermissions": {house["open"]: "read"}}, "write": {"bucketPermissions": {house["open"]: "write"}},
               "manager": {"canManageBuckets": True, "canReadAllFileUploads": True, "canPurgeTrash": True}, "component": {"componentAccess": ["wr-db"]}}
    made = api.post("tokens", json={"description": "limited", **options[request.param]}).json()
    return {**made, "kind": request.param}


def test_R05_no_limited_token_makes_changes_or_takes_tokens(api, house, limited):
    token = limited["token"]
    everything = {"description": "more", "canManageBuckets": True, "canReadAllFileUploads": True, "bucketPermissions": {house["closed"]: "write"}}
    assert_error(api.post("tokens", token=token, json=everything), 403, "accessDenied")
    assert_error(api.post("tokens", token=token, data={"description": "x", "canManageTokens": "1"}), 403, "accessDenied")
    assert_error(api.put("tokens/" + limited["id"], token=token, json=everything), 403, "accessDenied")
    for other in (house["victim"]["id"], house["master"]):
        assert_error(api.put("tokens/" + other, token=token, json={"description": "mine"}), 403, "accessDenied")
        assert_error(api.post("tokens/%s/refresh" % other, token=token), 403, "accessDenied")
        assert_error(api.post("tokens/%s/share" % other, token=token, json={"recipientEmail": "me@example.com", "message": ""}), 403, "accessDenied")
        assert_error(api.post("tokens/%s/enable" % other, token=token), 403, "accessDenied")
        assert_error(api.post("tokens/%s/disable" % other, token=token), 403, "accessDenied")
        assert_error(api.delete("tokens/" + other, token=token), 403, "accessDenied")
        assert_error(api.get("tokens/" + other, token=token), 403, "accessDenied")
        assert_error(api.get("tokens/%s/events" % other, token=token), 403, "accessDenied")
    assert [t["id"] for t in api.get("tokens", token=token).json()] == [limited["id"]]
    assert_error(api.post("tokens/%s/share" % limited["id"], token=token, json={"recipientEmail": "me@example.com", "message": ""}), 403, "accessDenied")
    for address in ("/manage/projects/1/tokens", "/manage/current-user/tokens"):
        assert api.session.post(api.url + address, headers={"X-StorageApi-Token": token, "X-KBC-ManageApiToken": token}, json={"description": "x"}).status_code == 401


def test_R05_a_refresh_keeps_the_permissions(api, limited):
    before = api.get("tokens/verify", token=limited["token"]).json()
    body = {"canManageBuckets": True, "bucketPermissions": {}, "description": "bigger", "expiresIn": 10**9}
    fresh = api.post("tokens/%s/refresh" % limited["id"], token=limited["token"], json=body).json()["token"]
    after = api.get("tokens/verify", token=fresh).json()
    for key in ("description", "canManageBuckets", "canReadAllFileUploads", "canPurgeTrash", "bucketPermissions", "expires", "isMasterToken"):
        assert before[key] == after[key], key
    limited["token"] = fresh


@pytest.mark.parametrize("limited", [kind for kind in KINDS if kind != "manager"], indirect=True)
def test_R09_closed_data_is_out_of_reach_by_every_path(api, house, limited):
    token, closed = limited["token"], house["closed"]
    table = closed + ".secret"
    reads = ["buckets/" + closed, "buckets/%s/tables" % closed, "buckets/%s/events" % closed, "buckets/%s/metadata" % closed, "tables/" + table,
             "tables/%s/data-preview" % table, "tables/%s/events" % table, "tables/%s/metadata" % table, "columns/%s.word/metadata" % table,
             "files/%d" % house["export"], "files/%d?federationToken=1" % house["export"], "files/%d" % house["upload"]]
    for path in reads:
        for prefix in ("", "branch/default/"):
            assert_error(api.get(prefix + path, token=token), 403, "accessDenied")
    # What is not there is answered alike.
    assert_error(api.get("buckets/in.c-nothing", token=token), 403, "accessDenied")
    assert_error(api.get("tables/in.c-nothing.x", token=token), 403, "accessDenied")
    for answer in (api.get("jobs/%d" % house["job"], token=token), api.get("jobs/999999999", token=token)):
        assert_error(answer, 404, "storage.jobs.notFound")
    assert_error(api.post("tables/%s/export-async" % table, token=token, json={}), 403, "accessDenied")
    assert_error(api.post("tables/%s/import-async" % table, token=token, json={"dataFileId": house["upload"]}), 403, "accessDenied")
    assert_error(api.delete("tables/%s/rows" % table, token=token, json={"allowTruncate": True}), 403, "accessDenied")
    for lists in ("buckets?include=metadata", "tables?include=columns,metadata,buckets", "files", "jobs", "events", "search/tables?metadataKey=k",
                  "events?q=hushhush", "events?q=objectId:%s" % table, "global-search?query=secret", "branch/default/buckets", "triggers"):
        answer = api.get(lists, token=token)
        if answer.status_code == 200:
            assert closed not in answer.text.replace('"objectId": "%s"' % limited["id"], "") or lists.startswith("events"), lists
            assert "hushhush" not in answer.text, lists
    mine = api.get("events", token=token, params={"limit": 1000}).json()
    assert all(str(e["token"]["id"]) == limited["id"] for e in mine if e["token"])


@pytest.mark.parametrize("limited", ["write"], indirect=True)
def test_R09_nothing_is_copied_out_of_a_closed_table(api, house, limited):
    """Aliases and other people's files are no way around."""
    token, table, mine = limited["token"], house["closed"] + ".secret", house["open"]
    assert_error(api.post("buckets/%s/table-aliases" % mine, token=token, json={"sourceTable": table, "name": unique("alias")}), 403, "accessDenied")
    for file_id in (house["export"], house["upload"]):
        answer = api.post("buckets/%s/tables-async" % mine, token=token, json={"name": unique("stolen"), "dataFileId": file_id})
        if answer.status_code == 202:
            assert api.wait(answer, token=token)["status"] == "error"
        else:
            assert_error(answer, 403)
        answer = api.post("tables/%s.secret/import-async" % mine, token=token, json={"dataFileId": file_id})
        if answer.status_code == 202:
            assert api.wait(answer, token=token)["status"] == "error"
        else:
            assert_error(answer, 403)
    # A manifest of its own that names the contents of somebody else's file.
    foreign = api.get("files/%d" % house["export"], params={"federationToken": 1}).json()
    prepared = api.post("files/prepare", token=token, json={"name": "sliced", "isSliced": True, "federationToken": True}).json()
    where = prepared["absUploadParams"]
    parts = dict(p.split("=", 1) for p in where["absCredentials"]["SASConnectionString"].split(";"))
    manifest = '{"entries":[{"url":"azure://x.blob.core.windows.net/%s/%s0_0_0.csv"}]}' % (foreign["absPath"]["container"], foreign["absPath"]["name"])
    put = api.session.put("%s/%s/%smanifest?%s" % (parts["BlobEndpoint"], where["container"], where["blobName"], parts["SharedAccessSignature"]),
                          data=manifest, headers={"x-ms-blob-type": "BlockBlob"})
    assert put.status_code == 201, put.text
    job = api.wait(api.post("buckets/%s/tables-async" % mine, token=token, json={"name": unique("stolen"), "dataFileId": prepared["id"]}), token=token)
    assert job["status"] == "error" and job["error"]["code"] == "storage.unauthorizedAccess", job
    # Its own signature on somebody else's container.
    other = api.session.get("%s/%s/%smanifest?%s" % (parts["BlobEndpoint"], foreign["absPath"]["container"], foreign["absPath"]["name"], parts["SharedAccessSignature"]))
    assert other.status_code == 403, other.text


def test_R13_a_job_has_the_permissions_of_its_token_when_it_runs(api, house):
    made = api.post("tokens", json={"description": "short", "bucketPermissions": {house["open"]: "write"}}).json()
    table = house["open"] + ".secret"
    file_id = api.upload("id,word\n" + "2,more\n" * 200000, token=made["token"])
    first = api.post("tables/%s/import-async" % table, token=made["token"], json={"dataFileId": file_id, "incremental": 1})
    second = api.post("tables/%s/import-async" % table, token=made["token"], json={"dataFileId": file_id, "incremental": 1})
    assert first.status_code == second.status_code == 202
    assert api.put("tokens/" + made["id"], json={"bucketPermissions": {}}).status_code == 200
    states = [api.wait(r)["status"] for r in (first, second)]
    third = api.post("tables/%s/import-async" % table, token=made["token"], json={"dataFileId": file_id, "incremental": 1})
    assert_error(third, 403, "accessDenied")
    assert states[0] in ("success", "error")


def test_R08_upload_credentials_end_with_the_token(api):
    made = api.post("tokens", json={"description": "uploader"}).json()
    prepared = api.post("files/prepare", token=made["token"], json={"name": "f", "federationToken": True}).json()
    where = prepared["absUploadParams"]
    parts = dict(p.split("=", 1) for p in where["absCredentials"]["SASConnectionString"].split(";"))
    url = "%s/%s/%s?%s" % (parts["BlobEndpoint"], where["container"], where["blobName"], parts["SharedAccessSignature"])
    send = lambda: api.session.put(url, data=io.BytesIO(b"x"), headers={"x-ms-blob-type": "BlockBlob"})  # noqa: E731
    assert send().status_code == 201
    assert api.post("tokens/%s/refresh" % made["id"]).status_code == 200
    assert send().status_code == 403


def test_R09_who_reads_starts_no_change(api, make_table, make_token):
    table = make_table()
    reader = make_token(bucketPermissions={table.rsplit(".", 1)[0]: "read"})["token"]
    for method, path, body in (("DELETE", "", None), ("DELETE", "?async=1", None), ("PUT", "", {"displayName": "x"}),
                               ("PUT", "", {"displayName": "x", "async": True})):
        assert_error(api.call(method, "tables/" + table + path, token=reader, json=body), 403, "accessDenied")
    assert api.get("jobs", token=reader).json() == []
