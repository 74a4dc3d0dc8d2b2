"""Tokens: behaviour.md §1 and rules R02-R08, R11, R13; limits of address and rate; disable and enable; last use."""
import glob
import json
import os
import re
import time

import pytest
import requests

from conftest import unique
from support.server import Api, assert_error

DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$")
COMMON = {"id", "created", "refreshed", "description", "uri", "isMasterToken", "canManageBuckets", "canManageTokens",
          "canReadAllFileUploads", "canPurgeTrash", "canManageProtectedDefaultBranch", "canCreateJobs", "expires", "isExpired",
          "isDisabled", "bucketPermissions"}


def detail(api, token_id):
    return api.get("tokens/%s" % token_id).json()


def check_owner(owner, server):
    assert owner["id"] == server.project_id and owner["name"] == "Warehouse" and owner["type"]
    assert "hide-decrypted-token" in owner["features"] and isinstance(owner["dataSizeBytes"], int)
    assert owner["hasSnowflake"] is True and owner["hasRedshift"] is False
    assert owner["defaultBackend"] in owner["assignedBackends"] and owner["fileStorageProvider"] == "azure" and owner["region"]
    assert owner["limits"] and all(k == v["name"] and isinstance(v["value"], int) for k, v in owner["limits"].items())
    assert isinstance(owner["metrics"], dict)


# --- shape ----------------------------------------------------------------------------------------------------------------------

def test_verify_of_a_master(api, server):
    answer = api.get("tokens/verify")
    token = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert COMMON <= set(token) and "token" not in token and "creatorToken" not in token and "componentAccess" not in token
    assert isinstance(token["id"], str) and token["id"].isdigit() and DATE.match(token["created"]) and DATE.match(token["refreshed"])
    assert token["description"] == "ada@example.com" and token["isMasterToken"] is True and token["expires"] is None
    assert token["uri"] == "%s/v2/storage/tokens/%s" % (server.url, token["id"])
    admin = token["admin"]
    assert isinstance(admin["id"], int) and admin["role"] == "admin" and admin["features"] == [] and admin["isActivated"] is False
    assert admin["isOrganizationMember"] is True
    assert token["adminOwner"] == {"id": admin["id"], "name": admin["name"], "email": token["description"]}
    assert token["organization"] == {"id": str(server.organization_id)}
    check_owner(token["owner"], server)


def test_detail_and_verify_agree_also_below_a_branch(api, make_token):
    token = make_token(expiresIn=1000, componentAccess=["keboola.ex-db-mysql"])
    verify = api.get("tokens/verify", token=token["token"])
    assert verify.text == api.get("branch/default/tokens/verify", token=token["token"]).text
    verify, shown = verify.json(), detail(api, token["id"])
    assert shown.pop("lastUsed") and shown == verify
    assert DATE.match(verify["expires"]) and verify["isExpired"] is False and "admin" not in verify
    assert verify["creatorToken"] == {"id": int(api.get("tokens/verify").json()["id"]), "description": "ada@example.com"}
    assert verify["componentAccess"] == ["keboola.ex-db-mysql"]
    assert verify["adminOwner"]["id"] == api.get("tokens/verify").json()["admin"]["id"]


def test_list_create_and_refresh_have_no_organization(api, make_token):
    token = make_token()
    assert "organization" not in token and "organization" not in api.post("tokens/%s/refresh" % token["id"]).json()
    for item in api.get("tokens").json():
        assert COMMON <= set(item) and "organization" not in item and "token" not in item
        assert ("admin" in item) == item["isMasterToken"]
        if "admin" in item:
            assert set(item["admin"]) == {"id", "name", "role"}


@pytest.mark.parametrize("role,flags", [
    ("admin", (True, True, True, True)), ("share", (True, True, True, True)),
    ("guest", (True, False, True, False)), ("readOnly", (False, False, True, False))])
def test_R04_powers_follow_the_role(api, roles, make_bucket, role, flags):
    bucket = make_bucket()
    token = api.get("tokens/verify", token=roles[role]).json()
    assert (token["canManageBuckets"], token["canManageTokens"], token["canReadAllFileUploads"], token["canPurgeTrash"]) == flags
    assert token["isMasterToken"] is True and token["admin"]["role"] == role
    level = "read" if role == "readOnly" else "manage"
    assert token["bucketPermissions"][bucket] == level and set(token["bucketPermissions"].values()) == {level}
    later = make_bucket()
    assert api.get("tokens/verify", token=roles[role]).json()["bucketPermissions"][later] == level


# --- create -----------------------------------------------------------------------------------------------------------------------

def test_create_without_anything(api):
    answer = api.post("tokens")
    assert answer.status_code == 201
    token = answer.json()
    assert token["description"] == "Created by ada@example.com" and token["expires"] is None
    assert not any(token[k] for k in token if k.startswith("can")) and token["isMasterToken"] is False
    assert token["bucketPermissions"] in ({}, []) and "componentAccess" not in token
    assert re.fullmatch(r"\d+-%s-[0-9A-Za-z]{40}" % token["id"], token["token"])


def test_create_with_everything_in_every_spelling(api, make_bucket):
    read, write = make_bucket(), make_bucket(stage="out")
    wanted = {"bucketPermissions": {read: "read", write: "write"}, "componentAccess": ["a.b", "c"], "canReadAllFileUploads": True,
              "canPurgeTrash": True, "canCreateJobs": True, "description": "ž"}
    form = {"bucketPermissions[%s]" % read: "read", "bucketPermissions[%s]" % write: "write", "componentAccess[]": ["c", "a.b"],
            "canReadAllFileUploads": "1", "canPurgeTrash": "True", "canCreateJobs": "true", "description": "ž"}
    for answer in (api.post("tokens", json={**wanted, "canManageBuckets": None, "expiresIn": None}), api.post("tokens", data=form)):
        assert answer.status_code == 201, answer.text
        for shown in (answer.json(), detail(api, answer.json()["id"])):
            assert {k: shown[k] for k in wanted} == wanted
        assert api.get("tokens/verify", token=answer.json()["token"]).json()["bucketPermissions"] == wanted["bucketPermissions"]


@pytest.mark.parametrize("level", ["manage", "none", "", "READ", 1, None, ["read"]])
def test_R09_levels_are_read_and_write(api, make_bucket, level):
    bucket = make_bucket()
    count = len(api.get("tokens").json())
    assert_error(api.post("tokens", json={"bucketPermissions": {bucket: level}}), 400, "storage.tokens.invalidPermissions")
    assert len(api.get("tokens").json()) == count


def test_unknown_buckets_are_refused(api, make_bucket):
    bucket = make_bucket()
    body = {"bucketPermissions": {bucket: "read", "in.c-no-such": "read"}}
    assert_error(api.post("tokens", json=body), 400, "storage.tokens.invalidPermissions")


def test_manager_of_all_buckets_sees_later_ones(api, make_bucket, make_token):
    make_bucket()
    token = make_token(canManageBuckets=True, bucketPermissions={"in.c-no-such": "read"})
    later = make_bucket()
    every = {b["id"]: "manage" for b in api.get("buckets").json()}
    assert later in every
    assert api.get("tokens/verify", token=token["token"]).json()["bucketPermissions"] == every
    assert detail(api, token["id"])["bucketPermissions"] == every
    assert [t for t in api.get("tokens").json() if t["id"] == token["id"]][0]["bucketPermissions"] == every


def test_canManageTokens_is_never_granted(api, make_token):
    token = make_token(canManageTokens=True, isMasterToken=True, canManageBuckets=True)
    assert token["canManageTokens"] is False and token["isMasterToken"] is False
    assert_error(api.post("tokens", token=token["token"]), 403, "accessDenied")


@pytest.mark.parametrize("life", [0, -1, -10**18])
def test_expiry_has_a_least(api, life):
    assert_error(api.post("tokens", json={"expiresIn": life}), 400, None, "Minimal expiration must be greater or equal to 1 second(s)")


@pytest.mark.parametrize("body", [
    {"expiresIn": 10**12}, {"expiresIn": "soon"}, {"description": "x" * 5000}, {"bucketPermissions": "read"}, {"canPurgeTrash": "maybe"},
    {"componentAccess": "x" * 300}, {"componentAccess": [""]}, {"componentAccess": [["a"]]}, {"componentAccess": {"a": {"b": 1}}},
    {"description": {"a": 1}}, {"description": ["a", "b"]}, {"expiresIn": [60]}, {"canPurgeTrash": [True]}, {"requestsPerMinute": -1}, {"allowedAddresses": ["10.0.0.0/33"]}, {"allowedAddresses": ["10.0.0.1/8"]},
    {"allowedAddresses": ["localhost"]}, {"allowedAddresses": ["::1/129"]}, {"allowedAddresses": ["127.0.0.1"] * 101}])
def test_bad_arguments_make_nothing(api, body):
    count = len(api.get("tokens").json())
    assert_error(api.post("tokens", json=body), 400)
    assert len(api.get("tokens").json()) == count


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"\xff\xfe", b'{"description":"\\u0000"}', b'"x"', b'{"description":"a\x00b"}'])
def test_malformed_bodies(api, raw):
    assert_error(api.post("tokens", data=raw, headers={"Content-Type": "application/json"}), 400)


def test_R05_who_may_create(api, roles, make_bucket, make_token):
    bucket = make_bucket()
    wanted = {"description": "d", "bucketPermissions": {bucket: "read"}, "componentAccess": ["a"], "canPurgeTrash": True,
              "canReadAllFileUploads": True, "canManageBuckets": True, "canCreateJobs": True}
    for role in ("admin", "share"):
        assert api.post("tokens", token=roles[role], json=wanted).json()["canManageBuckets"] is True
    made = api.post("tokens", token=roles["guest"], json={**wanted, "expiresIn": 60, "bucketPermissions": {"in.c-no-such": "x"}}).json()
    assert made["description"] == "d" and made["expires"] and made["bucketPermissions"] in ({}, []) and "componentAccess" not in made
    assert not any(made[k] for k in made if k.startswith("can"))
    assert api.post("tokens", token=roles["guest"]).json()["description"] == "Created by guest@example.com"
    assert_error(api.post("tokens", token=roles["readOnly"], json={"description": "d"}), 403, "accessDenied",
                 "You don't have access to the resource.")
    everything = make_token(canManageBuckets=True, canPurgeTrash=True, canReadAllFileUploads=True, componentAccess=["a"])
    assert_error(api.post("tokens", token=everything["token"], json={"description": "d"}), 403, "accessDenied")


# --- update -----------------------------------------------------------------------------------------------------------------------

def test_update_is_partial(api, make_bucket, make_token):
    one, two = make_bucket(), make_bucket(stage="out")
    token = make_token(bucketPermissions={two: "read"}, componentAccess=["a"], description="first")
    path = "tokens/%s" % token["id"]
    assert api.put(path, json={"bucketPermissions": {one: "write"}}).json()["bucketPermissions"] == {one: "write"}
    assert api.put(path, json={"componentAccess": ["b"]}).json()["bucketPermissions"] == {one: "write"}
    assert api.put(path, json={"canPurgeTrash": True}).json()["componentAccess"] == ["b"]
    answer = api.put(path, json={"description": "second"})
    assert answer.status_code == 200 and "token" not in answer.json()
    shown = api.get("tokens/verify", token=token["token"]).json()
    assert shown["description"] == "second" and shown["canPurgeTrash"] and shown["componentAccess"] == ["b"]
    assert api.put(path, json={"bucketPermissions": {one: "read"}}).json()["bucketPermissions"] == {one: "read"}
    assert_error(api.put(path, json={"bucketPermissions": {one: "manage"}}), 400, "storage.tokens.invalidPermissions")
    assert detail(api, token["id"])["bucketPermissions"] == {one: "read"}
    assert "componentAccess" not in api.put(path, json={"componentAccess": []}).json()


def test_update_leaves_the_manager_of_buckets_and_the_expiry(api, make_bucket, make_token):
    bucket = make_bucket()
    token = make_token(canManageBuckets=True)
    shown = api.put("tokens/%s" % token["id"], json={"bucketPermissions": {bucket: "read"}, "canManageBuckets": False}).json()
    assert shown["canManageBuckets"] is True and shown["bucketPermissions"][bucket] == "manage"
    limited = make_token(expiresIn=100)
    shown = api.put("tokens/%s" % limited["id"], json={"expiresIn": 100000, "canManageBuckets": True}).json()
    assert shown["expires"] == limited["expires"] and shown["canManageBuckets"] is False


def test_R04_a_master_token_is_not_changed_deleted_or_disabled(api, roles):
    for caller in (roles["admin"], roles["share"]):
        for role in roles:
            path = "tokens/%s" % api.get("tokens/verify", token=roles[role]).json()["id"]
            before = detail(api, path.split("/")[1])
            for answer in (api.put(path, token=caller, json={"description": "x"}), api.delete(path, token=caller),
                           api.put(path, token=caller, json={"isDisabled": True}), api.post(path + "/disable", token=caller)):
                assert_error(answer, 403, "accessDenied")
            after = detail(api, path.split("/")[1])
            assert {**before, "lastUsed": 0} == {**after, "lastUsed": 0}


def test_only_managers_update(api, roles, make_token):
    token = make_token()
    for caller in (token["token"], make_token(canManageBuckets=True)["token"], roles["guest"], roles["readOnly"]):
        for answer in (api.put("tokens/%s" % token["id"], token=caller, json={"canPurgeTrash": True}),
                       api.post("tokens/%s/enable" % token["id"], token=caller)):
            assert_error(answer, 403, "accessDenied")
    assert detail(api, token["id"])["canPurgeTrash"] is False


# --- refresh, delete --------------------------------------------------------------------------------------------------------------

def test_R13_refresh_kills_the_old_string_at_once(api, make_token):
    token = make_token(expiresIn=1000)
    old = token["token"]
    for _ in range(20):
        assert api.get("tokens/verify", token=old).status_code == 200
        answer = api.post("tokens/%s/refresh" % token["id"], token=old)
        assert answer.status_code == 200 and answer.json()["id"] == token["id"] and answer.json()["expires"] == token["expires"]
        new = answer.json()["token"]
        assert new != old
        assert_error(api.get("tokens/verify", token=old), 401, "storage.tokenInvalid", "Invalid access token")
        old = new
    assert detail(api, token["id"])["refreshed"] >= token["refreshed"]


def test_who_may_refresh(api, roles, make_token):
    token, other = make_token(), make_token(canManageBuckets=True)
    for caller in (other["token"], roles["guest"], roles["readOnly"]):
        assert_error(api.post("tokens/%s/refresh" % token["id"], token=caller), 403, "accessDenied")
    master = api.get("tokens/verify").json()["id"]
    for caller in (other["token"], roles["guest"], roles["readOnly"]):
        assert_error(api.post("tokens/%s/refresh" % master, token=caller), 403, "accessDenied")
    assert api.get("tokens/verify", token=token["token"]).status_code == 200
    assert api.post("tokens/%s/refresh" % token["id"], token=roles["share"]).status_code == 200


def test_R05_nobody_gets_the_master_token_of_another(api, roles):
    for role in ("share", "guest", "readOnly"):
        master = api.get("tokens/verify", token=roles[role]).json()["id"]
        assert_error(api.post("tokens/%s/refresh" % master), 403, "accessDenied")
        assert api.get("tokens/verify", token=roles[role]).status_code == 200


def test_R04_a_master_token_refreshes_itself(new_server):
    server = new_server()
    api = Api(server.url, server.master)
    made = api.post("tokens/%s/refresh" % api.get("tokens/verify").json()["id"]).json()
    assert_error(api.get("tokens/verify"), 401)
    assert api.get("tokens/verify", token=made["token"]).json()["isMasterToken"] is True


def test_delete(api, roles, make_token):
    token, other = make_token(), make_token(canManageBuckets=True)
    count = len(api.get("tokens").json())
    for caller in (other["token"], roles["guest"], roles["readOnly"]):
        assert_error(api.delete("tokens/%s" % token["id"], token=caller), 403, "accessDenied")
    answer = api.delete("tokens/%s" % token["id"])
    assert answer.status_code == 204 and answer.text == ""
    assert len(api.get("tokens").json()) == count - 1
    assert_error(api.get("tokens/verify", token=token["token"]), 401, "storage.tokenInvalid")
    assert_error(api.get("tokens/%s" % token["id"]), 404)
    assert_error(api.delete("tokens/%s" % token["id"]), 404)
    assert api.delete("tokens/%s" % other["id"], token=other["token"]).status_code == 204
    assert_error(api.get("tokens/verify", token=other["token"]), 401)


def test_R14_history_outlives_the_token(api, make_token):
    token = make_token()
    assert api.get("tokens", token=token["token"]).status_code == 200
    api.delete("tokens/%s" % token["id"])
    names = [e["event"] for e in api.get("tokens/%s/events" % token["id"]).json()]
    assert names == ["storage.tokenDeleted", "storage.tokensListed", "storage.tokenCreated"]


@pytest.mark.parametrize("path", ["tokens/foo", "tokens/1x", "tokens/-1", "tokens/0", "tokens/99999999999999999999"])
def test_ids_are_numbers(api, path):
    for answer in (api.get(path), api.delete(path), api.put(path, json={})):
        assert answer.status_code == 404 and "resource not found" in answer.json()["error"]


def test_delete_of_no_id(api):
    assert api.delete("tokens/").status_code in (404, 405)


# --- reading --------------------------------------------------------------------------------------------------------------------

def test_list_and_detail_show_what_the_caller_may_see(api, roles, make_token):
    token, other = make_token(canManageBuckets=True), make_token()
    assert {t["id"] for t in api.get("tokens", token=roles["share"]).json()} >= {token["id"], other["id"]}
    for caller, own in ((token["token"], token["id"]), (roles["guest"], None), (roles["readOnly"], None)):
        listed = api.get("tokens", token=caller).json()
        own = own or api.get("tokens/verify", token=caller).json()["id"]
        assert [t["id"] for t in listed] == [own]
        assert api.get("tokens/%s" % own, token=caller).json()["id"] == own
        assert_error(api.get("tokens/%s" % other["id"], token=caller), 403, "accessDenied")


def test_absent_and_forbidden_are_the_same_to_a_limited_token(api, make_token):
    token, other = make_token(), make_token()
    answers = []
    for name in (other["id"], "99999999"):
        for method, path in (("GET", "tokens/%s"), ("DELETE", "tokens/%s"), ("POST", "tokens/%s/refresh"), ("GET", "tokens/%s/events")):
            body = assert_error(api.call(method, path % name, token=token["token"]), 403, "accessDenied")
            answers.append((method, path, {k: v for k, v in body.items() if k not in ("exceptionId", "missing")}))
            if name != other["id"]:
                assert other["id"] not in json.dumps(body.get("missing", ""))
    assert answers[:4] == answers[4:]


def test_a_denial_says_what_was_missing(api, make_token, make_bucket):
    bucket = make_bucket()
    token = make_token(bucketPermissions={bucket: "read"})
    body = assert_error(api.delete("buckets/%s" % bucket, token=token["token"]), 403, "accessDenied")
    assert body["missing"] and set(body["missing"][0]) == {"object", "need", "have"}


def test_R06_no_string_anywhere_but_where_it_is_made(api, make_token):
    token = make_token()
    for path in ("tokens", "tokens/verify", "tokens/" + token["id"], "tokens/%s/events" % token["id"], "events", "tokens/%s/links" % token["id"]):
        for caller in (None, token["token"]):
            assert token["token"] not in api.get(path, token=caller).text
    assert token["token"] not in api.put("tokens/" + token["id"], json={"description": "d"}).text


def test_pages_of_the_list(api, make_token):
    for _ in range(3):
        make_token()
    every = api.get("tokens")
    ids = [t["id"] for t in every.json()]
    assert every.headers["X-Total-Count"] == str(len(ids)) and ids == sorted(ids, key=int)
    assert [t["id"] for t in api.get("tokens?limit=2&offset=1").json()] == ids[1:3]
    assert_error(api.get("tokens?limit=0"), 400)


# --- who is let in ---------------------------------------------------------------------------------------------------------------

def test_strings_that_are_none(api, server, make_token):
    good = make_token()["token"]
    assert_error(api.get("tokens/verify", headers={"X-StorageApi-Token": ""}, token=""), 401, None, "Access token must be set")
    assert "code" not in api.get("tokens/verify", token="").json()
    project, number, secret = good.split("-")
    for bad in ("x", good[:-1], good + "0", good[:-1] + ("0" if good[-1] != "0" else "1"), "-".join((project, "999999", secret)),
                "-".join(("2", number, secret)), "%s-%s-%s" % (project, number, secret[::-1]), "1-1", "--", good.upper(), "9" * 3000):
        body = assert_error(api.get("tokens/verify", token=bad), 401, "storage.tokenInvalid", "Invalid access token")
        assert len(bad) < 8 or bad not in json.dumps(body)
    assert api.get("tokens/verify", token=good).status_code == 200
    answer = requests.get(server.url + "/v2/storage/tokens/verify", headers={"Authorization": "Bearer " + good})
    assert answer.status_code == 200


def test_R03_management_tokens_open_no_project(api, server):
    assert_error(api.get("tokens/verify", token=server.manage), 401)
    assert_error(requests.get(server.url + "/v2/storage/tokens/verify", headers={"X-KBC-ManageApiToken": server.manage}), 401)


def test_R08_a_new_token_can_do_nothing(api, make_token, make_bucket):
    make_bucket()
    token = make_token()["token"]
    assert api.get("buckets", token=token).json() == [] and api.get("tables", token=token).json() == []
    assert api.get("files", token=token).json() == []
    for answer in (api.post("buckets", token=token, json={"name": "x", "stage": "in"}),
                   api.get("components/wr-db/configs", token=token), api.post("tokens", token=token, json={})):
        assert_error(answer, 403, "accessDenied")


def test_R11_an_expired_token_is_refused_by_the_clock_and_deleted_with_a_record(api, make_token):
    token = make_token(expiresIn=1)
    deadline = time.monotonic() + 90
    codes = []
    while True:
        answer = api.get("tokens/verify", token=token["token"])
        if answer.status_code != 200:
            codes.append(answer.json()["code"])
        if api.get("tokens/%s" % token["id"]).status_code == 404:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert answer.status_code == 401 and codes[0] == "storage.tokenExpired"
    assert api.get("tokens/verify", token=token["token"]).status_code == 401
    events = api.get("tokens/%s/events" % token["id"]).json()
    assert [e["event"] for e in events if e["event"] == "storage.tokenExpired"] == ["storage.tokenExpired"]


def test_disable_and_enable(api, roles, make_token):
    token = make_token()
    path = "tokens/%s" % token["id"]
    for off, on in ((lambda: api.post(path + "/disable"), lambda: api.post(path + "/enable")),
                    (lambda: api.put(path, json={"isDisabled": True}), lambda: api.put(path, json={"isDisabled": False}))):
        assert off().json()["isDisabled"] is True
        assert_error(api.get("tokens/verify", token=token["token"]), 401, "storage.tokenDisabled")
        assert detail(api, token["id"])["isDisabled"] is True
        assert on().json()["isDisabled"] is False
        assert api.get("tokens/verify", token=token["token"]).status_code == 200
    names = [e["event"] for e in api.get(path + "/events").json()]
    assert names.count("storage.tokenDisabled") == 2 and names.count("storage.tokenEnabled") == 2
    assert "storage.accessDenied" in names


# --- limits of address and rate ------------------------------------------------------------------------------------------------------

def verify_from(server, token, address):
    session = requests.Session()
    session.mount("http://", SourceAdapter(address))
    return session.get(server.url + "/v2/storage/tokens/verify", headers={"X-StorageApi-Token": token})


class SourceAdapter(requests.adapters.HTTPAdapter):
    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(self.address, 0), **options)


def test_allowed_addresses(api, server, make_token):
    token = make_token(allowedAddresses=["127.0.0.2/31", "2001:db8::/32"])
    assert token["allowedAddresses"] == ["127.0.0.2/31", "2001:db8::/32"]
    assert verify_from(server, token["token"], "127.0.0.3").status_code == 200
    assert_error(verify_from(server, token["token"], "127.0.0.1"), 403, "storage.token.addressNotAllowed")
    names = [e["event"] for e in api.get("tokens/%s/events" % token["id"]).json()]
    assert "storage.accessDenied" in names
    path = "tokens/%s" % token["id"]
    assert api.put(path, json={"allowedAddresses": ["127.0.0.1"]}).json()["allowedAddresses"] == ["127.0.0.1"]
    assert verify_from(server, token["token"], "127.0.0.1").status_code == 200
    assert verify_from(server, token["token"], "127.0.0.3").status_code == 403
    assert api.put(path, json={"allowedAddresses": []}).json()["allowedAddresses"] == []
    assert verify_from(server, token["token"], "127.0.0.3").status_code == 200


def test_requests_per_minute(api, make_token):
    token = make_token(requestsPerMinute=5)
    assert token["requestsPerMinute"] == 5
    if time.time() % 60 > 55:
        time.sleep(6)
    statuses = [api.get("tokens/verify", token=token["token"]) for _ in range(8)]
    assert [s.status_code for s in statuses] == [200] * 5 + [429] * 3
    assert_error(statuses[-1], 429, "storage.token.rateLimited")
    assert 1 <= int(statuses[-1].headers["Retry-After"]) <= 60
    assert "storage.accessDenied" in [e["event"] for e in api.get("tokens/%s/events" % token["id"]).json()]
    assert api.put("tokens/%s" % token["id"], json={"requestsPerMinute": 0}).json()["requestsPerMinute"] == 0
    assert api.get("tokens/verify", token=token["token"]).status_code == 200


def test_last_use_is_shown_and_kept(new_server):
    server = new_server()
    api = Api(server.url, server.master)
    token = api.post("tokens", json={}).json()
    assert detail(api, token["id"])["lastUsed"] is None
    assert verify_from(server, token["token"], "127.0.0.7").status_code == 200
    shown = detail(api, token["id"])["lastUsed"]
    assert DATE.match(shown["time"]) and shown["address"] == "127.0.0.7"
    assert [t["lastUsed"] for t in api.get("tokens").json() if t["id"] == token["id"]] == [shown]
    server.stop()
    server.start()
    assert detail(Api(server.url, server.master), token["id"])["lastUsed"] == shown


def test_R07_no_string_at_rest(new_server):
    server = new_server()
    api = Api(server.url, server.master)
    strings = [server.master]
    for _ in range(20):
        token = api.post("tokens", json={}, headers={"Idempotency-Key": unique("k")}).json()
        strings += [token["token"], api.post("tokens/%s/refresh" % token["id"], token=token["token"]).json()["token"]]
        api.get("tokens/verify", token=strings[-2])
    server.stop()
    for path in glob.glob(os.path.join(server.data, "**"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                content = f.read()
            for string in strings:
                assert string.encode() not in content and string.split("-")[2].encode() not in content, path
