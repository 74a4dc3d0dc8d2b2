"""backup, restore, doctor, and the ledger that keeps revoked tokens out of what is restored (R13)."""
import json
import os
import re
import shutil
import subprocess

import pytest
import requests

from support.server import PASSWORD, Api, Server, run


@pytest.fixture
def place(tmp_path):
    return lambda name: str(tmp_path / name)


@pytest.fixture
def restored(cluster, place):
    """Makes a server of a backup: restored(folder, files=[(path, name)]); closed at the end."""
    made = []

    def make(backup, files=(), options=(), check=True):
        data = place("restored%d" % len(made))
        os.mkdir(data, 0o700)
        for path, name in files:
            shutil.copy(path, os.path.join(data, name))
        server = Server(data=data, engine=cluster.new_database() if cluster else None, initialise=False)
        made.append(server)
        done = run("restore", "--data", data, "--from", backup, "--json", *options, *server.engine_arguments(), check=check)
        return server, done

    yield make
    for server in made:
        server.close()


def key_of(server):
    return os.path.join(server.data, "secret.key"), "secret.key"


def ledger_of(server):
    return os.path.join(server.data, "revocations.log"), "revocations.log"


def backup(server, to, *options):
    return json.loads(run("backup", "--data", server.data, "--to", to, "--json", *server.engine_arguments(), *options))


def verify(server, token):
    return Api(server.url).get("tokens/verify", token=token)


def test_a_backup_of_a_running_server_makes_the_same_server_again(server, api, make_token, make_bucket, place, restored):
    bucket, token = make_bucket(), make_token(description="kept")
    job = api.wait(api.post("buckets/%s/tables-async" % bucket, json={"name": "t", "dataFileId": api.upload("id,name\n1,a\n2,b\n")}))
    assert job["status"] == "success", job
    told = backup(server, place("backup"))
    assert told["files"] > 0
    assert sorted(os.listdir(place("backup")))[0] == "blobs" and not os.path.exists(place("backup") + "/secret.key")
    again, _ = restored(place("backup"), [key_of(server)])
    again.start()
    theirs = Api(again.url, server.master)
    assert verify(again, token["token"]).status_code == 200
    assert bucket in {b["id"] for b in theirs.get("buckets").json()}
    assert theirs.get("tables/%s.t/data-preview" % bucket).text == api.get("tables/%s.t/data-preview" % bucket).text
    assert theirs.post("tokens", json={"description": "new"}).status_code == 201


def test_R13_a_restored_backup_brings_no_revoked_token_back(server, api, make_token, place, restored):
    deleted, refreshed, narrowed, kept = [make_token(description=d) for d in ("deleted", "refreshed", "narrowed", "kept")]
    backup(server, place("backup"))
    assert api.delete("tokens/" + deleted["id"]).status_code == 204
    assert api.post("tokens/%s/refresh" % refreshed["id"]).status_code == 200
    assert api.put("tokens/" + narrowed["id"], json={"description": "narrower"}).status_code == 200
    again, told = restored(place("backup"), [key_of(server), ledger_of(server)])
    assert json.loads(told)["revoked"] >= 3
    again.start()
    assert [verify(again, t["token"]).status_code for t in (deleted, refreshed, narrowed, kept)] == [401, 401, 401, 200]
    # and without the ledger they would be back: the test fails without what it tests
    careless, told = restored(place("backup"), [key_of(server)])
    assert json.loads(told)["revoked"] == 0
    careless.start()
    assert verify(careless, deleted["token"]).status_code == 200
    # the ledger of another server may be named
    named, told = restored(place("backup"), [key_of(server)], ["--ledger", ledger_of(server)[0]])
    assert json.loads(told)["revoked"] >= 3
    # numbers that the ledger knows are not given again
    fresh = Api(again.url, server.master).post("tokens", json={"description": "fresh"}).json()
    assert int(fresh["id"]) > max(int(t["id"]) for t in (deleted, refreshed, narrowed))


def test_R13_a_restored_backup_brings_no_revoked_management_token_and_no_session_back(server, api, place, restored):
    deleted, refreshed, kept = [api.post("/manage/current-user/tokens", json={"description": d}).json() for d in ("deleted", "refreshed", "kept")]
    leaver = server.user("admin", "leaver@example.com")
    browser = requests.Session()
    signed_in = browser.post(server.url + "/auth/login", json={"email": "leaver@example.com", "password": PASSWORD}, timeout=30).json()
    theirs = browser.post(server.url + "/manage/current-user/tokens", json={"description": "theirs"}, timeout=30,
                          headers={"X-CSRF-Token": signed_in["csrfToken"]}).json()
    backup(server, place("backup"))
    assert api.delete("/manage/current-user/tokens/%d" % deleted["id"]).status_code == 204
    new = api.post("/manage/current-user/tokens/%d/refresh" % refreshed["id"]).json()["token"]
    assert api.delete("/manage/users/%d" % leaver["userId"]).status_code == 204
    later = api.post("/manage/current-user/tokens", json={"description": "later"}).json()
    assert api.delete("/manage/current-user/tokens/%d" % later["id"]).status_code == 204

    def answers(again):
        return [Api(again.url).get("/manage/tokens/verify", manage=t).status_code for t in (
            deleted["token"], refreshed["token"], theirs["token"], new, kept["token"])]

    again, told = restored(place("backup"), [key_of(server), ledger_of(server)])
    assert json.loads(told)["revoked"] >= 4  # the leaver's master token as well
    again.start()
    assert answers(again) == [401, 401, 401, 401, 200]
    assert browser.get(again.url + "/auth/session", timeout=30).status_code == 401
    fresh = Api(again.url, manage=kept["token"]).post("/manage/current-user/tokens", json={"description": "fresh"}).json()
    assert fresh["id"] > later["id"]
    again.stop()
    again.start()  # what was restored is not taken for older again
    assert "older than the ledger" not in again.log() and answers(again)[4] == 200
    careless, _ = restored(place("backup"), [key_of(server)])
    careless.start()
    assert answers(careless) == [200, 200, 200, 401, 200]
    assert browser.get(careless.url + "/auth/session", timeout=30).status_code == 401


def test_R13_an_older_database_put_back_by_hand_is_noticed_at_start(new_server, cluster, place):
    if cluster:
        pytest.skip("the database file of the embedded engine")
    server = new_server()
    api = Api(server.url, server.master)
    deleted, kept = [api.post("tokens", json={"description": d}).json() for d in ("deleted", "kept")]
    backup(server, place("backup"))
    assert api.delete("tokens/" + deleted["id"]).status_code == 204
    server.stop()
    for name in ("chatelaine.db-wal", "chatelaine.db-shm"):
        if os.path.exists(os.path.join(server.data, name)):
            os.unlink(os.path.join(server.data, name))
    shutil.copy(place("backup") + "/chatelaine.db", os.path.join(server.data, "chatelaine.db"))
    server.start()
    assert verify(server, deleted["token"]).status_code == 401
    assert verify(server, kept["token"]).status_code == 200
    assert "older than the ledger" in server.log()


def test_R07_the_ledger_holds_numbers_only(server, api, make_token):
    token = make_token(description="telltale")
    api.post("tokens/%s/refresh" % token["id"])
    text = open(ledger_of(server)[0], encoding="ascii").read()
    assert " %s " % token["id"] in text and "telltale" not in text and token["token"].split("-")[2] not in text
    assert set(text) <= set("0123456789 done\n")


def test_a_restore_is_refused_where_something_is(server, place, restored):
    backup(server, place("backup"))
    assert json.load(open(place("backup") + "/manifest.json", encoding="utf-8"))["withKey"] is False
    again, _ = restored(place("backup"), [key_of(server)])
    done = run("restore", "--data", again.data, "--from", place("backup"), *again.engine_arguments(), check=False)
    assert done.returncode == 2 and ("not empty" in done.stderr or "already" in done.stderr)
    again.start()
    assert verify(again, server.master).status_code == 200


def test_a_restore_wants_the_key_of_its_backup(server, place, restored, tmp_path):
    backup(server, place("backup"))
    _, none = restored(place("backup"), check=False)
    assert none.returncode == 2 and "no key" in none.stderr
    wrong = tmp_path / "wrong.key"
    wrong.write_bytes(os.urandom(32))
    wrong.chmod(0o600)
    _, other = restored(place("backup"), [(str(wrong), "secret.key")], check=False)
    assert other.returncode == 2 and "not the one of this backup" in other.stderr
    backup(server, place("whole"), "--with-key")
    assert os.stat(place("whole") + "/secret.key").st_mode & 0o777 == 0o600
    whole, _ = restored(place("whole"))
    whole.start()
    assert verify(whole, server.master).status_code == 200


def test_a_backup_that_was_broken_off_is_none(server, place, restored):
    backup(server, place("backup"))
    os.unlink(place("backup") + "/manifest.json")
    _, done = restored(place("backup"), [key_of(server)], check=False)
    assert done.returncode == 2 and "not a complete backup" in done.stderr
    done = run("backup", "--data", server.data, "--to", place("backup"), *server.engine_arguments(), check=False)
    assert done.returncode == 2 and "not empty" in done.stderr


def test_rotated_backups_are_kept_so_many(server, place):
    folders = [backup(server, place("many"), "--rotate", "--backup-keep", "2")["folder"] for _ in range(3)]
    assert all(re.fullmatch(r"chatelaine-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-\d{3}", os.path.basename(f)) for f in folders)
    assert folders == sorted(folders)  # a name of fewer digits would be taken for an older one, and removed in its place
    assert sorted(os.listdir(place("many"))) == [os.path.basename(f) for f in folders[1:]]


def test_R07_a_backup_has_no_token_and_no_key(server, make_token, place):
    token = make_token(description="secret-bearer")
    key = open(key_of(server)[0], "rb").read()
    backup(server, place("backup"))
    done = subprocess.run(["grep", "-raFl", token["token"].split("-")[2], place("backup")], stdout=subprocess.PIPE)
    assert done.returncode == 1, done.stdout
    for folder, _, names in os.walk(place("backup")):
        for name in names:
            assert key not in open(os.path.join(folder, name), "rb").read()


def test_the_doctor_finds_what_is_wrong(server, cluster, tmp_path):
    done = run("doctor", "--data", server.data, *server.engine_arguments(), check=False)
    assert done.returncode == 0 and ("the database answers" if cluster else "the database is whole") in done.stdout and "bad " not in done.stdout
    nowhere = run("doctor", "--data", str(tmp_path / "nowhere"), check=False)
    assert nowhere.returncode == 1 and "chatelaine init" in nowhere.stdout
    broken = tmp_path / "broken"
    broken.mkdir(0o700)
    shutil.copy(key_of(server)[0], broken / "secret.key")
    os.chmod(broken / "secret.key", 0o644)
    (broken / "chatelaine.db").write_bytes(b"no database at all" * 100)
    ill = run("doctor", "--data", str(broken), check=False)
    assert ill.returncode == 1 and "chmod 600" in ill.stdout


def test_one_server_for_one_embedded_database(new_server, cluster):
    first = new_server()
    second = Server(data=first.data, engine=first.engine, initialise=False)
    second.log_path = first.log_path + ".second"
    if cluster:
        second.start()
        assert verify(second, first.master).status_code == 200
        assert second.stop() == 0
    else:
        with pytest.raises(AssertionError, match="Another server is running"):
            second.start()
    assert verify(first, first.master).status_code == 200
