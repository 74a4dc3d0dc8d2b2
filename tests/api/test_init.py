"""The way in of operators: init and user add."""
import json
import os
import stat

import requests

from support.server import PASSWORD, Api, run


def add(server, role, email, **more):
    return run("user", "add", "--data", server.data, "--project", str(more.get("project", server.project_id)), "--email", email,
               "--password", more.get("password", PASSWORD), "--role", role, "--json", *server.engine_arguments(), check=False)


def test_init_makes_what_it_prints(server, api):
    verified = api.get("tokens/verify").json()
    assert verified["owner"]["id"] == server.project_id and verified["owner"]["name"] == "Warehouse"
    assert verified["isMasterToken"] is True and verified["admin"]["role"] == "admin"
    assert verified["description"] == "ada@example.com"  # R04
    manage = api.get("/manage/tokens/verify").json()
    assert manage["type"] == "super" and manage["user"]["email"] == "ada@example.com"
    assert api.get("/manage/organizations/%d" % server.organization_id).json()["name"] == "Acme"


def test_init_refuses_a_second_project(server):
    again = run("init", "--data", server.data, "--email", "b@example.com", "--password", PASSWORD, "--organization", "O", "--project", "P",
                *server.engine_arguments(), check=False)
    assert again.returncode == 1 and "Warehouse" in again.stderr and "user add" in again.stderr


def test_init_says_what_is_missing(tmp_path):
    for arguments, word in ((["--email", "a@example.com"], "--organization"), (["--email", "nobody"], "--email"),
                            (["--email", "a@example.com", "--organization", "O", "--project", "P", "--password", "short"], "8"),
                            (["--nonsense", "1"], "nonsense"), (["--email"], "--email")):
        refused = run("init", "--data", str(tmp_path / "house"), *arguments, check=False)
        assert refused.returncode == 2 and word in refused.stderr, (arguments, refused.stderr)
    assert not (tmp_path / "house").exists()


def test_commands_say_how_to_call_them():
    for command, word in (("init", "--organization"), ("user", "--role"), ("serve", "--listen")):
        shown = run(command, "--help")
        assert word in shown and "session_idle_s" in shown


def test_key_and_database_are_for_their_owner_only(server):
    assert stat.S_IMODE(os.stat(os.path.join(server.data, "secret.key")).st_mode) == 0o600


def test_user_add_needs_a_house(tmp_path):
    refused = run("user", "add", "--data", str(tmp_path), "--project", "1", "--email", "x@example.com", "--password", PASSWORD, "--role",
                  "guest", check=False)
    assert refused.returncode == 1 and "chatelaine init" in refused.stderr


def test_user_add_while_the_server_runs(server, api):
    made = json.loads(add(server, "readOnly", "reader@example.com").stdout)
    verified = api.get("tokens/verify", token=made["masterToken"]).json()
    assert verified["admin"] == {**verified["admin"], "id": made["userId"], "role": "readOnly"}
    assert verified["description"] == "reader@example.com"


def test_user_add_while_the_server_is_stopped(new_server):
    house = new_server(start=False)
    made = house.user("guest", "early@example.com")
    house.start()
    api = Api(house.url, made["masterToken"])
    assert api.get("tokens/verify").json()["admin"]["role"] == "guest"


def test_the_house_remembers_its_engine(new_server):
    house = new_server(start=False)
    house.engine = None  # from here on nobody names it
    made = house.user("guest", "later@example.com")
    house.start()
    assert Api(house.url, made["masterToken"]).get("tokens/verify").status_code == 200


def test_user_add_refuses_what_makes_no_sense(server):
    for arguments, code, word in ((("boss", "x@example.com"), 2, "--role"), (("guest", "nobody"), 2, "--email"),
                                  (("admin", "ada@example.com"), 1, "already a member")):
        refused = add(server, *arguments)
        assert refused.returncode == code and word in refused.stderr, refused.stderr
    refused = add(server, "guest", "x@example.com", project=999)
    assert refused.returncode == 1 and "999" in refused.stderr
    assert add(server, "guest", "x@example.com", password="short").returncode == 2


def test_user_add_keeps_the_password_of_an_account(server, api):
    """An account that is there is added to another project as it is."""
    project = api.post("/manage/organizations/%d/projects" % server.organization_id, json={"name": "Second"}).json()["id"]
    add(server, "guest", "keeps@example.com")
    assert add(server, "guest", "keeps@example.com", project=project, password="another password").returncode == 0
    login = requests.post(server.url + "/auth/login", json={"email": "keeps@example.com", "password": PASSWORD}, timeout=60)
    assert login.status_code == 200
    assert requests.post(server.url + "/auth/login", json={"email": "keeps@example.com", "password": "another password"},
                         timeout=60).status_code == 401


def test_R07_no_secret_of_init_is_kept_in_the_clear(server):
    for folder, _, names in os.walk(server.data):
        for name in names:
            content = open(os.path.join(folder, name), "rb").read()
            for secret in (server.master, server.manage, PASSWORD):
                assert secret.split("-")[-1].encode() not in content, name
