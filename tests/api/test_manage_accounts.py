"""Management tokens, accounts, maintainers, features (clients.md §1.3, §2.5)."""
import itertools
import subprocess

import pytest
import requests

from support.browser import Browser, totp, wait_mail
from support.server import PROGRAM, assert_error

_numbers = itertools.count(1)


@pytest.fixture
def member(server):
    """Somebody who is no super admin: their browser is signed in; .manage is a management token of theirs."""
    address = "manager%d@example.com" % next(_numbers)
    made = server.user("admin", address)
    browser = Browser(server)
    assert browser.sign_in(address).status_code == 200
    browser.email, browser.user_id, browser.master = address, made["userId"], made["masterToken"]
    browser.manage = browser.post("/manage/current-user/tokens", {"description": "mine"}).json()["token"]
    return browser


# --- every route ------------------------------------------------------------------------------------------------------------------------

def manage_routes():
    for line in subprocess.check_output([PROGRAM, "routes"], text=True).splitlines():
        method, path = line.split()[:2]
        if path.startswith("/manage/"):
            yield method, path.replace("{id}", "1").replace("{idOrEmail}", "1").replace("{userId}", "1").replace(
                "{invitationId}", "1").replace("{requestId}", "1").replace("{name}", "x")


@pytest.mark.parametrize("method,path", manage_routes())
def test_R01_R03_nothing_without_a_management_token(server, api, method, path):
    plain = requests.request(method, server.url + path, timeout=60)
    body = assert_error(plain, 401)
    assert body["error"] == "Access token must be set" and "code" not in body
    for headers in ({"X-KBC-ManageApiToken": "1-" + "x" * 40}, {"X-KBC-ManageApiToken": server.master}, {"X-StorageApi-Token": server.master},
                    {"X-KBC-ManageApiToken": "junk"}, {"Authorization": "Bearer " + server.master}):
        body = assert_error(requests.request(method, server.url + path, headers=headers, timeout=60), 401)
        assert server.master not in str(body)


def test_R03_a_management_token_opens_no_project(server, api):
    for headers in ({"X-StorageApi-Token": server.manage}, {"X-KBC-ManageApiToken": server.manage}):
        for path in ("tokens/verify", "tokens", "buckets", "events"):
            assert_error(requests.get(server.url + "/v2/storage/" + path, headers=headers, timeout=60), 401)


# --- management tokens ----------------------------------------------------------------------------------------------------------------------

def test_verify_has_the_shape_that_clients_read(server, api, member):
    shown = api.get("/manage/tokens/verify/").json()
    assert {"id", "description", "created", "lastUsed", "expires", "isSessionToken", "isExpired", "isDisabled", "scopes", "type", "creator",
            "user"} <= set(shown)
    assert shown["type"] == "super" and shown["isSessionToken"] is False and shown["scopes"] == []
    assert {"id", "name", "email", "features", "isSuperAdmin", "mfaEnabled"} <= set(shown["user"])
    mine = api.get("/manage/tokens/verify", manage=member.manage).json()
    assert mine["type"] == "admin" and mine["user"]["id"] == member.user_id and "token" not in mine


def test_R06_R13_management_tokens_from_creation_to_revocation(server, api, member):
    made = member.post("/manage/current-user/tokens", {"description": "CI", "expiresIn": 3600})
    assert made.status_code == 201
    token = made.json()
    assert token["token"].startswith("%d-" % token["id"]) and token["expires"] and token["isExpired"] is False
    assert api.get("/manage/tokens/verify", manage=token["token"]).json()["description"] == "CI"
    listed = member.get("/manage/current-user/tokens").json()
    assert [t["id"] for t in listed if t["id"] == token["id"]] and all("token" not in t for t in listed)
    refreshed = member.post("/manage/current-user/tokens/%d/refresh" % token["id"]).json()
    assert refreshed["token"] != token["token"]
    assert_error(api.get("/manage/tokens/verify", manage=token["token"]), 401)
    assert api.get("/manage/tokens/verify", manage=refreshed["token"]).status_code == 200
    assert member.delete("/manage/current-user/tokens/%d" % token["id"]).status_code == 204
    assert_error(api.get("/manage/tokens/verify", manage=refreshed["token"]), 401)
    assert_error(member.delete("/manage/current-user/tokens/%d" % token["id"]), 404)
    for body in ({}, {"description": ""}, {"description": "x", "expiresIn": 0}, {"description": "x", "scopes": ["everything"]}):
        assert_error(member.post("/manage/current-user/tokens", body), 400)


def test_R11_a_management_token_ends_by_the_clock(server, api, member):
    import time
    token = member.post("/manage/current-user/tokens", {"description": "short", "expiresIn": 1}).json()["token"]
    time.sleep(1.1)
    assert_error(api.get("/manage/tokens/verify", manage=token), 401)


def test_a_management_token_makes_none_that_outlives_it(api, member):
    short = member.post("/manage/current-user/tokens", {"description": "short", "expiresIn": 600}).json()
    made = api.post("/manage/current-user/tokens", manage=short["token"], json={"description": "longer", "expiresIn": 86400})
    assert made.json()["expires"] <= short["expires"]
    session = api.post("/manage/current-user/session-token", manage=short["token"], json=[])
    assert session.status_code == 201
    assert session.json()["type"] == "admin" and session.json()["user"]["id"] == member.user_id
    shown = api.get("/manage/tokens/verify", manage=session.json()["token"]).json()
    assert shown["isSessionToken"] is True and shown["type"] == "admin"
    session = api.post("/manage/current-user/session-token", json=[]).json()
    assert api.get("/manage/tokens/verify", manage=session["token"]).json()["type"] == session["type"] == "super"


def test_others_management_tokens_do_not_exist(api, member):
    listed = api.get("/manage/current-user/tokens").json()
    assert_error(member.post("/manage/current-user/tokens/%d/refresh" % listed[0]["id"]), 404)
    assert_error(member.delete("/manage/current-user/tokens/%d" % listed[0]["id"]), 404)


def test_a_read_only_management_token_changes_nothing(server, api):
    token = api.post("/manage/current-user/tokens", json={"description": "reads", "scopes": ["read-only"]}).json()["token"]
    assert api.get("/manage/projects/%d" % server.project_id, manage=token).status_code == 200
    assert_error(api.put("/manage/projects/%d" % server.project_id, manage=token, json={"name": "Hijacked"}), 403)
    assert_error(api.post("/manage/current-user/tokens", manage=token, json={"description": "x"}), 403)
    assert api.get("/manage/projects/%d" % server.project_id).json()["name"] == "Warehouse"


# --- accounts ------------------------------------------------------------------------------------------------------------------------------

def test_users_are_listed_for_super_admins_only(api, member):
    listed = api.get("/manage/users?limit=1000").json()
    assert member.email in [u["email"] for u in listed] and all("password" not in str(u).lower() for u in listed)
    assert_error(api.get("/manage/users", manage=member.manage), 403)


def test_a_user_sees_and_changes_only_themselves(api, member):
    mine = api.get("/manage/users/%d" % member.user_id, manage=member.manage).json()
    assert mine["email"] == member.email and mine["isSuperAdmin"] is False
    assert api.get("/manage/users/" + member.email, manage=member.manage).json() == mine
    foreign = assert_error(api.get("/manage/users/1", manage=member.manage), 403)
    absent = assert_error(api.get("/manage/users/987654", manage=member.manage), 403)
    assert foreign["error"] == absent["error"]
    assert_error(api.get("/manage/users/987654"), 404)
    assert api.put("/manage/users/%d" % member.user_id, manage=member.manage, json={"name": "Me"}).json()["name"] == "Me"
    assert_error(api.put("/manage/users/1", manage=member.manage, json={"name": "Not me"}), 403)
    assert_error(api.put("/manage/users/%d" % member.user_id, manage=member.manage, json={"name": ""}), 400)
    assert [p["id"] for p in api.get("/manage/users/%d/projects" % member.user_id, manage=member.manage).json()]
    assert api.get("/manage/users/%d/organizations" % member.user_id, manage=member.manage).json() == []
    assert api.get("/manage/users/%d/maintainers" % member.user_id, manage=member.manage).json() == []
    for part in ("projects", "organizations", "maintainers"):
        assert_error(api.get("/manage/users/1/" + part, manage=member.manage), 403)


def test_a_name_is_shown_at_once_by_verify(api, member):
    assert api.get("tokens/verify", token=member.master).json()["admin"]["name"] == member.email
    api.put("/manage/users/%d" % member.user_id, json={"name": "Grace"})
    assert api.get("tokens/verify", token=member.master).json()["admin"]["name"] == "Grace"


def test_only_super_admins_make_super_admins_and_end_accounts(server, api, member):
    for method, path in (("POST", "super-admin"), ("DELETE", "mfa"), ("DELETE", ""), ("POST", "features"), ("DELETE", "features/x")):
        assert_error(api.call(method, ("/manage/users/%d/" % member.user_id + path).rstrip("/"), manage=member.manage,
                              json={"feature": "x"}), 403)
    assert_error(api.delete("/manage/users/%d/mfa" % member.user_id), 400)  # there is none
    member.post("/auth/totp/enable", {"code": totp(member.post("/auth/totp/setup").json()["secret"])})
    assert api.get("/manage/users/%d" % member.user_id).json()["mfaEnabled"] is True
    assert api.delete("/manage/users/%d/mfa" % member.user_id).status_code == 204
    assert api.get("/manage/users/%d" % member.user_id).json()["mfaEnabled"] is False
    assert api.post("/manage/users/%d/super-admin" % member.user_id).json()["isSuperAdmin"] is True
    assert api.get("/manage/users", manage=member.manage).status_code == 200
    assert_error(api.delete("/manage/users/1"), 400)  # oneself
    assert api.delete("/manage/users/%d" % member.user_id).status_code == 204
    assert_error(api.get("/manage/users", manage=member.manage), 401)
    assert_error(api.get("tokens/verify", token=member.master), 401)
    assert_error(member.get("/auth/session"), 401)
    assert "has ended" in wait_mail(server, member.email, "no longer a member")
    erased = api.get("/manage/users/%d" % member.user_id).json()
    assert erased["email"] == erased["name"] == "DELETED" and erased["isDisabled"] is True
    assert_error(api.delete("/manage/users/nobody@example.com"), 404)


def test_an_account_that_is_an_organizations_last_member_stays(api, member):
    maintainer = api.get("/manage/maintainers").json()[0]["id"]
    organization = api.post("/manage/maintainers/%d/organizations" % maintainer, json={"name": "Lonely"}).json()["id"]
    api.post("/manage/organizations/%d/users" % organization, json={"email": member.email})
    api.delete("/manage/organizations/%d/users/1" % organization)
    assert "at least 1 member" in assert_error(api.delete("/manage/users/%d" % member.user_id), 400)["error"]
    assert api.get("tokens/verify", token=member.master).status_code == 200


def test_features_of_people_are_shown_at_once(api, member):
    assert_error(api.post("/manage/users/%d/features" % member.user_id, json={"feature": "early-access"}), 404)
    assert api.post("/manage/features", json={"name": "early-access", "type": "admin"}).status_code == 201
    made = api.post("/manage/users/%d/features" % member.user_id, json={"feature": "early-access"})
    assert_error(api.post("/manage/users/%d/features" % member.user_id, json={"feature": "early-access"}), 422)
    assert made.json()["features"] == ["early-access"]
    assert api.get("tokens/verify", token=member.master).json()["admin"]["features"] == ["early-access"]
    assert api.delete("/manage/users/%s/features/early-access" % member.email).json()["features"] == []
    assert api.get("tokens/verify", token=member.master).json()["admin"]["features"] == []
    assert_error(api.post("/manage/users/987654/features", json={"feature": "x"}), 404)


# --- features, maintainers --------------------------------------------------------------------------------------------------------------------

def test_features_are_made_by_super_admins(api, member):
    made = api.post("/manage/features", json={"name": "new-thing", "type": "project", "title": "New", "description": "A new thing"})
    assert made.status_code == 201
    feature = made.json()
    assert_error(api.post("/manage/features", json={"name": "new-thing", "type": "project"}), 400)
    assert_error(api.post("/manage/features", json={"name": "other", "type": "odd"}), 400)
    assert_error(api.post("/manage/features", manage=member.manage, json={"name": "mine", "type": "project"}), 403)
    assert feature in api.get("/manage/features?type=project").json() and feature not in api.get("/manage/features?type=admin").json()
    path = "/manage/features/%d" % feature["id"]
    assert api.get(path).json() == feature
    assert api.patch(path, json={"title": "Newer"}).json()["title"] == "Newer"
    assert_error(api.patch(path, manage=member.manage, json={"title": "x"}), 403)
    assert_error(api.delete(path, manage=member.manage), 403)
    assert api.delete(path).status_code == 204
    assert_error(api.get(path), 404)


def test_maintainers_and_their_members(api, member):
    made = api.post("/manage/maintainers", json={"name": "North"}).json()
    path = "/manage/maintainers/%d" % made["id"]
    assert_error(api.post("/manage/maintainers", manage=member.manage, json={"name": "Mine"}), 403)
    assert_error(api.get(path, manage=member.manage), 403)
    assert api.get("/manage/maintainers", manage=member.manage).json() == []
    assert api.post(path + "/users", json={"email": member.email}).status_code == 201
    assert api.get(path, manage=member.manage).json()["name"] == "North"
    assert [m["id"] for m in api.get("/manage/maintainers", manage=member.manage).json()] == [made["id"]]
    assert member.email in [u["email"] for u in api.get(path + "/users", manage=member.manage).json()]
    assert api.patch(path, manage=member.manage, json={"name": "South"}).json()["name"] == "South"
    organization = api.post(path + "/organizations", manage=member.manage, json={"name": "Under it"})
    assert organization.status_code == 201
    assert [o["name"] for o in api.get(path + "/organizations").json()] == ["Under it"]
    assert_error(api.delete(path), 400)
    assert api.delete("/manage/organizations/%d" % organization.json()["id"]).status_code == 204
    assert api.delete(path + "/users/%d" % member.user_id).status_code == 204
    assert_error(api.delete(path + "/users/%d" % member.user_id), 404)
    assert_error(api.post(path + "/join-maintainer", manage=member.manage), 403)
    assert api.post(path + "/join-maintainer").status_code == 204
    assert api.delete(path).status_code == 204
    assert_error(api.get(path), 404)


def test_R03_members_of_a_maintainer_neither_delete_nor_join_it(server, api, member):
    """They keep it; both are for super admins."""
    made = api.post("/manage/maintainers", json={"name": "Kept"}).json()["id"]
    assert api.post("/manage/maintainers/%d/users" % made, json={"email": member.email}).status_code < 300
    assert api.get("/manage/maintainers/%d" % made, manage=member.manage).status_code == 200
    assert_error(api.delete("/manage/maintainers/%d" % made, manage=member.manage), 403, "accessDenied")
    assert_error(api.post("/manage/maintainers/%d/join-maintainer" % made, manage=member.manage), 403, "accessDenied")
    assert api.get("/manage/maintainers/%d" % made).status_code == 200


def test_nobody_disables_the_own_account(server, api, member):
    """A super admin could not undo it, others may not disable at all."""
    me = api.get("/manage/tokens/verify").json()["user"]["id"]
    assert_error(api.put("/manage/users/%d" % me, json={"isDisabled": True}), 403, "accessDenied")
    assert_error(api.put("/manage/users/%d" % member.user_id, manage=member.manage, json={"isDisabled": True}), 403, "accessDenied")
    assert api.get("/manage/tokens/verify").status_code == 200
    assert api.get("/manage/tokens/verify", manage=member.manage).status_code == 200
