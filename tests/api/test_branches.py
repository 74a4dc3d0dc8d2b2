"""Branches: behaviour.md §11, §2."""
from conftest import unique
from support.server import assert_error


def create(api, **options):
    job = api.wait(api.post("dev-branches/", json={"name": unique("Branch "), **options}))
    assert job["status"] == "success" and job["operationName"] == "devBranchCreate", job
    return job["results"]


def test_the_default_branch(api):
    main = api.get("dev-branches/").json()[0]
    assert main["isDefault"] is True and main["name"] == "Main" and isinstance(main["id"], int)
    assert api.get("dev-branches/default").json() == main
    assert api.get("dev-branches/%d" % main["id"]).json() == main
    assert main["creatorToken"] == {"id": 0, "name": ""}, "no token made it"
    assert api.get("branch/default/buckets").json() == api.get("branch/%d/buckets" % main["id"]).json() == api.get("buckets").json()
    assert_error(api.put("dev-branches/%d" % main["id"], json={"name": "Other"}), 400, text="You can not update default branch name.")
    assert api.put("dev-branches/%d" % main["id"], json={"description": "ours"}).json()["description"] == "ours"
    assert api.put("dev-branches/%d" % main["id"], json={"description": ""}).json()["description"] == ""
    assert_error(api.delete("dev-branches/%d" % main["id"]), 400, text="Cannot delete Main branch")


def test_a_branch_is_made_changed_and_dropped(api):
    branch = create(api, description="d")
    assert branch["description"] == "d" and branch["isDefault"] is False and isinstance(branch["creatorToken"]["id"], int)
    assert api.get("dev-branches/%d" % branch["id"]).json() == branch
    assert branch in api.get("dev-branches").json()
    assert_error(api.post("dev-branches", json={"name": branch["name"]}), 400, "devBranch.duplicateName",
                 'There already is a branch with name "%s"' % branch["name"])
    renamed = api.put("dev-branches/%d" % branch["id"], json={"name": branch["name"] + "!"}).json()
    assert renamed["name"] == branch["name"] + "!" and renamed["description"] == "d"
    assert api.wait(api.delete("dev-branches/%d" % branch["id"]))["status"] == "success"
    assert_error(api.get("dev-branches/%d" % branch["id"]), 404, text='Branch id:"%d" was not found.' % branch["id"])
    assert create(api, name=renamed["name"])["id"] > branch["id"]


def test_a_branch_needs_a_name(api):
    for body in ({}, {"name": ""}, {"name": None}):
        assert_error(api.post("dev-branches", json=body), 400, "devBranch.validation")
    assert_error(api.get("dev-branches/none"), 404)
    assert_error(api.get("branch/999999/buckets"), 404)


def test_limited_tokens_list_and_do_not_make(api, make_token, roles):
    branch = create(api)
    for limited in (make_token()["token"], make_token(canManageBuckets=True)["token"], roles["readOnly"]):
        assert api.get("dev-branches", token=limited).status_code == 200
        assert api.get("dev-branches/%d" % branch["id"], token=limited).json() == branch
        for refused in (api.post("dev-branches", json={"name": unique("No ")}, token=limited),
                        api.put("dev-branches/%d" % branch["id"], json={"description": "x"}, token=limited),
                        api.delete("dev-branches/%d" % branch["id"], token=limited)):
            assert_error(refused, 403, "accessDenied", "You don't have access to the resource.")


def test_guests_drop_what_they_made(api, roles):
    theirs = api.wait(api.post("dev-branches", json={"name": unique("Guest ")}, token=roles["guest"]), token=roles["guest"])["results"]
    assert_error(api.delete("dev-branches/%d" % create(api)["id"], token=roles["guest"]), 403, "accessDenied")
    assert api.wait(api.delete("dev-branches/%d" % theirs["id"], token=roles["guest"]), token=roles["guest"])["status"] == "success"


def test_metadata_is_copied_and_then_apart(api):
    set_by = api.post("branch/default/metadata", json={"metadata": [{"key": "KBC.projectDescription", "value": "one"}]})
    assert set_by.status_code == 201 and set_by.json()[-1]["value"] == "one"
    branch = create(api)
    path = "branch/%d/metadata" % branch["id"]
    assert [m["value"] for m in api.get(path).json()] == ["one"]
    api.post(path, json={"metadata": [{"key": "KBC.projectDescription", "value": "two"}]})
    assert [m["value"] for m in api.get("branch/default/metadata").json()] == ["one"]
    number = api.get(path).json()[0]["id"]
    assert_error(api.delete("branch/default/metadata/%s" % number), 404, text='Metadata with id "%s" not found' % number)
    assert api.delete("%s/%s" % (path, number)).status_code == 204
    assert api.get(path).json() == []
    for one in api.get("branch/default/metadata").json():
        api.delete("branch/default/metadata/%s" % one["id"])


def test_metadata_is_for_masters_that_write(api, make_token, roles):
    for limited in (make_token(canManageBuckets=True)["token"], roles["readOnly"]):
        assert api.get("branch/default/metadata", token=limited).status_code == 200
        assert_error(api.post("branch/default/metadata", json={"metadata": [{"key": "k", "value": "v"}]}, token=limited), 403, "accessDenied")


def test_buckets_that_belong_to_a_branch_go_with_it(api, make_bucket):
    branch = create(api)
    bucket, other = make_bucket(), make_bucket()
    mark = {"key": "KBC.createdBy.branch.id", "value": str(branch["id"])}
    api.post("buckets/%s/metadata" % bucket, json={"provider": "system", "metadata": [mark]})
    api.post("buckets/%s/metadata" % other, json={"provider": "user", "metadata": [mark]})
    api.wait(api.delete("dev-branches/%d" % branch["id"]))
    assert_error(api.get("buckets/" + bucket), 404)
    assert api.get("buckets/" + other).status_code == 200


def test_events_of_a_branch(api):
    branch = create(api)
    api.put("dev-branches/%d" % branch["id"], json={"name": branch["name"] + "?"})
    api.wait(api.delete("dev-branches/%d" % branch["id"]))
    events = api.get("events", params={"q": "objectType:devBranch AND objectId:%d" % branch["id"]}).json()
    assert [e["event"] for e in events] == ["storage.devBranchDeleted", "storage.devBranchUpdated", "storage.devBranchCreated"]
    assert events[1]["objectName"] == branch["name"] and events[1]["params"]["devBranchName"] == branch["name"] + "?"
