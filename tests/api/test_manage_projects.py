"""Organizations, projects and their people through the Management API; what follows at once for their tokens (R04, R13)."""
import itertools
import os
import sqlite3
import threading
import time

import pytest

from conftest import ENGINE
from support.browser import Browser, link_in, wait_mail
from support.server import PASSWORD, Api, assert_error

_numbers = itertools.count(1)


def someone(server, api, role=None, project=None):
    """An account with a management token: a member of a project when a role is given."""
    address = "someone%d@example.com" % next(_numbers)
    made = server.user(role or "guest", address, project=project or server.project_id)
    if not role:
        assert api.delete("/manage/projects/%d/users/%d" % (server.project_id, made["userId"])).status_code == 204
    browser = Browser(server)
    assert browser.sign_in(address).status_code == 200
    browser.email, browser.user_id, browser.master = address, made["userId"], made["masterToken"]
    browser.manage = browser.post("/manage/current-user/tokens", {"description": "tests"}).json()["token"]
    return browser


@pytest.fixture
def project(server, api):
    """A new project of the first organization: its JSON."""
    made = api.post("/manage/organizations/%d/projects" % server.organization_id, json={"name": "Project %d" % next(_numbers)})
    assert made.status_code == 201, made.text
    return made.json()


@pytest.fixture
def stranger(server, api):
    return someone(server, api)


def path(project, rest=""):
    return "/manage/projects/%d%s" % (project["id"], rest)


def events(api, token, name):
    return [e for e in api.get("events?limit=200", token=token).json() if e["event"] == "storage." + name]


# --- organizations ----------------------------------------------------------------------------------------------------------------------------

def test_organizations_from_creation_to_deletion(server, api, stranger):
    maintainer = api.get("/manage/maintainers").json()[0]["id"]
    made = api.post("/manage/maintainers/%d/organizations" % maintainer, json={"name": "Fresh"})
    assert made.status_code == 201 and made.json()["maintainer"]["id"] == maintainer and made.json()["projects"] == []
    assert_error(api.post("/manage/maintainers/%d/organizations" % maintainer, json={}), 400)
    assert_error(api.post("/manage/maintainers/%d/organizations" % maintainer, manage=stranger.manage, json={"name": "x"}), 403)
    where = "/manage/organizations/%d" % made.json()["id"]
    assert made.json()["id"] in [o["id"] for o in api.get("/manage/organizations").json()]
    assert api.patch(where, json={"name": "Renamed", "allowAutoJoin": True}).json()["allowAutoJoin"] is True
    assert assert_error(api.patch(where, json={"name": ""}), 400, "validation.failed")["errors"][0]["key"] == "name"
    assert api.patch(where, json={"name": None}).json()["name"] == "Renamed"
    project = api.post(where + "/projects", json={"name": "In it"}).json()
    assert [p["id"] for p in api.get(where + "/projects").json()] == [project["id"]]
    assert [p["id"] for p in api.get(where).json()["projects"]] == [project["id"]]
    assert_error(api.delete(where), 400)
    assert api.delete(path(project)).status_code == 204
    assert api.delete(where).status_code == 204
    assert_error(api.get(where), 404)
    assert_error(api.delete("/manage/deleted-projects/%d" % project["id"]), 400)  # there is no place for it any more
    assert_error(api.get("/manage/deleted-projects?organizationId=%d" % made.json()["id"]), 400)
    assert api.post("/manage/deleted-projects/%d/purge" % project["id"]).status_code == 202


def test_organization_members_keep_its_projects(server, api, project, stranger):
    where = "/manage/organizations/%d" % server.organization_id
    for method, rest in (("GET", ""), ("PATCH", ""), ("GET", "/users"), ("POST", "/users"), ("GET", "/projects"), ("POST", "/projects"),
                         ("GET", "/invitations"), ("POST", "/invitations"), ("POST", "/join-organization"), ("DELETE", "/users/1"),
                         ("DELETE", "")):
        forbidden = assert_error(api.call(method, where + rest, manage=stranger.manage, json={"name": "x", "email": "x@example.com"}), 403)
        absent = api.call(method, "/manage/organizations/987654" + rest, manage=stranger.manage, json={"name": "x", "email": "x@example.com"})
        assert absent.json()["error"] == forbidden["error"]
    assert api.get("/manage/organizations", manage=stranger.manage).json() == []
    assert api.post(where + "/users", json={"email": stranger.email}).status_code == 201
    assert stranger.email in [u["email"] for u in api.get(where + "/users", manage=stranger.manage).json()]
    assert api.get(path(project), manage=stranger.manage).status_code == 200
    assert api.post(where + "/projects", manage=stranger.manage, json={"name": "Mine"}).status_code == 201
    assert api.delete(where + "/users/%d" % stranger.user_id).status_code == 204
    assert_error(api.get(path(project), manage=stranger.manage), 403)
    assert_error(api.delete(where + "/users/%d" % stranger.user_id), 404)
    assert_error(api.post(where + "/join-organization"), 400)  # a member already


def test_others_join_an_organization_where_it_lets_them(api, stranger):
    maintainer = api.get("/manage/maintainers").json()[0]["id"]
    where = "/manage/organizations/%d" % api.post("/manage/maintainers/%d/organizations" % maintainer, json={"name": "Open"}).json()["id"]
    assert_error(api.delete(where + "/users/1"), 400)  # somebody has to stay
    api.post(where + "/users", json={"email": stranger.email})
    assert api.delete(where + "/users/1").status_code == 204
    assert api.patch(where, manage=stranger.manage, json={"allowAutoJoin": False}).json()["allowAutoJoin"] is False
    assert_error(api.post(where + "/join-organization"), 403)
    api.patch(where, manage=stranger.manage, json={"allowAutoJoin": True})
    assert api.post(where + "/join-organization").status_code == 204
    assert sorted(u["id"] for u in api.get(where + "/users").json()) == sorted([1, stranger.user_id])


def at_once(server, *calls):
    """Each call, (method, path, body), from a thread of its own: the statuses."""
    start, statuses = threading.Barrier(len(calls)), [None] * len(calls)

    def run(n, method, where, body):
        client = Api(server.url, manage=server.manage)
        client.get("/manage/tokens/verify")  # the connection is there
        start.wait()
        statuses[n] = client.call(method, where, json=body).status_code
    threads = [threading.Thread(target=run, args=(n, *call)) for n, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_what_an_organization_needs_is_not_taken_from_it_at_once(server, api, stranger):
    """Each of two calls is right alone and wrong after the other: the last two members, a project in an organization that goes."""
    maintainer = api.get("/manage/maintainers").json()[0]["id"]
    for _ in range(12):
        where = "/manage/organizations/%d" % api.post("/manage/maintainers/%d/organizations" % maintainer, json={"name": "x"}).json()["id"]
        api.post(where + "/users", json={"id": stranger.user_id})
        statuses = at_once(server, ("DELETE", where + "/users/1", None), ("DELETE", where + "/users/%d" % stranger.user_id, None))
        assert sorted(statuses) == [204, 400] and len(api.get(where + "/users").json()) == 1
        statuses = at_once(server, ("DELETE", where, None), ("POST", where + "/projects", {"name": "In it"}))
        assert statuses in ([204, 404], [400, 201])
        keeper = api.post("/manage/maintainers", json={"name": "Keeper"}).json()["id"]
        statuses = at_once(server, ("DELETE", "/manage/maintainers/%d" % keeper, None),
                           ("POST", "/manage/maintainers/%d/organizations" % keeper, {"name": "Kept"}))
        assert statuses in ([204, 404], [400, 201])


def test_many_projects_are_made_at_once(server):
    """Each holds the organization for a moment: none is refused because others were in its way."""
    for _ in range(4):
        assert at_once(server, *[("POST", "/manage/organizations/%d/projects" % server.organization_id, {"name": "Many"})] * 16) == [201] * 16


def test_a_deleted_or_disabled_account_joins_nothing(server, api, project):
    maintainer = api.get("/manage/maintainers").json()[0]["id"]
    gone, out = server.user("guest", "gone@example.com")["userId"], server.user("guest", "out@example.com")["userId"]
    assert api.delete("/manage/users/%d" % gone).status_code == 204
    assert api.put("/manage/users/%d" % out, json={"isDisabled": True}).status_code == 200
    for where in (path(project, "/users"), "/manage/organizations/%d/users" % server.organization_id, "/manage/maintainers/%d/users" % maintainer):
        assert "no user with this id" in assert_error(api.post(where, json={"id": gone}), 400)["error"]
        assert "out@example.com is disabled" in assert_error(api.post(where, json={"email": "out@example.com"}), 400)["error"]
    # what is left of a deleted account is for the history
    assert api.get("/manage/users/%d" % gone).json()["email"] == "DELETED"
    for method, rest in (("PUT", ""), ("DELETE", ""), ("POST", "/super-admin")):
        assert_error(api.call(method, "/manage/users/%d%s" % (gone, rest), json={"isDisabled": False}), 404)


def test_invitation_to_an_organization(server, api, stranger):
    where = "/manage/organizations/%d/invitations" % server.organization_id
    made = api.post(where, json={"email": stranger.email, "reason": "Help us"})
    assert made.status_code == 201 and made.json()["user"]["email"] == stranger.email
    assert "Help us" in wait_mail(server, stranger.email, "Invitation to Acme")
    assert "has already been invited" in assert_error(api.post(where, json={"email": stranger.email}), 400)["error"]
    one = where + "/%d" % made.json()["id"]
    assert made.json() in api.get(where).json() and api.get(one).json() == made.json()
    assert api.delete(one).status_code == 204
    assert_error(api.get(one), 404)
    assert_error(api.delete(one), 404)
    for answer, status in (("DELETE", 403), ("PUT", 200)):
        invitation = api.post(where, json={"email": stranger.email}).json()["id"]
        mine = "/manage/current-user/organizations-invitations"
        assert [i["id"] for i in api.get(mine, manage=stranger.manage).json()] == [invitation]
        assert api.get("%s/%d" % (mine, invitation), manage=stranger.manage).status_code == 200
        assert_error(api.get("%s/%d" % (mine, invitation)), 404)  # somebody else's
        assert_error(api.put("%s/%d" % (mine, invitation)), 404)
        assert_error(api.delete("%s/%d" % (mine, invitation)), 404)
        assert api.call(answer, "%s/%d" % (mine, invitation), manage=stranger.manage).status_code == 204
        assert api.get("/manage/organizations/%d" % server.organization_id, manage=stranger.manage).status_code == status
    assert "already a member" in assert_error(api.post(where, json={"email": stranger.email}), 400, "validation.failed")["error"]
    api.delete("/manage/organizations/%d/users/%d" % (server.organization_id, stranger.user_id))


# --- projects -----------------------------------------------------------------------------------------------------------------------------------

def test_project_is_made_with_its_first_administrator(server, api, project):
    shown = api.get(path(project)).json()
    assert shown["organization"]["id"] == server.organization_id and shown["isDisabled"] is False
    assert len(shown["limits"]) > 1 and all(v["name"] == k and isinstance(v["value"], int) for k, v in shown["limits"].items())
    assert {"metrics", "fileStorage", "backends", "region", "defaultBackend"} <= set(shown) and shown["expires"] is None
    users = api.get(path(project, "/users")).json()
    assert [(u["email"], u["role"]) for u in users] == [("ada@example.com", "admin")]
    for body in ({}, {"name": ""}, {"name": "x", "type": ""}):
        assert_error(api.post("/manage/organizations/%d/projects" % server.organization_id, json=body), 400)
    assert_error(api.post("/manage/organizations/987654/projects", json={"name": "x"}), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_project_settings_are_changed_by_its_administrators(server, api, project, method):
    admin = someone(server, api, "admin", project["id"])
    guest = someone(server, api, "guest", project["id"])
    body = {"name": "Renamed", "eventsKeepDays": 30, "tokenMaxLifeSeconds": 3600}
    changed = api.call(method, path(project), manage=admin.manage, json=body).json()
    assert {k: changed[k] for k in body} == body
    assert api.get("tokens/verify", token=admin.master).json()["owner"]["name"] == "Renamed"
    assert_error(api.call(method, path(project), manage=guest.manage, json=body), 403)
    assert_error(api.call(method, path(project), manage=admin.manage, json={"type": "demo"}), 403)
    for key in ("name", "type"):
        assert assert_error(api.call(method, path(project), json={key: ""}), 400, "validation.failed")["errors"][0]["key"] == key
    assert_error(api.call(method, path(project), manage=admin.manage, json={"eventsKeepDays": -1}), 400)
    assert events(api, admin.master, "projectUpdated")


def test_a_project_does_not_exist_for_strangers(api, project, stranger):
    for method, rest in (("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/users"), ("POST", "/users"), ("PATCH", "/users/1"),
                         ("DELETE", "/users/1"), ("GET", "/invitations"), ("POST", "/invitations"), ("POST", "/disabled"), ("POST", "/tokens"),
                         ("POST", "/join-project"), ("POST", "/request-access"), ("GET", "/join-requests"), ("POST", "/organizations"),
                         ("POST", "/features"), ("POST", "/limits"), ("DELETE", "/features/x"), ("DELETE", "/limits/x")):
        body = {"name": "x", "email": "x@example.com", "role": "admin", "organizationId": 1, "feature": "x", "description": "x"}
        forbidden = assert_error(api.call(method, path(project, rest), manage=stranger.manage, json=body), 403)
        absent = assert_error(api.call(method, "/manage/projects/987654" + rest, manage=stranger.manage, json=body), 403)
        assert forbidden["error"] == absent["error"] and forbidden["code"] == "accessDenied"


def test_R13_a_disabled_project_refuses_its_tokens_at_once(server, api, project):
    member = someone(server, api, "admin", project["id"])
    assert api.get("tokens/verify", token=member.master).status_code == 200
    body = {"isDisabled": True, "disableReason": "Not paid", "estimatedEndTime": "+1 hour"}
    disabled = api.post(path(project, "/disabled"), json=body).json()
    assert disabled["isDisabled"] is True and disabled["disabled"]["reason"] == "Not paid" and disabled["disabled"]["estimatedEndTime"]
    assert_error(api.post(path(project, "/disabled"), json={**body, "estimatedEndTime": "some day"}), 400)
    assert 400 <= api.get("tokens/verify", token=member.master).status_code < 500
    assert 400 <= member.get("/v2/storage/tokens/verify", project=project["id"]).status_code < 500
    assert_error(api.post(path(project, "/disabled"), manage=member.manage, json={"isDisabled": False}), 403)
    assert api.post(path(project, "/disabled"), json={"isDisabled": False}).json()["isDisabled"] is False
    assert api.get("tokens/verify", token=member.master).status_code == 200
    assert events(api, member.master, "projectDisabled")[0]["params"]["reason"] == "Not paid"


def test_R13_a_deleted_project_comes_back_or_is_purged(server, api, project):
    member = someone(server, api, "admin", project["id"])
    deleted = "/manage/deleted-projects/%d" % project["id"]
    assert_error(api.get(deleted), 404)
    assert_error(api.delete(path(project), manage=member.manage), 403)  # an administrator does not own it
    assert api.delete(path(project)).status_code == 204
    assert_error(api.get("tokens/verify", token=member.master), 401)
    assert_error(api.get(path(project)), 404)
    assert project["id"] not in [p["id"] for p in member.get("/auth/session").json()["projects"]]
    assert project["id"] in [p["id"] for p in api.get("/manage/deleted-projects?limit=1000").json()]
    of_organization = "/manage/deleted-projects?organizationId=%d" % server.organization_id
    assert project["id"] in [p["id"] for p in api.get(of_organization + "&name=" + project["name"]).json()]
    assert api.get(of_organization + "&name=nothing").json() == [] and api.get(of_organization + "&offset=1000").json() == []
    assert_error(api.get("/manage/deleted-projects", manage=member.manage), 403)
    assert_error(api.get(of_organization, manage=member.manage), 403)
    assert_error(api.get("/manage/deleted-projects?limit=100000"), 400)
    assert api.get(deleted).json()["isDeleted"] is True
    assert_error(api.get(deleted, manage=member.manage), 403)
    assert_error(api.delete(deleted, manage=member.manage), 403)
    assert api.get(deleted).json()["isDeleted"] is True
    assert api.delete(deleted).status_code == 204
    assert api.get("tokens/verify", token=member.master).status_code == 200
    assert api.delete(path(project)).status_code == 204
    assert_error(api.post(deleted + "/purge", manage=member.manage), 403)
    assert api.post(deleted + "/purge").json()["commandExecutionId"]
    assert_error(api.post(deleted + "/purge"), 400)
    assert_error(api.delete(deleted), 400)
    assert_error(api.get("tokens/verify", token=member.master), 401)


def test_a_purged_project_is_emptied(server, api, project):
    member = someone(server, api, "admin", project["id"])
    bucket = api.post("buckets", token=member.master, json={"name": "gone", "stage": "in"}).json()["id"]
    upload = api.upload("id\n1\n", token=member.master)
    job = api.wait(api.post("buckets/%s/tables-async" % bucket, token=member.master, json={"name": "t", "dataFileId": upload}),
                   token=member.master)
    assert job["status"] == "success", job
    blobs = os.path.join(server.data, "blobs")
    count = lambda: sum(len(names) for _, _, names in os.walk(blobs))  # noqa: E731
    before = count()
    assert before > 0
    api.delete(path(project))
    deleted = "/manage/deleted-projects/%d" % project["id"]
    assert api.post(deleted + "/purge").status_code == 202
    deadline = time.monotonic() + 60
    while count() >= before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert count() < before
    while not api.get(deleted).json()["isPurged"] and time.monotonic() < deadline:
        time.sleep(0.2)
    assert api.get(deleted).json()["isPurged"] is True and api.get(deleted).json()["purgedTime"]


def test_a_project_moves_between_ones_own_organizations(server, api, project):
    maintainer = api.get("/manage/maintainers").json()[0]["id"]
    other = api.post("/manage/maintainers/%d/organizations" % maintainer, json={"name": "Other"}).json()["id"]
    assert api.post(path(project, "/organizations"), json={"organizationId": other}).json()["organization"]["id"] == other
    assert_error(api.post(path(project, "/organizations"), json={"organizationId": 987654}), 404)
    # Whoever keeps one of the two only, or nothing but the project, moves it neither here nor there.
    keeper, member = someone(server, api), someone(server, api, "admin", project["id"])
    assert api.post("/manage/organizations/%d/users" % other, json={"email": keeper.email}).status_code < 300
    foreign = api.post("/manage/maintainers/%d/organizations" % maintainer, json={"name": "Foreign"}).json()["id"]
    for who, to in ((keeper, foreign), (member, other), (member, foreign)):
        assert_error(api.post(path(project, "/organizations"), manage=who.manage, json={"organizationId": to}), 403, "accessDenied")
    assert api.post("/manage/organizations/%d/users" % foreign, json={"email": member.email}).status_code < 300
    assert_error(api.post(path(project, "/organizations"), manage=member.manage, json={"organizationId": foreign}), 403, "accessDenied")
    assert api.get(path(project)).json()["organization"]["id"] == other


def test_what_only_a_super_admin_changes(server, api, project, stranger):
    """A kind and an end of a project, the maintainer of an organization."""
    assert api.post("/manage/organizations/%d/users" % server.organization_id, json={"email": stranger.email}).status_code < 300
    for body in ({"type": "demo"}, {"expirationDays": 3650}, {"name": "x", "expirationDays": 0}):
        assert_error(api.patch(path(project), manage=stranger.manage, json=body), 403, "accessDenied")
    made = api.post("/manage/maintainers", json={"name": "Second %d" % next(_numbers)}).json()["id"]
    organization = "/manage/organizations/%d" % server.organization_id
    before = api.get(organization).json()["maintainer"]["id"]
    assert_error(api.patch(organization, manage=stranger.manage, json={"maintainerId": made}), 403, "accessDenied")
    assert api.post("/manage/maintainers/%d/users" % made, json={"email": stranger.email}).status_code < 300
    assert_error(api.patch(organization, manage=stranger.manage, json={"maintainerId": made}), 403, "accessDenied")
    assert_error(api.patch(organization, json={"maintainerId": 987654}), 404)
    assert api.get(organization).json()["maintainer"]["id"] == before
    assert api.patch(organization, json={"maintainerId": made}).json()["maintainer"]["id"] == made
    assert api.patch(organization, json={"maintainerId": before}).json()["maintainer"]["id"] == before


def test_features_and_limits_of_a_project(server, api, project):
    member = someone(server, api, "admin", project["id"])
    assert_error(api.post(path(project, "/features"), json={"feature": "queue-v2"}), 404)  # there is none of this name
    assert api.post("/manage/features", json={"name": "queue-v2", "type": "project"}).status_code == 201
    assert api.post(path(project, "/features"), json={"feature": "queue-v2"}).json()["features"] == ["queue-v2"]
    assert_error(api.post(path(project, "/features"), json={"feature": "queue-v2"}), 422)  # twice
    assert "queue-v2" in api.get("tokens/verify", token=member.master).json()["owner"]["features"]
    assert api.delete(path(project, "/features/queue-v2")).json()["features"] == []
    assert "queue-v2" not in api.get("tokens/verify", token=member.master).json()["owner"]["features"]
    limits = api.post(path(project, "/limits"), json={"limits": [{"name": "demo.rows", "value": 100}]}).json()["limits"]
    assert limits["demo.rows"] == {"name": "demo.rows", "value": 100}
    assert api.get("tokens/verify", token=member.master).json()["owner"]["limits"]["demo.rows"]["value"] == 100
    assert api.delete(path(project, "/limits/demo.rows")).json()["limits"].get("demo.rows") is None
    for body in ({}, {"limits": [{"name": "x", "value": "much"}]}):
        assert_error(api.post(path(project, "/limits"), json=body), 400)
    assert_error(api.post(path(project, "/features"), manage=member.manage, json={"feature": "x"}), 403)


# --- members ----------------------------------------------------------------------------------------------------------------------------------------

def test_R04_adding_changing_and_removing_a_member(server, api, project, stranger):
    added = api.post(path(project, "/users"), json={"email": stranger.email, "role": "share", "reason": "Shares"})
    assert added.status_code == 201 and added.json()["role"] == "share" and "token" not in str(added.json()).lower().replace("mastertokenid", "")
    assert_error(api.post(path(project, "/users"), json={"email": stranger.email}), 400)
    verified = stranger.get("/v2/storage/tokens/verify", project=project["id"]).json()
    assert verified["admin"]["role"] == "share" and verified["description"] == stranger.email and verified["isMasterToken"] is True
    one = path(project, "/users/%d" % stranger.user_id)
    for role, manages, buckets in (("guest", False, True), ("readOnly", False, False), ("admin", True, True)):
        assert api.patch(one, json={"role": role}).json()["role"] == role
        verified = stranger.get("/v2/storage/tokens/verify", project=project["id"]).json()
        assert (verified["canManageTokens"], verified["canManageBuckets"], verified["canPurgeTrash"]) == (manages, buckets, manages)
    for body in ({"role": "boss"}, {}):
        assert_error(api.patch(one, json=body), 400)
    assert_error(api.patch(path(project, "/users/987654"), json={"role": "guest"}), 404)
    assert api.delete(one).status_code == 204
    assert_error(stranger.get("/v2/storage/tokens/verify", project=project["id"]), 403)
    assert_error(api.delete(one), 404)
    assert project["name"] in wait_mail(server, stranger.email, "no longer a member of " + project["name"])


def test_members_are_recorded_in_the_project(server, api, project, stranger):
    watcher = someone(server, api, "admin", project["id"])
    api.post(path(project, "/users"), json={"email": stranger.email, "role": "guest"})
    api.patch(path(project, "/users/%d" % stranger.user_id), json={"role": "share"})
    api.delete(path(project, "/users/%d" % stranger.user_id))
    for name, role in (("memberAdded", "guest"), ("memberChanged", "share"), ("memberRemoved", "share")):
        found = [e for e in events(api, watcher.master, name) if e["objectName"] == stranger.email]
        assert len(found) == 1 and found[0]["params"]["role"] == role, (name, found)
        assert found[0]["params"]["admin"]["email"] == "ada@example.com"


def test_only_administrators_manage_members(server, api, project, stranger):
    for role in ("guest", "readOnly"):
        member = someone(server, api, role, project["id"])
        assert api.get(path(project, "/users"), manage=member.manage).status_code == 200
        assert_error(api.post(path(project, "/users"), manage=member.manage, json={"email": stranger.email, "role": "admin"}), 403)
        assert_error(api.patch(path(project, "/users/%d" % member.user_id), manage=member.manage, json={"role": "admin"}), 403)
        assert_error(api.delete(path(project, "/users/1"), manage=member.manage), 403)
        assert_error(api.post(path(project, "/invitations"), manage=member.manage, json={"email": "x@example.com", "role": "admin"}), 403)
        assert api.get(path(project, "/invitations"), manage=member.manage).json() == []
        assert api.get(path(project, "/join-requests"), manage=member.manage).json() == []
        refused = assert_error(api.put(path(project), manage=member.manage, json={"name": "x"}), 403)
        assert "restricted for your role" in refused["error"]
        assert api.delete(path(project, "/users/%d" % member.user_id), manage=member.manage).status_code == 204  # leaving is free
        assert_error(api.get("tokens/verify", token=member.master), 401)


def test_an_account_that_is_not_there_is_made_and_mailed(server, api, project):
    address = "newcomer%d@example.com" % next(_numbers)
    added = api.post(path(project, "/users"), json={"email": address, "role": "guest"}).json()
    assert added["isActivated"] is False
    browser = Browser(server)
    assert_error(browser.sign_in(address), 401)
    secret = link_in(wait_mail(server, address, "Activate"), "activate")
    shown = browser.get("/auth/invitation", params={"token": secret}).json()
    assert shown == {**shown, "kind": "account", "email": address, "userExists": False}
    assert_error(browser.post("/auth/activate", {"token": "x" * 43, "password": PASSWORD}), 400, "auth.linkInvalid")
    assert_error(browser.post("/auth/activate", {"token": secret, "password": "short"}), 400)
    assert browser.post("/auth/activate", {"token": secret, "name": "New Comer", "password": PASSWORD}).json()["email"] == address
    assert browser.sign_in(address).json()["user"]["name"] == "New Comer"
    assert_error(browser.post("/auth/activate", {"token": secret, "password": PASSWORD}), 400, "auth.linkInvalid")
    for body in ({"id": 987654}, {"email": address, "role": "boss"}, {"email": "y@example.com", "expirationSeconds": 0}):
        assert_error(api.post(path(project, "/users"), json=body), 400)
    for body in ({"email": "nobody"}, {"email": ""}, {}):
        assert_error(api.post(path(project, "/users"), json=body), 422)


def test_R11_a_membership_for_a_time_ends_by_the_clock(server, api, project, stranger):
    api.post(path(project, "/users"), json={"id": stranger.user_id, "role": "admin", "expirationSeconds": 1})
    assert stranger.get("/v2/storage/tokens/verify", project=project["id"]).status_code == 200
    time.sleep(1.1)
    assert 400 <= stranger.get("/v2/storage/tokens/verify", project=project["id"]).status_code < 500
    assert_error(stranger.get("/manage/projects/%d" % project["id"]), 403)
    assert "has ended" in wait_mail(server, stranger.email, "no longer a member of " + project["name"])
    assert stranger.user_id not in [u["id"] for u in api.get(path(project, "/users")).json()]


@pytest.mark.skipif(ENGINE != "sqlite", reason="the clock of a row is turned in the embedded database")
def test_R11_a_master_token_ends_with_its_membership_by_the_clock(server, api, project):
    member, minute = someone(server, api, "admin", project["id"]), 60 * 10**6
    for left, status in ((minute, 200), (-1, 401)):  # a token that was not looked at yet, each time
        fresh = server.user("admin", "ends%d@example.com" % next(_numbers), project=project["id"])
        with sqlite3.connect(os.path.join(server.data, "chatelaine.db"), timeout=60) as database:
            database.execute("UPDATE project_users SET expires_us = ? WHERE project_id = ? AND user_id = ?",
                             (int(time.time() * 1e6) + left, project["id"], fresh["userId"]))
        assert api.get("tokens/verify", token=fresh["masterToken"]).status_code == status
    assert api.get("tokens/verify", token=member.master).status_code == 200


@pytest.mark.skipif(ENGINE != "sqlite", reason="the clock of a row is turned in the embedded database")
def test_R11_a_project_for_a_time_ends_by_the_clock(server, api, project):
    member = someone(server, api, "admin", project["id"])
    assert api.patch(path(project), json={"expirationDays": 1}).status_code == 200
    with sqlite3.connect(os.path.join(server.data, "chatelaine.db"), timeout=60) as database:
        assert database.execute("UPDATE projects SET expires_us = ? WHERE id = ?", (int(time.time() * 1e6) - 1, project["id"])).rowcount == 1
    assert_error(api.get("tokens/verify", token=member.master), 401, "storage.tokenExpired")


# --- invitations ---------------------------------------------------------------------------------------------------------------------------------------

def test_invited_newcomer_activates_and_is_in(server, api, project):
    address = "Invited%d@Example.com" % next(_numbers)
    made = api.post(path(project, "/invitations"), json={"email": address, "role": "share", "reason": "Welcome"})
    assert made.status_code == 201
    invitation = made.json()
    assert invitation["user"] == {"id": None, "name": address.lower(), "email": address.lower()} and invitation["role"] == "share" and invitation["creator"]["email"] == "ada@example.com"
    assert "has already been invited" in assert_error(api.post(path(project, "/invitations"), json={"email": address}), 400)["error"]
    assert invitation in api.get(path(project, "/invitations")).json()
    assert api.get(path(project, "/invitations/%d" % invitation["id"])).json() == invitation
    secret = link_in(wait_mail(server, address.lower(), "Invitation to " + project["name"]), "invitation")
    browser = Browser(server)
    shown = browser.post("/auth/invitation", {"token": secret}).json()
    assert shown["project"]["id"] == project["id"] and shown["projectName"] == project["name"] and shown["userExists"] is False and shown["role"] == "share"
    assert browser.post("/auth/activate", {"token": secret, "name": "Invited", "password": PASSWORD}).status_code == 200
    assert browser.sign_in(address).status_code == 200
    assert [p["role"] for p in browser.get("/auth/session").json()["projects"]] == ["share"]
    assert browser.get("/v2/storage/tokens/verify", project=project["id"]).json()["admin"]["role"] == "share"
    assert api.get(path(project, "/invitations")).json() == []
    assert_error(browser.post("/auth/invitation", {"token": secret}), 400, "auth.linkInvalid")
    assert_error(api.post(path(project, "/invitations"), json={"email": address}), 400)  # a member now


def test_invitation_of_an_account_is_accepted_or_declined_by_its_owner(server, api, project, stranger):
    mine = "/manage/current-user/projects-invitations"
    invitation = api.post(path(project, "/invitations"), json={"email": stranger.email, "role": "guest"}).json()["id"]
    secret = link_in(wait_mail(server, stranger.email, "Invitation to " + project["name"]), "invitation")
    assert_error(Browser(server).post("/auth/activate", {"token": secret, "password": "stolen password"}), 400, "auth.accountExists")
    assert [i["id"] for i in stranger.get(mine).json()] == [invitation]
    assert stranger.get("%s/%d" % (mine, invitation)).json()["project"]["id"] == project["id"]
    for method in ("GET", "PUT", "DELETE"):
        assert_error(api.call(method, "%s/%d" % (mine, invitation)), 404)  # the administrator's own list is another one
    assert stranger.delete("%s/%d" % (mine, invitation)).status_code == 204
    assert_error(stranger.put("%s/%d" % (mine, invitation)), 404)
    invitation = api.post(path(project, "/invitations"), json={"email": stranger.email, "role": "guest"}).json()["id"]
    assert stranger.put("%s/%d" % (mine, invitation)).status_code == 204
    assert stranger.get("/v2/storage/tokens/verify", project=project["id"]).json()["admin"]["role"] == "guest"


def test_a_cancelled_invitation_is_dead(server, api, project):
    address = "cancelled%d@example.com" % next(_numbers)
    invitation = api.post(path(project, "/invitations"), json={"email": address}).json()["id"]
    secret = link_in(wait_mail(server, address, "Invitation"), "invitation")
    assert api.delete(path(project, "/invitations/%d" % invitation)).status_code == 204
    assert_error(api.delete(path(project, "/invitations/%d" % invitation)), 404)
    assert_error(api.get(path(project, "/invitations/%d" % invitation)), 404)
    assert_error(Browser(server).post("/auth/activate", {"token": secret, "password": PASSWORD}), 400, "auth.linkInvalid")
    assert_error(api.post(path(project, "/invitations"), json={"email": "z@example.com", "role": "boss"}), 400)
    for body in ({}, {"email": "nobody"}):
        assert_error(api.post(path(project, "/invitations"), json=body), 422)


# --- joining by oneself ---------------------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def house(api, stranger):
    """A project whose organization lets nobody join by themselves; the stranger keeps its maintainer."""
    maintainer = api.post("/manage/maintainers", json={"name": "Keeper %d" % next(_numbers)}).json()["id"]
    api.post("/manage/maintainers/%d/users" % maintainer, json={"email": stranger.email})
    organization = api.post("/manage/maintainers/%d/organizations" % maintainer, json={"name": "Closed"}).json()["id"]
    api.patch("/manage/organizations/%d" % organization, json={"allowAutoJoin": False})
    return api.post("/manage/organizations/%d/projects" % organization, json={"name": "House"}).json()


def test_join_requests_are_decided_by_somebody_else(api, house, stranger):
    assert_error(api.post(path(house, "/join-project"), manage=stranger.manage), 403)
    mine = "/manage/current-user/projects-join-requests"
    for answer in ("take back", "reject", "approve"):
        made = api.post(path(house, "/request-access"), manage=stranger.manage, json={"role": "readOnly", "reason": "Audit"})
        assert made.status_code == 201 and made.json()["role"] == "readOnly"
        request = made.json()["id"]
        one = path(house, "/join-requests/%d" % request)
        assert [r["id"] for r in api.get(path(house, "/join-requests")).json()] == [request]
        assert api.get(one).json()["user"]["email"] == stranger.email
        assert [r["id"] for r in stranger.get(mine).json()] == [request]
        assert stranger.get("%s/%d" % (mine, request)).status_code == 200
        assert_error(api.get("%s/%d" % (mine, request)), 404)
        assert_error(api.delete("%s/%d" % (mine, request)), 404)
        assert_error(stranger.put(one), 403)
        assert_error(stranger.delete(one), 403)
        if answer == "take back":
            assert stranger.delete("%s/%d" % (mine, request)).status_code == 204
        elif answer == "reject":
            assert api.delete(one).status_code == 204
            assert_error(api.delete(one), 404)
        else:
            assert api.put(one).status_code == 204
            assert_error(api.put(one), 404)
    assert stranger.get("/v2/storage/tokens/verify", project=house["id"]).json()["admin"]["role"] == "readOnly"
    member = [u for u in api.get(path(house, "/users")).json() if u["id"] == stranger.user_id][0]
    assert member["approver"]["email"] == "ada@example.com" and member["invitor"] is None
    assert "already a member" in assert_error(api.post(path(house, "/request-access"), manage=stranger.manage), 400)["error"]


def test_who_may_join_freely_need_not_ask(api, house, stranger):
    organization = "/manage/organizations/%d" % house["organization"]["id"]
    api.post(path(house, "/request-access"), manage=stranger.manage)
    api.patch(organization, json={"allowAutoJoin": True})
    assert "join-project" in assert_error(api.post(path(house, "/request-access"), manage=stranger.manage), 400)["error"]
    assert api.post(path(house, "/join-project"), manage=stranger.manage).status_code == 204
    assert stranger.get("/v2/storage/tokens/verify", project=house["id"]).json()["admin"]["role"] == "admin"
    assert stranger.get("/manage/current-user/projects-join-requests").json() == []  # nothing is left to ask for
    assert_error(api.post(path(house, "/join-project"), manage=stranger.manage), 400)


def test_members_of_the_organization_always_join(api, house, stranger):
    organization = "/manage/organizations/%d" % house["organization"]["id"]
    api.post(path(house, "/invitations"), json={"email": stranger.email})
    api.post(organization + "/users", json={"email": stranger.email})
    assert api.post(path(house, "/join-project"), manage=stranger.manage).status_code == 204
    assert api.get(path(house, "/invitations")).json() == []


# --- storage tokens from outside ------------------------------------------------------------------------------------------------------------------------

def test_R05_R08_a_storage_token_made_from_outside(server, api, project):
    share = someone(server, api, "share", project["id"])
    made = api.post(path(project, "/tokens"), manage=share.manage, json={"description": "Outside", "expiresIn": 600})
    assert made.status_code == 201
    token = made.json()
    assert token["token"].startswith("%d-%s-" % (project["id"], token["id"])) and token["isMasterToken"] is False
    verified = api.get("tokens/verify", token=token["token"]).json()
    assert verified["bucketPermissions"] in ({}, []) and verified["canManageBuckets"] is False
    assert [e for e in events(api, share.master, "tokenCreated") if e["objectId"] == token["id"]]
    for role in ("guest", "readOnly"):
        member = someone(server, api, role, project["id"])
        assert_error(api.post(path(project, "/tokens"), manage=member.manage, json={"description": "x"}), 403)
    assert_error(api.post(path(project, "/tokens"), json={"description": "x", "bucketPermissions": {"in.c-nowhere": "read"}}), 400,
                 "storage.tokens.invalidPermissions")
