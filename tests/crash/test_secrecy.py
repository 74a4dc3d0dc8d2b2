"""After many tokens, no string of theirs is anywhere at rest: database files, write-ahead log, backups, logs, events, mails (R07)."""
import concurrent.futures
import os
import subprocess
import tempfile

from conftest import size
from support.server import PASSWORD, Api, run


def test_R07_no_secret_at_rest(new_server, cluster, tmp_path):
    server = new_server(arguments=["--log-level", "0"])
    server.start()
    api = Api(server.url, server.master, server.manage)
    count = size("SECRET_TOKENS", 150)
    secrets = [server.master, server.manage, PASSWORD]

    def one(number):
        mine = Api(server.url, server.master)
        made = mine.post("tokens", json={"description": "t%d" % number}, headers={"Idempotency-Key": "k%d" % number} if number % 2 else {}).json()
        found = [made["token"]]
        if number % 3 == 0:
            found.append(mine.post("tokens/%s/refresh" % made["id"], token=made["token"]).json()["token"])
        if number % 20 == 0:
            assert mine.post("tokens/%s/share" % made["id"], json={"recipientEmail": "x%d@example.com" % number, "message": "m"}).status_code == 204
        # Refused calls that carry the string where it does not belong.
        mine.get("tokens/verify?token=" + found[-1], token=found[-1])
        mine.post("events", token=found[-1], json={"component": "c", "message": "uses its token well"})
        mine.get("buckets/in.c-nothing", token=found[-1])
        return found

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for found in pool.map(one, range(count)):
            secrets += found
    run("backup", "--data", server.data, "--to", str(tmp_path / "backup"), *server.engine_arguments())
    parts = {text.split("-")[-1] for text in secrets}  # the third part alone is enough to be a leak
    (tmp_path / "events.json").write_text(api.get("events", params={"limit": 10000}).text)
    (tmp_path / "tokens.json").write_text(api.get("tokens").text)
    with open("/proc/%d/cmdline" % server.process.pid, "rb") as f:
        (tmp_path / "cmdline").write_bytes(f.read())
    places = [server.data, str(tmp_path)] + ([cluster.folder] if server.engine else [])
    assert sum(os.path.getsize(path) for place in places for path in files_below(place)) > 100_000
    with tempfile.TemporaryDirectory() as folder:
        patterns, control = os.path.join(folder, "patterns"), os.path.join(folder, "control")
        with open(patterns, "w", encoding="ascii") as f:
            f.write("\n".join(parts))
        with open(control, "w", encoding="ascii") as f:
            f.write("before " + secrets[-1] + " after")
        assert files_with(patterns, [control]) == [control]
        assert not files_with(patterns, places)


def files_below(place):
    return [path for folder, _, names in os.walk(place) for path in (os.path.join(folder, name) for name in names) if os.path.isfile(path)]


def files_with(patterns, places):
    """Files that hold one of the strings. What the database removes meanwhile is not read (-s)."""
    return subprocess.run(["grep", "-rlasF", "-D", "skip", "-f", patterns, *places], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "LC_ALL": "C"}, check=False).stdout.splitlines()
