"""The client side of the program: what it does, what it shows, how it ends."""
import json
import os
import pty
import re
import socket
import struct
import subprocess
import threading

import pytest
from conftest import unique
from support.server import PROGRAM, ROOT


@pytest.fixture
def cli(server, tmp_path):
    """cli("token", "verify") -> its output; status is what it must end with; token=None: none in the environment."""
    def run(*arguments, status=0, token=server.master, url=server.url, environment=None, **options):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHATELAINE_URL": url, "CHATELAINE_TOKEN": token, **(environment or {})}
        done = subprocess.run([PROGRAM, *arguments], env={k: v for k, v in env.items() if v is not None}, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120, **options)
        assert done.returncode == status, (arguments, done)
        return done.stderr if status else done.stdout
    return run


@pytest.fixture
def as_json(cli):
    return lambda *arguments, **options: json.loads(cli(*arguments, "--json", **options))


def test_token_life(cli, as_json, make_bucket):
    bucket = make_bucket()
    made = as_json("token", "create", "--description", "loader", "--bucket", bucket + "=write", "--expires-in=3600",
                   "--read-all-files", "true", "--address", "127.0.0.0/8", "--component", "keboola.ex-x", "--requests-per-minute", "500")
    assert made["bucketPermissions"] == {bucket: "write"} and made["canReadAllFileUploads"] and made["expires"]
    assert made["allowedAddresses"] == ["127.0.0.0/8"] and made["componentAccess"] == ["keboola.ex-x"]
    assert as_json("token", "verify", token=made["token"])["id"] == made["id"]
    shown = cli("token", "show", made["id"])
    assert "loader" in shown and bucket + "=write" in shown and made["token"] not in shown
    assert re.search(r"^%s +loader" % made["id"], cli("token", "list"), re.M)
    changed = as_json("token", "update", made["id"], "--bucket", "", "--read-all-files", "false", "--address", "")
    assert not changed["bucketPermissions"] and not changed["canReadAllFileUploads"] and changed["allowedAddresses"] == []
    cli("token", "disable", made["id"])
    assert "disabled" in cli("token", "verify", token=made["token"], status=3)
    cli("token", "enable", made["id"])
    fresh = as_json("token", "refresh", token=made["token"])["token"]
    cli("token", "verify", token=made["token"], status=3)
    assert as_json("token", "verify", token=fresh)["id"] == made["id"]
    assert "was sent to" in cli("token", "share", made["id"], "eve@example.com", "--message", "for you")
    events = [event["event"] for event in as_json("token", "events", made["id"])]
    assert "storage.tokenShared" in events and "storage.tokenRefreshed" in events
    assert "storage.tokenDisabled" in cli("token", "events", made["id"], "--q", "event:storage.tokenDisabled")
    cli("token", "delete", made["id"])
    assert "was not found" in cli("token", "show", made["id"], status=4)


def test_buckets_tables_and_jobs(cli, as_json, tmp_path):
    name = unique("cli")
    bucket = as_json("bucket", "create", name, "--stage", "out", "--description", "made by hand")["id"]
    assert bucket == "out.c-" + name and bucket in cli("bucket", "list") and "made by hand" in cli("bucket", "show", bucket)
    csv = tmp_path / "users.csv"
    csv.write_text('id,name\n1,"a, ""b"""\n2,c\n')
    table = as_json("table", "create", bucket, "users", str(csv), "--primary-key", "id")
    assert table["id"] == bucket + ".users" and table["rowsCount"] == 2 and table["primaryKey"] == ["id"]
    csv.write_text("id;name\n2;changed\n3;d\n")
    assert "Loaded" in cli("table", "load", table["id"], str(csv), "--incremental", "--delimiter", ";")
    assert table["id"] in cli("table", "list", bucket) and "3" in cli("table", "show", table["id"])
    assert sorted(cli("table", "preview", table["id"]).splitlines())[-1] == '"id","name"'
    assert sorted(cli("table", "export", table["id"]).splitlines()) == ['"1","a, ""b"""', '"2","changed"', '"3","d"', '"id","name"']
    out = tmp_path / "out.csv"
    assert "Exported" in cli("table", "export", table["id"], str(out), "--columns", "name", "--where", "id=2", "--where", "name!=x")
    assert out.read_text() == '"name"\n"changed"\n'
    assert sorted(os.listdir(tmp_path)) == ["out.csv", "users.csv"]
    jobs = as_json("job", "list", "--limit", "2")
    assert len(jobs) == 2 and str(jobs[0]["id"]) in cli("job", "list")
    assert "success" in cli("job", "show", str(jobs[0]["id"])) and "success" in cli("job", "wait", str(jobs[0]["id"]))
    cli("bucket", "delete", bucket, status=1)
    cli("table", "delete", table["id"])
    cli("bucket", "delete", bucket)
    cli("bucket", "show", bucket, status=4)


def test_failed_job_is_a_failure(cli, make_bucket, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert "the job failed" in cli("table", "create", make_bucket(), "t", str(empty), status=1)


def test_files(cli, as_json, tmp_path):
    source = tmp_path / "my data.bin"
    source.write_bytes(bytes(range(256)) * 100)
    made = as_json("file", "upload", str(source), "--tag", "x", "--tag", "a/b", "--permanent")
    assert made["name"] == "my data.bin" and made["tags"] == ["x", "a/b"] and made["maxAgeDays"] is None and "absUploadParams" not in made
    identity = str(made["id"])
    assert "my data.bin" in cli("file", "list", "--tag", "a/b", "--q", "data") and "my data.bin" in cli("file", "show", identity)
    cli("file", "tag", identity, "red")
    cli("file", "tag", identity, "a/b", "--remove")
    assert as_json("file", "show", identity)["tags"] == ["x", "red"]
    folder = tmp_path / "folder"
    folder.mkdir()
    cli("file", "download", identity, cwd=folder)
    assert (folder / "my data.bin").read_bytes() == source.read_bytes() and os.listdir(folder) == ["my data.bin"]
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert cli("file", "download", str(as_json("file", "upload", str(empty))["id"]), "-") == ""
    cli("file", "delete", identity)
    cli("file", "download", identity, str(folder / "gone"), status=4)
    assert os.listdir(folder) == ["my data.bin"]
    assert "No such file" in cli("file", "upload", str(tmp_path / "missing"), status=1)


def test_large_upload_goes_in_blocks(cli, as_json, tmp_path):
    source = tmp_path / "large"
    with open(source, "wb") as f:
        for i in range(70):
            f.write(bytes([i]) * 1048576)
    identity = str(as_json("file", "upload", str(source))["id"])
    cli("file", "download", identity, str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


def test_never_uploaded_file(cli, api, tmp_path):
    made = api.post("files/prepare", json={"name": "x"}).json()
    assert "BlobNotFound" in cli("file", "download", str(made["id"]), str(tmp_path / "x"), status=4)
    assert os.listdir(tmp_path) == []


def test_events_and_project(cli, as_json, server):
    posted = as_json("event", "post", "me.cli", "hello from here", "--type", "success", "--run", "77")
    assert "hello from here" in cli("event", "list", "--run", "77", "--limit", "5")
    assert as_json("event", "show", posted["uuid"])["type"] == "success"
    assert "Warehouse" in cli("project", "show") and as_json("project", "show")["id"] == server.project_id
    assert as_json("project", "server")["api"] == "storage"


def test_exit_statuses_and_words(cli, make_token):
    assert "Invalid access token" in cli("token", "verify", token="junk", status=3)
    limited = make_token()["token"]
    assert "accessDenied" in cli("token", "create", token=limited, status=3)
    assert "No answer" in cli("token", "verify", url="http://127.0.0.1:1", status=5)
    for arguments in (["token"], ["token", "nope"], ["token", "show"], ["token", "show", "1", "2"], ["token", "list", "--nope"],
                      ["token", "create", "--bucket", "x"], ["token", "create", "--expires-in", "soon"], ["nope"], ["token", "list", "--json=1"],
                      ["token", "show", "1", "--url"], ["table", "export", "in.c-x.y", "--where", "x"][:2]):
        cli(*arguments, status=2)
    assert "http://" in cli("token", "verify", url="ftp://x", status=2)
    assert "no token" in cli("token", "verify", token=None, status=2)
    assert "no address" in cli("token", "verify", url=None, status=2)
    assert "loader" not in cli("token", "create", "--help") and "--bucket" in cli("token", "create", "--help")


class LosesTheFirstReply:
    """A proxy that lets the first call reach the server and resets the connection instead of passing the reply on."""

    def __init__(self, port):
        self.port, self.calls = port, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            self.calls += 1
            with client, socket.create_connection(("127.0.0.1", self.port)) as server:
                server.sendall(client.recv(65536))
                reply = server.recv(65536)
                if self.calls == 1:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    client.sendall(reply)


def test_a_lost_reply_makes_no_second_token(cli, as_json, server):
    proxy = LosesTheFirstReply(server.port)
    name = unique("lost")
    made = as_json("token", "create", "--description", name, url=proxy.url)
    proxy.listener.close()
    assert proxy.calls == 2 and as_json("token", "verify", token=made["token"])["id"] == made["id"]
    assert len([token for token in as_json("token", "list") if token["description"] == name]) == 1


def test_words_of_others_do_not_command_the_terminal(cli, as_json):
    made = as_json("token", "create", "--description", "red \x1b[31m alert\nline")
    for shown in (cli("token", "list"), cli("token", "show", made["id"])):
        assert "\x1b" not in shown and "alert line" in shown


def test_profiles(cli, server, tmp_path):
    folder = tmp_path / ".config" / "chatelaine"
    folder.mkdir(parents=True)
    profiles = folder / "profiles"
    profiles.write_text("# mine\n[default]\nurl = http://127.0.0.1:1\ntoken = x\n[test]\nurl = %s/\ntoken=%s\n" % (server.url, server.master))
    profiles.chmod(0o600)
    nothing = {"url": None, "token": None}
    assert "Warehouse" in cli("project", "show", "--profile", "test", **nothing)
    assert "Warehouse" in cli("project", "show", environment={"CHATELAINE_PROFILE": "test"}, **nothing)
    cli("project", "show", status=5, **nothing)
    assert "Warehouse" in cli("project", "show", "--url", server.url, "--token", server.master, **nothing)
    assert "has no [other]" in cli("project", "show", "--profile", "other", status=2, **nothing)
    profiles.chmod(0o644)
    refusal = cli("project", "show", "--profile", "test", status=2, **nothing)
    assert "chmod 600" in refusal and server.master not in refusal


def test_progress_is_for_terminals_only(cli, server, tmp_path):
    source = tmp_path / "file"
    source.write_bytes(b"x" * 30000000)
    command = [PROGRAM, "file", "upload", str(source)]
    environment = {**os.environ, "CHATELAINE_URL": server.url, "CHATELAINE_TOKEN": server.master}
    assert subprocess.run(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, check=True).stderr == b""
    leader, follower = pty.openpty()
    done = subprocess.Popen(command, env=environment, stderr=follower, stdout=subprocess.PIPE)
    done.communicate()
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 65536):
            shown += chunk
    except OSError:  # the terminal's other side is closed: all was read
        pass
    os.close(leader)
    assert done.returncode == 0 and b"upload [" in shown and shown.endswith(b"\r\x1b[K")


def test_completion(cli):
    script = cli("completion", "bash", url=None, token=None)
    ask = script + '\nCOMP_WORDS=(%s); COMP_CWORD=%d; _chatelaine; echo "${COMPREPLY[@]}"'

    def complete(*words):
        return subprocess.check_output(["bash", "-c", ask % (" ".join(words), len(words) - 1)], text=True).split()
    assert complete("chatelaine", "tok") == ["token"]
    assert complete("chatelaine", "token", "re") == ["refresh"]
    assert complete("chatelaine", "token", "create", "--exp") == ["--expires-in"]
    assert complete("chatelaine", "completion", "z") == ["zsh"]
    assert complete("chatelaine", "user", "a") == ["add"]
    assert complete("chatelaine", "user", "add", "--pro") == ["--project"]
    assert complete("chatelaine", "serve", "--tls") == ["--tls-cert", "--tls-key"]
    assert complete("chatelaine", "backup", "--data", "x", "--r") == ["--rotate"]
    assert "compdef _chatelaine chatelaine" in cli("completion", "zsh")
    cli("completion", "fish", status=2)


def test_man_page_lists_the_commands_of_today():
    subprocess.run([os.path.join(ROOT, "scripts", "write-man"), "--check"], check=True)
