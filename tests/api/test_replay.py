"""Lost replies of create and refresh: repeated to whoever lost them, and to nobody else (R13)."""
import http.client
import json
import os
import time

import pytest

from conftest import unique
from support.server import Server, assert_error

TRIES = 11


def call_once(port, path, token, body=None, key=None, source="127.0.0.1", method="POST"):
    """One call on a connection of its own: (status, answer), or None when the connection was lost."""
    headers = {"X-StorageApi-Token": token, "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    try:
        connection.request(method, "/v2/storage/" + path, body=json.dumps(body or {}), headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or "null")
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        return None
    finally:
        connection.close()


def call(port, path, token, **options):
    """As the public clients do: again when the connection was lost or the answer is 5xx, at most eleven times."""
    for _ in range(TRIES):
        answer = call_once(port, path, token, **options)
        if answer and answer[0] < 500:
            return answer
    raise AssertionError("no answer in %d tries" % TRIES)


def alive(api, token):
    return api.get("tokens/verify", token=token).status_code == 200


# Every byte in `make soak` (SOAK=1).
CUTS = range(1300) if os.environ.get("SOAK") else [0, 1, 2, 9, 15, 16, 17, 60, 120, 121, 160, 200, 240, 300, 500, 700, 800, 850, 900, 1200]


@pytest.mark.parametrize("key", [False, True])
@pytest.mark.parametrize("cut", CUTS)
def test_R13_a_lost_refresh_is_answered_again(api, server, make_token, lossy, cut, key):
    token = make_token()
    proxy = lossy(cut, None)
    status, answer = call(proxy.port, "tokens/%s/refresh" % token["id"], token["token"], key=unique("key") if key else None)
    assert status == 200 and answer["token"] != token["token"] and answer["id"] == token["id"]
    assert alive(api, answer["token"]) and not alive(api, token["token"])
    names = [e["event"] for e in api.get("tokens/%s/events" % token["id"]).json()]
    if proxy.count == 2:
        assert names.count("storage.tokenRefreshed") == 1 and names.count("storage.tokenReplayed") == 1


@pytest.mark.parametrize("key", [False, True])
@pytest.mark.parametrize("cut", CUTS)
def test_R13_a_lost_create_is_answered_again(api, server, lossy, cut, key):
    name = unique("lost")
    proxy = lossy(cut, None)
    status, answer = call(proxy.port, "tokens", server.master, body={"description": name}, key=unique("key") if key else None)
    assert status == 201 and alive(api, answer["token"])
    assert [t["id"] for t in api.get("tokens").json() if t["description"] == name] == [answer["id"]]


@pytest.mark.parametrize("key", [False, True])
def test_R13_ten_replies_lost_in_a_row(api, server, make_token, lossy, key):
    token = make_token()
    proxy = lossy(*([0, 100, 400] * 4)[:10], None)
    status, answer = call(proxy.port, "tokens/%s/refresh" % token["id"], token["token"], key=unique("key") if key else None)
    assert status == 200 and proxy.count == 11 and alive(api, answer["token"])
    name = unique("lost")
    proxy = lossy(*[50] * 10, None)
    status, answer = call(proxy.port, "tokens", server.master, body={"description": name}, key=unique("key") if key else None)
    assert status == 201 and proxy.count == 11 and alive(api, answer["token"])
    assert len([t for t in api.get("tokens").json() if t["description"] == name]) == 1


def test_R13_a_delivered_refresh_is_not_answered_again(api, server, make_token):
    token = make_token()
    path = "tokens/%s/refresh" % token["id"]
    status, answer = call_once(server.port, path, token["token"])
    assert status == 200
    assert call_once(server.port, path, token["token"])[0] == 401
    assert alive(api, answer["token"])


def test_R13_a_reply_lost_by_one_server_is_answered_by_the_other(api, server, cluster, make_token, lossy):
    if not cluster:
        return  # the embedded engine has one server
    second = Server(engine=server.engine, data=server.data, initialise=False)
    second.log_path, second.port_name = server.log_path + ".2", "port.2"
    second.start()
    try:
        for _ in range(10):
            token = make_token()
            path = "tokens/%s/refresh" % token["id"]
            assert call_once(lossy(0).port, path, token["token"]) is None
            status, answer = call_once(second.port, path, token["token"])
            assert status == 200 and alive(api, answer["token"])
            assert call_once(second.port, path, token["token"])[0] == 401
            assert call_once(server.port, path, token["token"])[0] == 401
    finally:
        second.stop()


def test_R13_the_dead_string_is_good_for_nothing_else(api, server, make_token, lossy):
    token, other = make_token(), make_token()
    path = "tokens/%s/refresh" % token["id"]
    assert call_once(lossy(0).port, path, token["token"]) is None
    for method, elsewhere in (("GET", "tokens/verify"), ("GET", "tokens"), ("GET", "tokens/" + token["id"]), ("GET", "events"),
                              ("DELETE", "tokens/" + token["id"]), ("POST", "tokens"), ("POST", "tokens/%s/refresh" % other["id"]),
                              ("POST", "tokens/%s/refresh" % api.get("tokens/verify").json()["id"])):
        assert call_once(server.port, elsewhere, token["token"], method=method)[0] == 401, elsewhere
    status, answer = call_once(server.port, path, token["token"])
    assert status == 200 and alive(api, answer["token"])


def test_R13_not_from_another_address(api, server, make_token, lossy):
    token = make_token()
    path = "tokens/%s/refresh" % token["id"]
    assert call_once(lossy(0).port, path, token["token"]) is None
    assert call_once(server.port, path, token["token"], source="127.0.0.2")[0] == 401
    assert call_once(server.port, path, token["token"])[0] == 200


@pytest.mark.parametrize("key", [None, "k"])
def test_R13_not_after_the_new_string_was_used(api, server, make_token, lossy, key):
    token = make_token()
    path = "tokens/%s/refresh" % token["id"]
    key = key and unique(key)
    assert call_once(lossy(0).port, path, token["token"], key=key) is None
    status, answer = call_once(lossy(0, None).port, path, token["token"], key=key) or call_once(server.port, path, token["token"], key=key)
    assert status == 200 and alive(api, answer["token"])
    again = call_once(server.port, path, token["token"], key=key)
    assert again[0] == (400 if key else 401) and answer["token"] not in json.dumps(again[1])
    if key:
        assert again[1]["code"] == "storage.idempotencyResultErased"


def test_R13_not_with_another_body(api, server, lossy):
    lost, other = {"description": unique("lost")}, {"description": unique("other")}
    assert call_once(lossy(0).port, "tokens", server.master, body=lost) is None
    made = [t["id"] for t in api.get("tokens").json() if t["description"] == lost["description"]]
    assert call_once(server.port, "tokens", server.master, body=other)[1]["id"] not in made
    assert [call_once(server.port, "tokens", server.master, body=lost)[1]["id"]] == made


def test_R13_not_after_the_token_was_refreshed_or_deleted_by_another(api, server, make_token, lossy):
    for end in ("refresh", "delete"):
        token = make_token()
        path = "tokens/%s/refresh" % token["id"]
        assert call_once(lossy(0).port, path, token["token"]) is None
        if end == "refresh":
            assert api.post(path).status_code == 200
        else:
            assert api.delete("tokens/" + token["id"]).status_code == 204
        assert call_once(server.port, path, token["token"])[0] == 401


def test_idempotency_key_repeats_until_the_first_use(api, make_token):
    key = unique("key")
    body = {"description": unique("same")}
    first = api.post("tokens", json=body, headers={"Idempotency-Key": key})
    second = api.post("tokens", json=body, headers={"Idempotency-Key": key})
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    assert api.post("tokens", json=body).json()["id"] != first.json()["id"]
    error = api.post("tokens", json={"description": "other"}, headers={"Idempotency-Key": key})
    assert_error(error, 400, "storage.idempotencyKeyReused")
    assert alive(api, first.json()["token"])
    error = api.post("tokens", json=body, headers={"Idempotency-Key": key})
    assert_error(error, 400, "storage.idempotencyResultErased")
    assert first.json()["token"] not in error.text
    assert_error(api.post("tokens", json=body, headers={"Idempotency-Key": "x" * 300}), 400)


@pytest.mark.parametrize("end", ("delete", "expire", "disable"))
def test_an_idempotency_key_makes_no_second_token_when_the_first_is_over(api, end):
    key, body = {"Idempotency-Key": unique("key")}, {"description": unique("once"), "expiresIn": 1 if end == "expire" else 600}
    first = api.post("tokens", json=body, headers=key).json()
    if end == "delete":
        assert api.delete("tokens/" + first["id"]).status_code == 204
    elif end == "disable":
        assert api.post("tokens/%s/disable" % first["id"]).status_code == 200
    else:
        time.sleep(1.1)
    again = api.post("tokens", json=body, headers=key)
    assert_error(again, 400, "storage.idempotencyResultErased")
    assert first["token"] not in again.text
    assert [t["id"] for t in api.get("tokens").json() if t["description"] == body["description"]] in ([], [first["id"]])
    assert_error(api.post("tokens", json={"description": "other"}, headers=key), 400, "storage.idempotencyKeyReused")
    assert api.post("tokens", json=body, headers={"Idempotency-Key": unique("key")}).status_code == 201


def test_R13_not_when_the_token_was_disabled_meanwhile(api, make_token):
    token, key = make_token(), {"Idempotency-Key": unique("key")}
    path = "tokens/%s/refresh" % token["id"]
    fresh = api.post(path, token=token["token"], headers=key).json()["token"]
    assert api.post(path, token=token["token"], headers=key).json()["token"] == fresh
    assert api.post("tokens/%s/disable" % token["id"]).status_code == 200
    again = api.post(path, token=token["token"], headers=key)
    assert again.status_code == 401 and fresh not in again.text


def test_R13_a_string_is_repeated_only_to_the_one_that_it_replaced(api, make_token):
    token, keys = make_token(), [unique("key"), unique("key")]
    path = "tokens/%s/refresh" % token["id"]
    strings = [token["token"]]
    for key in keys:
        strings.append(api.post(path, token=strings[-1], headers={"Idempotency-Key": key}).json()["token"])
    again = api.post(path, token=strings[0], headers={"Idempotency-Key": keys[1]})
    assert again.status_code == 401 and strings[2] not in again.text
    assert api.post(path, token=strings[1], headers={"Idempotency-Key": keys[1]}).json()["token"] == strings[2]


def test_idempotency_key_belongs_to_its_caller(api, server, roles):
    key, body = unique("key"), {"description": unique("same")}
    first = api.post("tokens", json=body, headers={"Idempotency-Key": key}).json()
    other = api.post("tokens", token=roles["share"], json=body, headers={"Idempotency-Key": key}).json()
    assert first["id"] != other["id"] and first["token"] != other["token"]


def test_the_same_create_on_a_living_connection_makes_two(api):
    body = {"description": unique("twice")}
    first, second = api.post("tokens", json=body).json(), api.post("tokens", json=body).json()
    assert first["id"] != second["id"]


def test_the_same_create_after_an_orderly_end_makes_two(server):
    body = {"description": unique("twice")}
    first = call_once(server.port, "tokens", server.master, body=body)
    second = call_once(server.port, "tokens", server.master, body=body)
    assert first[0] == second[0] == 201 and first[1]["id"] != second[1]["id"]


def test_R14_a_replay_says_who_and_which(api, server, make_token, lossy):
    token = make_token()
    assert call_once(lossy(0).port, "tokens/%s/refresh" % token["id"], token["token"]) is None
    assert call_once(server.port, "tokens/%s/refresh" % token["id"], token["token"])[0] == 200
    event = [e for e in api.get("tokens/%s/events" % token["id"]).json() if e["event"] == "storage.tokenReplayed"][0]
    assert event["objectId"] == token["id"] and event["token"]["id"] == token["id"] and event["context"]["remoteAddr"] == "127.0.0.1"
