"""Buckets: behaviour.md §5, R09."""
import pytest

from conftest import unique
from support.server import assert_error

KEYS = {"id", "name", "displayName", "uri", "stage", "description", "tables", "created", "lastChangeDate", "updated", "isReadOnly",
        "dataSizeBytes", "rowsCount", "isMaintenance", "backend", "sharing", "hasExternalSchema", "databaseName", "path", "color", "owner",
        "backendPath", "idBranch", "isSnowflakeSharedDatabase"}


def ids(response):
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()]


def test_create_detail_and_list_say_the_same(api):
    name = unique("same")
    made = api.post("buckets", data={"name": name, "stage": "in", "description": ""})
    assert made.status_code == 201
    made = made.json()
    assert KEYS <= set(made)
    assert made["id"] == "in.c-" + name and made["name"] == "c-" + name and made["displayName"] == name
    assert made["backendPath"][1] == made["path"] and str(made["idBranch"]) in api.get("dev-branches").text
    detail = api.get("buckets/" + made["id"]).json()
    listed = next(b for b in api.get("buckets").json() if b["id"] == made["id"])
    assert {**listed, "tables": []} == made and listed["tables"].endswith("/tables")
    assert detail["tables"] == [] and detail["metadata"] == [] and detail["attributes"] == []
    assert {k: v for k, v in detail.items() if k in made and k != "tables"} == {k: v for k, v in made.items() if k != "tables"}


def test_the_same_name_in_the_other_stage_is_another_bucket(api):
    name = unique("both")
    assert api.post("buckets", json={"name": name, "stage": "in"}).status_code == 201
    assert api.post("buckets", json={"name": name, "stage": "out"}).json()["id"] == "out.c-" + name
    assert_error(api.post("buckets", json={"name": name, "stage": "in"}), 400, "storage.buckets.alreadyExists",
                 "The bucket in.c-%s already exists." % name)


@pytest.mark.parametrize("change, text", [
    ({"name": ""}, "name"),
    ({"name": None}, "name"),
    ({"name": "a.b"}, "'a.b' contains not allowed characters. Only alphanumeric characters dash and underscores are allowed."),
    ({"name": "ok", "stage": "sys"}, "stage"),
    ({"name": "ok", "backend": "abacus"}, "backend"),
    ({"name": "ok", "displayName": "$$$$$"}, "Invalid data - displayName: '$$$$$' contains not allowed characters."),
    ({"name": "ok", "color": "red;}"}, "color"),
])
def test_bad_input_makes_no_bucket(api, change, text):
    before = ids(api.get("buckets"))
    assert_error(api.post("buckets", json=change), 400, "storage.buckets.validation", text)
    assert ids(api.get("buckets")) == before


def test_display_name_is_unique_and_changes(api, make_bucket):
    shown = unique("shown")
    bucket, other = make_bucket(displayName=shown), make_bucket()
    taken = "The display name \"%s\" already exists in project." % shown
    assert_error(api.post("buckets", json={"name": unique("x"), "displayName": shown}), 400, "storage.buckets.alreadyExists", taken)
    assert_error(api.post("buckets", json={"name": shown}), 400, "storage.buckets.alreadyExists", taken)
    assert_error(api.put("buckets/" + other, json={"displayName": shown}), 400, "storage.buckets.alreadyExists", taken)
    assert_error(api.post("buckets", json={"name": shown, "stage": "out"}), 400, "storage.buckets.alreadyExists", taken)
    assert_error(api.put("buckets/" + other, json={"displayName": "$$$$$"}), 400, "storage.buckets.validation",
                 "Invalid request:\n - displayName: \"'$$$$$' contains")
    assert api.put("buckets/" + bucket, json={"displayName": shown}).status_code == 200
    changed = api.put("buckets/" + other, json={"displayName": shown + "-2", "color": "#00FF00"}).json()
    assert changed["displayName"] == shown + "-2" and changed["color"] == "#00FF00" and changed["updated"] is None
    assert api.put("buckets/" + other, json={"displayName": shown + "-2", "color": None}).json()["color"] is None
    job = api.wait(api.put("buckets/" + other, json={"displayName": shown + "-3", "async": True}))
    assert job["status"] == "success" and job["results"]["displayName"] == shown + "-3"


def test_missing_bucket(api):
    assert_error(api.get("buckets/in.c-nowhere"), 404, "storage.buckets.notFound", 'bucket "in.c-nowhere" was not found')
    assert_error(api.delete("buckets/in.c-nowhere?force=True&async=True"), 404, "storage.buckets.notFound")
    assert_error(api.put("buckets/in.c-nowhere", json={"displayName": "x"}), 404, "storage.buckets.notFound")


def test_delete_at_once_and_as_a_job(api, make_bucket):
    assert api.delete("buckets/" + make_bucket()).status_code == 204
    bucket = make_bucket()
    job = api.wait(api.delete("buckets/%s?async=1" % bucket))
    assert job["status"] == "success" and job["operationName"] == "bucketDelete"
    assert job["operationParams"]["params"]["idBucket"] > 0 and job["operationParams"]["params"]["force"] is False
    assert_error(api.get("buckets/" + bucket), 404)


def test_a_full_bucket_is_deleted_only_by_force(api, make_bucket, define_table):
    bucket = make_bucket()
    table = define_table(bucket)
    refused = "Only empty buckets can be deleted. There are 1 tables in the bucket."
    assert_error(api.delete("buckets/" + bucket), 400, "buckets.deleteNotEmpty", refused)
    job = api.wait(api.delete("buckets/%s?async=1" % bucket))
    assert job["status"] == "error" and job["error"]["code"] == "buckets.deleteNotEmpty" and job["error"]["message"] == refused
    assert job["error"]["exceptionId"]
    assert api.get("tables/" + table).status_code == 200
    assert api.delete("buckets/%s?force=1" % bucket).status_code == 204
    assert_error(api.get("tables/" + table), 404)


def test_R09_lists_hold_what_the_token_may_read(api, make_bucket, make_token):
    seen, hidden = make_bucket(), make_bucket()
    limited = make_token(bucketPermissions={seen: "read"})["token"]
    assert ids(api.get("buckets", token=limited)) == [seen]
    assert api.get("buckets/" + seen, token=limited).status_code == 200
    refused = assert_error(api.get("buckets/" + hidden, token=limited), 403, "accessDenied", "You don't have access to the resource.")
    absent = assert_error(api.get("buckets/in.c-nowhere", token=limited), 403, "accessDenied")
    for body in (refused, absent):
        body.pop("exceptionId")
        body["missing"][0].pop("object")
    assert refused == absent


def test_R09_reading_is_no_changing(api, make_bucket, make_token):
    bucket = make_bucket()
    for level in ("read", "write"):
        limited = make_token(bucketPermissions={bucket: level})["token"]
        for refused in (api.delete("buckets/" + bucket, token=limited), api.delete("buckets/%s?async=1&force=1" % bucket, token=limited),
                        api.put("buckets/" + bucket, json={"displayName": "mine"}, token=limited),
                        api.put("buckets/" + bucket, json={"displayName": "mine", "async": True}, token=limited),
                        api.post("buckets", json={"name": "mine"}, token=limited)):
            assert_error(refused, 403, "accessDenied")
    assert api.get("buckets/" + bucket).json()["displayName"] != "mine"


def test_R09_manager_of_buckets_sees_a_new_bucket_at_once(api, make_bucket, make_token):
    manager = make_token(canManageBuckets=True)["token"]
    bucket = make_bucket()
    assert bucket in ids(api.get("buckets", token=manager))
    assert api.get("tokens/verify", token=manager).json()["bucketPermissions"][bucket] == "manage"
    assert api.delete("buckets/" + bucket, token=manager).status_code == 204
    assert bucket not in api.get("tokens/verify", token=manager).json()["bucketPermissions"]


def test_R09_a_bucket_made_anew_is_not_opened_by_an_old_permission(api, make_bucket, make_token):
    name = unique("again")
    bucket = make_bucket(name)
    limited = make_token(bucketPermissions={bucket: "write"})
    assert api.get("buckets/" + bucket, token=limited["token"]).status_code == 200
    assert api.delete("buckets/" + bucket).status_code == 204
    assert api.get("tokens/" + limited["id"]).json()["bucketPermissions"] in ({}, [])
    assert make_bucket(name) == bucket
    assert_error(api.get("buckets/" + bucket, token=limited["token"]), 403, "accessDenied")
    assert ids(api.get("buckets", token=limited["token"])) == []


def test_read_only_master_reads_every_bucket_and_changes_none(api, make_bucket, roles):
    bucket = make_bucket()
    assert bucket in ids(api.get("buckets", token=roles["readOnly"]))
    assert api.get("buckets/" + bucket, token=roles["readOnly"]).status_code == 200
    assert_error(api.delete("buckets/" + bucket, token=roles["readOnly"]), 403, "accessDenied")
    assert_error(api.post("buckets", json={"name": "mine"}, token=roles["readOnly"]), 403, "accessDenied")


def test_owner(api, server, make_bucket):
    bucket = make_bucket()
    admin = api.get("tokens/verify").json()["admin"]
    assert_error(api.get("buckets/%s/owner" % bucket), 404, "storage.bucket.ownerNotFound",
                 "Owner for bucket %s in project %s not found." % (bucket, server.project_id))
    assert_error(api.post("buckets/%s/owner" % bucket, json={"id": 99999999}), 404, "storage.bucket.ownerNotFound",
                 "Owner 99999999 for bucket %s in project %s not found." % (bucket, server.project_id))
    assert_error(api.post("buckets/%s/owner" % bucket, json={}), 400, "storage.buckets.validation", "id or email")
    assert api.post("buckets/%s/owner" % bucket, json={"id": admin["id"]}).status_code == 200
    assert api.get("buckets/%s/owner" % bucket).json()["id"] == admin["id"]
    detail = api.get("buckets/" + bucket).json()
    assert detail["owner"]["id"] == admin["id"] and detail["updated"]


def test_every_change_is_an_event(api, make_bucket):
    bucket = make_bucket()
    api.put("buckets/" + bucket, json={"displayName": unique("event")})
    api.get("buckets/" + bucket)
    api.delete("buckets/" + bucket)
    names = [event["event"] for event in api.get("events", params={"q": "objectId:" + bucket}).json()]
    assert names == ["storage.bucketDeleted", "storage.bucketDetail", "storage.bucketUpdated", "storage.bucketCreated"]


def test_list_with_metadata_and_links(api, make_bucket):
    bucket = make_bucket()
    api.post("buckets/%s/metadata" % bucket, json={"provider": "user", "metadata": [{"key": "k", "value": "v"}]})

    def item(query):
        return next(b for b in api.get("buckets" + query).json() if b["id"] == bucket)
    assert item("?include=metadata")["metadata"][0]["value"] == "v" and "linkedBy" not in item("?include=metadata")
    assert item("?include=linkedBuckets")["linkedBy"] == []
    assert "metadata" not in item("?include=") and "linkedBy" not in item("?include=")
