"""After many tokens, no string of theirs is anywhere at rest: database files, write-ahead log, backups, logs, events, mails (R07)."""
import concurrent.futures
import os
import re
import subprocess

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
    needle = re.compile(b"|".join(re.escape(p.encode()) for p in sorted(parts)))
    places = [server.data, str(tmp_path)] + ([cluster.folder] if server.engine else [])
    read = 0
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as f:
                        content = f.read()
                    read += len(content)
                    hit = needle.search(content)
                    assert not hit, "a secret in %s: ...%r" % (path, content[max(0, hit.start() - 60):hit.start()])
    assert read > 100_000
    memory = subprocess.run(["cat", "/proc/%d/cmdline" % server.process.pid], stdout=subprocess.PIPE, check=True).stdout
    assert not needle.search(memory)
    for events in (api.get("events", params={"limit": 10000}).text, api.get("tokens").text):
        assert not any(p in events for p in parts)
