"""R13 over HTTP: whatever ends or changes a token holds for every request sent after the answer, on every server and connection."""
import os
import threading

import pytest
import requests

from conftest import unique
from support.server import Api, Server, assert_error

VERIFIERS = 16
REFRESHES = int(os.environ.get("SOAK_REFRESHES", "150"))


@pytest.fixture(scope="module")
def servers(server, cluster):
    """One server, or two on one database."""
    if not cluster:
        yield [server]
        return
    second = Server(engine=server.engine, data=server.data, initialise=False)
    second.log_path += ".2"
    second.port_name = "port.2"
    second.start()
    yield [server, second]
    second.stop()


@pytest.fixture(scope="module")
def apis(servers, server):
    return [Api(s.url, server.master) for s in servers]


def test_R13_no_old_string_passes_after_the_answer(apis):
    token = apis[0].post("tokens", json={"description": unique("t")}).json()
    current, lock, stop, wrong, checks = [token["token"]], threading.Lock(), threading.Event(), [], [0, 0]

    def verifier(number):
        api = Api(apis[number % len(apis)].url)
        while not stop.is_set():
            with lock:
                newest, older = current[-1], current[-2:-1]
            if older and api.get("tokens/verify", token=older[0]).status_code != 401:
                wrong.append(older[0])
            status = api.get("tokens/verify", token=newest).status_code
            checks[status == 200] += 1
            if status != 200:
                with lock:
                    if current[-1] == newest and not busy.is_set():
                        wrong.append(newest)

    busy = threading.Event()
    threads = [threading.Thread(target=verifier, args=(n,)) for n in range(VERIFIERS)]
    for thread in threads:
        thread.start()
    for number in range(REFRESHES):
        busy.set()
        answer = apis[number % len(apis)].post("tokens/%s/refresh" % token["id"], token=current[-1])
        with lock:
            current.append(answer.json()["token"])
            busy.clear()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and checks[True] > 0


@pytest.mark.parametrize("change", ["delete", "disable", "permission", "address"])
def test_R13_changes_hold_everywhere_at_once(apis, make_bucket, change):
    bucket = make_bucket()
    for first, other in ((apis[0], apis[-1]), (apis[-1], apis[0])):
        token = first.post("tokens", json={"bucketPermissions": {bucket: "read"}}).json()
        path = "tokens/%s" % token["id"]
        for api in apis:
            for _ in range(3):
                assert api.get("buckets/%s" % bucket, token=token["token"]).status_code == 200
                assert bucket in api.get("tokens/verify", token=token["token"]).text
        if change == "delete":
            assert first.delete(path).status_code == 204
        elif change == "disable":
            assert first.post(path + "/disable").status_code == 200
        elif change == "address":
            assert first.put(path, json={"allowedAddresses": ["192.0.2.1"]}).status_code == 200
        else:
            assert first.put(path, json={"bucketPermissions": {}}).status_code == 200
            assert bucket not in other.get("tokens/verify", token=token["token"]).text
        for api in (other, first):
            assert api.get("buckets/%s" % bucket, token=token["token"]).status_code in (401, 403)


def test_R13_a_new_bucket_shows_at_once_everywhere(apis, server):
    for first, other in ((apis[0], apis[-1]), (apis[-1], apis[0])):
        for api in apis:
            api.get("tokens/verify")
        bucket = first.post("buckets", json={"name": unique("new"), "stage": "in"}).json()["id"]
        for api in (other, first):
            assert api.get("tokens/verify").json()["bucketPermissions"][bucket] == "manage"
        assert first.delete("buckets/%s" % bucket).status_code == 204
        for api in (other, first):
            assert bucket not in api.get("tokens/verify").json()["bucketPermissions"]


def test_R13_rights_of_a_deleted_bucket_do_not_come_back(apis):
    api, name = apis[0], unique("again")
    bucket = api.post("buckets", json={"name": name, "stage": "in"}).json()["id"]
    token = api.post("tokens", json={"bucketPermissions": {bucket: "write"}}).json()
    assert api.delete("buckets/%s" % bucket).status_code == 204
    assert api.post("buckets", json={"name": name, "stage": "in"}).json()["id"] == bucket
    for each in apis:
        assert_error(each.get("buckets/%s" % bucket, token=token["token"]), 403, "accessDenied")
        assert each.get("tokens/verify", token=token["token"]).json()["bucketPermissions"] in ({}, [])


def test_R13_keep_alive_connections_know_it_too(apis):
    session = requests.Session()
    token = apis[0].post("tokens", json={}).json()
    url, headers = apis[-1].url + "/v2/storage/tokens/verify", {"X-StorageApi-Token": token["token"]}
    assert session.get(url, headers=headers).status_code == 200
    assert apis[0].post("tokens/%s/refresh" % token["id"]).status_code == 200
    assert session.get(url, headers=headers).status_code == 401
