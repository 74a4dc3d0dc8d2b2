"""The server itself: envelopes, encodings, methods, limits, its end."""
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time

import pytest
import requests

from support.server import PASSWORD, PROGRAM, assert_error


def raw(server, text, wait=10):
    """Sends bytes as they are; everything that comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as s:
        s.sendall(text if isinstance(text, bytes) else text.encode())
        got = b""
        while True:
            piece = s.recv(65536)
            if not piece:
                return got
            got += piece


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def test_content_type_is_exactly_json(api):
    for response in (api.get("tokens/verify"), api.get("tokens/verify", token="junk"), api.get("nothing")):
        assert response.headers["Content-Type"] == "application/json"


def test_error_envelope(api):
    body = assert_error(api.get("tokens/verify", token="junk"), 401, "storage.tokenInvalid", "Invalid access token")
    assert body["status"] == "error" and isinstance(body["code"], str) and body["exceptionId"]
    assert "junk" not in json.dumps(body)


def test_missing_token_has_no_code(server):
    response = requests.get(server.url + "/v2/storage/tokens/verify", timeout=30)
    assert "code" not in assert_error(response, 401, text="Access token must be set")
    # an empty header is no token
    response = requests.get(server.url + "/v2/storage/tokens/verify", headers={"X-StorageApi-Token": ""}, timeout=30)
    assert_error(response, 401, text="Access token must be set")


def test_bearer_is_a_token_too(server):
    response = requests.get(server.url + "/v2/storage/tokens/verify", headers={"Authorization": "Bearer " + server.master}, timeout=30)
    assert response.status_code == 200
    response = requests.get(server.url + "/v2/storage/tokens/verify", headers={"Authorization": "Basic " + server.master}, timeout=30)
    assert_error(response, 401)


def test_R03_tokens_of_the_other_kind_are_refused(server):
    url = server.url + "/v2/storage/tokens/verify"
    assert_error(requests.get(url, headers={"X-StorageApi-Token": server.manage}, timeout=30), 401)
    assert_error(requests.get(url, headers={"X-KBC-ManageApiToken": server.manage}, timeout=30), 401)
    assert requests.get(url, headers={"X-StorageApi-Token": server.master}, timeout=30).status_code == 200


def test_unknown_paths(api):
    for path in ("nothing", "tokens/verify/nothing", "/v2/storage//not-a-url", "/v2/other", "/v2"):
        assert_error(api.get(path), 404, text="resource not found")
    assert_error(api.delete("tokens/"), 404, text="resource not found")


def test_trailing_slash_and_blank_query(api):
    for path in ("tokens/verify", "tokens/verify/", "tokens/verify?", "tokens/verify/?include=", "branch/default/tokens/verify"):
        assert api.get(path).status_code == 200, path
    for path in ("/v2/storage", "/v2/storage/", "/v2/storage?", "/v2/storage/?exclude=components"):
        assert api.get(path).status_code == 200, path


def test_index_is_public_even_with_a_bad_token(api):
    body = api.get("/v2/storage/", token="junk").json()
    assert body["api"] == "storage" and body["version"] == "v2"
    services = {s["id"]: s["url"] for s in body["services"]}
    assert {"encryption", "scheduler", "queue"} <= set(services)
    assert body["components"] and "emptyConfiguration" in body["components"][0]
    for query in ("exclude=components", "exclude=components,componentDetails", "exclude[]=componentDetails&exclude[]=components"):
        assert "components" not in api.get("/v2/storage?" + query).json(), query
    assert "emptyConfiguration" in api.get("/v2/storage?exclude=").json()["components"][0]
    assert "emptyConfiguration" not in api.get("/v2/storage?exclude=componentDetails").json()["components"][0]


def test_services_that_clients_look_into(api, server):
    """Empty, but there; and their errors carry a number as code."""
    for path in ("/schedules", "/project-subscriptions"):
        assert api.get(path).json() == []
        for token in ("junk", server.manage):
            assert assert_error(api.get(path, token=token), 401)["code"] == 401
        assert assert_error(requests.get(server.url + path, timeout=30), 401)["code"] == 401
    assert assert_error(api.post("/encrypt", data="x"), 404)["code"] == 404


def test_branches_of_the_path(api):
    default = api.get("branch/default/tokens/verify")
    assert default.content == api.get("tokens/verify").content
    assert_error(api.get("branch/987654/tokens/verify"), 404, text="987654")
    assert_error(api.get("branch/nonsense/tokens/verify"), 404)


def test_wrong_method(api):
    response = api.patch("tokens/verify")
    assert_error(response, 405, "methodNotAllowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_options_and_head(api, server):
    response = api.call("OPTIONS", "tokens")
    assert response.status_code == 204 and response.content == b""
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    response = api.call("HEAD", "tokens/verify")
    assert response.status_code == 200 and response.content == b""
    assert int(response.headers["Content-Length"]) == len(api.get("tokens/verify").content)


def test_broken_encodings_are_malformed(server):
    head = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-StorageApi-Token: %s\r\n\r\n" % server.master
    for target in ("/v2/storage/tokens/%", "/v2/storage/tokens/%zz", "/v2/storage/tokens/%00", "/v2/storage/tokens/%ff",
                   "/v2/storage/events?q=%", "/v2/storage/events?q=%00", "/v2/storage/events?q=%ff"):
        answer = raw(server, "GET " + target + head)
        assert status_of(answer) == 400 and b'"malformedRequest"' in answer, target


def test_broken_bodies_are_malformed(api):
    as_json = {"Content-Type": "application/json"}
    for body in (b"{", b"[1]", b'"text"', b"{\"description\": \"\xff\"}", b'{"description": "a\\u0000b"}', b"\x00"):
        assert_error(api.post("tokens", data=body, headers=as_json), 400, "malformedRequest")
    as_form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"description=%", b"description=%00", b"description=%ff", b"description=\xff"):
        assert_error(api.post("tokens", data=body, headers=as_form), 400, "malformedRequest")
    as_parts = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"):
        if body:
            assert_error(api.post("tokens", data=body, headers=as_parts), 400, "malformedRequest")


def test_bodies_of_every_kind(api):
    wanted = "from everywhere"
    made = [
        api.post("tokens", json={"description": wanted, "bucketPermissions": None}),
        api.post("tokens", data={"description": wanted}),
        api.post("tokens", files={"description": (None, wanted)}),
        api.post("tokens", data=json.dumps({"description": wanted})),
        api.post("tokens?description=from+everywhere"),
        api.post("tokens?description=not+this", data={"description": wanted}),
        api.post("tokens", data=iter([b'{"description"', b': "from everywhere"}'])),
    ]
    for number, response in enumerate(made):
        assert response.status_code == 201, (number, response.text)
        assert response.json()["description"] == wanted, number


def test_nothing_changes_by_a_refused_body(api):
    before = len(api.get("tokens").json())
    assert_error(api.post("tokens", data=b"{\"description\":", headers={"Content-Type": "application/json"}), 400)
    assert len(api.get("tokens").json()) == before


def test_too_large(api, server):
    assert_error(api.post("tokens", json={"description": "x" * 9000000}), 400, "requestTooLarge")
    deep = b"[" * 5000 + b"]" * 5000
    assert_error(api.post("tokens", data=b'{"description": %s}' % deep, headers={"Content-Type": "application/json"}), 400, "requestTooLarge")
    # small as text, large in memory; a string may hold as many brackets as it likes
    for item in (b"{}", b"[]", b'{"a":1}', b"1"):
        text = b'{"description": "x", "undeclared": [%s]}' % b",".join([item] * (8000000 // (len(item) + 1)))
        assert_error(api.post("tokens", data=text, headers={"Content-Type": "application/json"}), 400, "requestTooLarge")
    assert api.post("tokens", json={"description": "x", "undeclared": "{}," * 2000000}).status_code == 201
    many = "&".join("a%d=1" % i for i in range(30000))
    assert_error(api.post("tokens", data=many, headers={"Content-Type": "application/x-www-form-urlencoded"}), 400, "requestTooLarge")
    assert_error(api.post("tokens", files=[("f%d" % i, ("f", b"")) for i in range(17)]), 400, "requestTooLarge")
    # the texts of a form stay in memory, whatever an upload may have
    texts = [("f%d" % i, (None, b"x" * 3000000)) for i in range(4)]
    assert_error(api.post("tokens", files=texts), 400, "requestTooLarge")
    assert api.post("tokens", files=texts[:2]).status_code == 201
    assert_error(api.post("tokens", files=[("n%d" % i + "x" * 7000, (None, b"")) for i in range(1300)]), 400, "requestTooLarge")
    # a length that is refused before anything was sent
    answer = raw(server, "POST /v2/storage/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\nX-StorageApi-Token: %s\r\n\r\n"
                 % server.master)
    assert status_of(answer) == 400 and b"requestTooLarge" in answer


def test_headers_too_large(server):
    answer = raw(server, "GET /v2/storage HTTP/1.1\r\nHost: x\r\nX-Long: " + "x" * 100000 + "\r\n\r\n")
    assert answer == b"" or status_of(answer) in (400, 413, 414, 431)


def test_long_queries_are_answered_or_refused(new_server):
    """As many arguments as fit, and addresses about as long as the connection's memory: nobody waits, and no request is left behind."""
    server = new_server()
    head = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-StorageApi-Token: %s\r\n\r\n" % server.master
    for count in (240, 1000, 2500):
        assert status_of(raw(server, "GET /v2/storage/tokens/verify?" + "t[]=x&" * count + head)) == 200, count
    for length in (16216, 16250, 16300, 16330, 20000):
        assert status_of(raw(server, "GET /v2/storage/tokens/verify?a=" + "x" * length + head)) in (414, 431), length
    metrics = requests.get(server.url + "/metrics", timeout=10).text
    assert re.search(r"^chatelaine_requests_in_flight (\d+)$", metrics, re.MULTILINE).group(1) == "1"
    assert server.stop() == 0


@pytest.mark.parametrize("path", ["tokens/%s/events", "events", "tokens", "files", "jobs", "global-search?query=x", "/manage/deleted-projects", "/manage/users"])
def test_leaving_out_more_than_there_can_be(api, path):
    """The largest number that is one: an empty page, not a sum that overflows."""
    path = path.replace("%s", api.get("tokens/verify").json()["id"])
    answer = api.get(path, params={"offset": 2**63 - 1, "limit": 50})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["items"] if path.startswith("global") else answer.json()) == []


def test_refusals_quote_whole_characters(api, make_table):
    """A sentence that quotes the beginning of what was sent is text, wherever it cuts."""
    table = make_table()
    for before in ("", "a", "aa"):
        text = before + "\u20ac" * 60
        answer = assert_error(api.get("tables/%s/data-preview" % table, params={"format": text}), 400, text=text[:30])
        assert "\ufffd" not in answer["error"]
        job = api.wait(api.post("buckets/%s/tables-async" % table.rsplit(".", 1)[0], json={"name": text, "dataFileId": api.upload("a\n1\n")}))
        assert job["status"] == "error" and text[:30] in job["error"]["message"], job


def test_a_waiting_client_is_told_before_it_sends(server):
    answer = raw(server, "POST /v2/storage/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
    assert status_of(answer) == 404


def test_large_bodies_are_let_in_by_their_caller_only(api, server):
    """The caller is found before the body: what is refused is refused whole, what is let in arrives whole."""
    wanted = "y" * 60000
    padding = "z" * 200000
    assert api.post("tokens", json={"description": wanted[:250], "undeclared": padding}).json()["description"] == wanted[:250]
    assert_error(api.post("tokens", token="junk", json={"description": "x", "undeclared": padding}), 401)
    head = "POST /v2/storage/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\nExpect: 100-continue\r\nX-StorageApi-Token: %s\r\n\r\n"
    assert status_of(raw(server, head % "junk")) == 401


def test_go_ahead_is_given(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as s:
        s.sendall(("POST /v2/storage/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"
                   "Expect: 100-continue\r\nX-StorageApi-Token: %s\r\n\r\n" % server.master).encode())
        assert b"100 Continue" in s.recv(4096)
        s.sendall(b"{}")
        assert b"201 Created" in s.recv(4096)


def test_connection_is_kept(api, server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as s:
        request = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        for _ in range(3):
            s.sendall(request)
            assert b"200 OK" in s.recv(4096)
        # and several at once
        s.sendall(request * 3)
        got = b""
        while got.count(b'{"status":"ok"}') < 3:
            got += s.recv(4096)


def test_exception_id_is_in_the_log(new_server):
    """A 5xx is a maintenance answer, says when to come again, and names its line in the log."""
    server = new_server()
    os.rmdir(os.path.join(server.data, "tmp"))
    response = requests.post(server.url + "/v2/storage/tokens", headers={"X-StorageApi-Token": server.master}, timeout=30,
                             files={"file": ("a.csv", "a")})
    body = assert_error(response, 503, "MAINTENANCE")
    assert body["status"] == "maintenance" and body["reason"] == body["error"] and "estimatedEndTime" in body
    assert int(response.headers["Retry-After"]) > 0
    lines = [json.loads(line) for line in server.log().splitlines() if body["exceptionId"] in line]
    assert lines and all(line["level"] == "error" for line in lines)
    os.mkdir(os.path.join(server.data, "tmp"))
    assert requests.post(server.url + "/v2/storage/tokens", headers={"X-StorageApi-Token": server.master}, timeout=30,
                         files={"file": ("a.csv", "a")}).status_code == 201


def test_exception_id_of_each_refusal_is_in_the_log(server, api, make_token):
    """With what it was about, and nothing that the caller sent."""
    token = make_token()
    refusals = [
        (api.get("tokens/verify", token="1-1-" + "A" * 40), "/v2/storage/tokens/verify", "storage.tokenInvalid"),
        (api.get("tokens/verify", token=""), "/v2/storage/tokens/verify", None),
        (api.post("tokens", json={"expiresIn": "sesame"}), "/v2/storage/tokens", "validation.failed"),
        (api.post("tokens", data="{", headers={"Content-Type": "application/json"}), "/v2/storage/tokens", "malformedRequest"),
        (api.get("tables/in.c-sesame.t"), "/v2/storage/tables/{id}", "storage.buckets.notFound"),
        (api.get("sesame"), "none", "notFound"),
        (api.delete("tokens/verify"), "none", "methodNotAllowed"),
        (api.post("tokens", token=token["token"], json={}), "/v2/storage/tokens", "accessDenied"),
    ]
    log = server.log()
    for response, path, code in refusals:
        id = response.json()["exceptionId"]
        line = json.loads([line for line in log.splitlines() if id in line][0])
        assert line["level"] == "info" and line["status"] == str(response.status_code) and line["path"] == path, line
        assert line.get("code") == code and line["address"] == "127.0.0.1", line
    assert json.loads([line for line in log.splitlines() if refusals[-1][0].json()["exceptionId"] in line][0])["token"] == token["id"]
    assert "A" * 40 not in log and "sesame" not in log


def test_each_request_is_in_the_log_when_wanted(new_server):
    server = new_server(arguments=["--log-level", "0"])
    requests.get(server.url + "/v2/storage/tokens/verify?q=secret", headers={"X-StorageApi-Token": server.master}, timeout=30)
    lines = [json.loads(line) for line in server.log().splitlines() if '"answered"' in line]
    line = [line for line in lines if line.get("path") == "/v2/storage/tokens/verify"][0]
    assert line["method"] == "GET" and line["status"] == "200" and line["address"] == "127.0.0.1" and line["level"] == "debug"
    assert "secret" not in server.log() and server.master.split("-")[2] not in server.log()


def test_log_is_json_lines_without_secrets(server, api):
    api.get("tokens/verify")
    for line in server.log().splitlines():
        entry = json.loads(line)
        assert {"time", "level", "message"} <= set(entry)
    assert server.master.split("-")[2] not in server.log()


def number(text, name):
    return float(re.search(r"^%s (\S+)$" % name, text, re.M).group(1))


def test_health_and_metrics(server, api):
    assert requests.get(server.url + "/health/live", timeout=30).json() == {"status": "ok"}
    assert requests.get(server.url + "/health/ready", timeout=30).json() == {"status": "ok"}
    text = requests.get(server.url + "/metrics", timeout=30).text
    assert 'chatelaine_requests_total{method="GET",route="/health/live",status="2xx"}' in text
    assert "chatelaine_request_duration_seconds_bucket" in text and "chatelaine_connections" in text
    api.get("tokens/verify")
    before = number(requests.get(server.url + "/metrics", timeout=30).text, "chatelaine_events_total")
    assert api.post("tokens").status_code == 201
    text = requests.get(server.url + "/metrics", timeout=30).text
    assert number(text, "chatelaine_events_total") == before + 1
    assert number(text, "chatelaine_writer_queue") >= 0
    assert "chatelaine_index_tokens" in text


def test_metrics_token(new_server):
    server = new_server(arguments=["--metrics-token", "s3cret"])
    url = server.url + "/metrics"
    assert requests.get(url, timeout=30).status_code == 401
    for wrong in ("Bearer wrong!", "Bearer s3crets", "Bearer s3cre", "Bearer ", "Digest s3cret", "s3cret"):
        assert requests.get(url, headers={"Authorization": wrong}, timeout=30).status_code == 401, wrong
    assert requests.get(url, headers={"Authorization": "Bearer s3cret"}, timeout=30).status_code == 200


def test_R14_refusals_are_recorded(api, make_token):
    limited = make_token()
    assert_error(api.post("tokens", token=limited["token"], json={"description": "no"}), 403, "accessDenied")
    events = api.get("events?q=event:storage.accessDenied+AND+token.id:" + limited["id"]).json()
    assert len(events) == 1
    assert events[0]["token"]["id"] == limited["id"] and events[0]["params"]["method"] == "POST"
    assert events[0]["params"]["path"] == "/v2/storage/tokens"


def test_R14_expired_token_is_recorded(api, make_token):
    short = make_token(expiresIn=1)
    time.sleep(1.2)
    assert_error(api.get("tokens/verify", token=short["token"]), 401)
    events = api.get("events?q=event:storage.accessDenied+AND+token.id:" + short["id"]).json()
    assert len(events) == 1 and events[0]["params"]["path"] == "/v2/storage/tokens/verify"


def test_forwarded_address_counts_only_behind_a_proxy(new_server):
    for arguments, wanted in (([], "127.0.0.1"), (["--trust-proxy", "1"], "192.0.2.7")):
        server = new_server(arguments=arguments)
        requests.post(server.url + "/v2/storage/tokens", timeout=30,
                      headers={"X-StorageApi-Token": server.master, "X-Forwarded-For": "198.51.100.1, 192.0.2.7"})
        events = requests.get(server.url + "/v2/storage/events", headers={"X-StorageApi-Token": server.master}, timeout=30).json()
        assert events[0]["context"]["remoteAddr"] == wanted


def test_term_lets_requests_finish(new_server):
    server = new_server()
    results = []

    def keep_creating():
        session = requests.Session()
        while True:
            try:
                response = session.post(server.url + "/v2/storage/tokens", headers={"X-StorageApi-Token": server.master}, timeout=30)
            except requests.ConnectionError:
                return
            results.append(response.status_code)

    threads = [threading.Thread(target=keep_creating) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(results) < 20:
        time.sleep(0.01)
    assert server.stop() == 0
    for thread in threads:
        thread.join()
    assert set(results) == {201}
    # what was answered is there after the next start
    server.start()
    tokens = requests.get(server.url + "/v2/storage/tokens", headers={"X-StorageApi-Token": server.master}, timeout=30).json()
    assert len(tokens) >= len(results) + 1


def test_wrong_calls_of_serve(tmp_path):
    for arguments in (["--nonsense", "1"], ["--listen", "nowhere"], ["--data", str(tmp_path / "none")],
                      ["--listen", "127.0.0.1:99999"]):
        done = subprocess.run([PROGRAM, "serve", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        assert done.returncode in (1, 2) and done.stderr.startswith("chatelaine serve: "), arguments


def test_another_houses_key_is_refused(new_server):
    """No token would be known with it, and what it makes would be known to it alone."""
    server = new_server()
    other = new_server(start=False)
    key = os.path.join(other.data, "secret.key")
    for command in (["serve", "--listen", "127.0.0.1:0"], ["user", "add", "--project", "1", "--email", "x@example.com", "--password", PASSWORD,
                                                           "--role", "admin"]):
        done = subprocess.run([PROGRAM, *command, "--data", server.data, "--key-file", key, *server.engine_arguments()],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        assert done.returncode == 1 and "The key is not the one of this database" in done.stderr, done.stderr


def test_addresses_that_would_fail_later_are_refused_at_the_start(new_server):
    server = new_server(start=False)
    for arguments, words in ((["--public-url", "keys.example.com"], 'public_url: "keys.example.com" does not begin with'),
                             (["--smtp", "user:sesame@mail.example.com"], "smtp: the address begins with none of")):
        done = subprocess.run([PROGRAM, "serve", "--data", server.data, "--listen", "127.0.0.1:0", *server.engine_arguments(), *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        assert done.returncode == 2 and words in done.stderr and "sesame" not in done.stderr, done.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def test_tls(new_server, certificate):
    cert, key = certificate
    server = new_server(arguments=["--tls-cert", cert, "--tls-key", key])
    response = requests.get(server.url + "/v2/storage/tokens/verify", headers={"X-StorageApi-Token": server.master}, verify=cert, timeout=30)
    assert response.status_code == 200 and response.json()["uri"].startswith("https://")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as s:
            old.wrap_socket(s)


def test_tls_files_that_do_not_fit(new_server, certificate):
    server = new_server(start=False)
    for arguments, words in ((["--tls-cert", certificate[0]], "tls_key"),
                             (["--tls-cert", certificate[0], "--tls-key", certificate[0]], "no certificate and its key")):
        done = subprocess.run([PROGRAM, "serve", "--data", server.data, "--listen", "127.0.0.1:0", *server.engine_arguments(), *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        assert done.returncode == 1 and words in done.stderr


def test_slow_clients_are_ended(new_server):
    """One that says nothing, one that sends a byte now and then; others are answered meanwhile."""
    server = new_server(arguments=["--connection-idle-s", "1"])
    silent = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    assert silent.recv(10) == b""
    slow = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    slow.sendall(b"GET /health/live HTTP/1.1\r\nX-Slow: ")
    ended = False
    for _ in range(300):
        assert requests.get(server.url + "/health/live", timeout=30).status_code == 200
        time.sleep(0.1)
        try:
            slow.sendall(b"x")
        except OSError:
            ended = True
            break
    assert ended


def test_connections_per_address(new_server):
    server = new_server(arguments=["--connections-per-address-max", "4", "--loops", "1"])
    kept = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(4)]
    request = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    for s in kept:
        s.sendall(request)
        assert b"200 OK" in s.recv(4096)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as fifth:
        try:
            fifth.sendall(request)
            assert fifth.recv(4096) == b""
        except OSError:
            pass
    kept[0].close()
    deadline = time.monotonic() + 20
    while True:
        try:
            assert raw(server, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
            break
        except (OSError, AssertionError):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    # the server ends before its clients: all of them are told
    for s in kept[1:]:
        s.close()


def test_many_clients_at_once(server):
    """Reading, writing and refused requests from many connections: nothing is mixed up."""
    wrong = []

    def client(number):
        session = requests.Session()
        session.headers["X-StorageApi-Token"] = server.master
        for i in range(25):
            description = "client %d call %d" % (number, i)
            made = session.post(server.url + "/v2/storage/tokens", json={"description": description}, timeout=60)
            read = session.get(server.url + "/v2/storage/tokens/" + made.json()["id"], timeout=60)
            refused = session.get(server.url + "/v2/storage/tokens/" + made.json()["id"] + "/nothing", timeout=60)
            mine = session.get(server.url + "/v2/storage/tokens/verify", headers={"X-StorageApi-Token": made.json()["token"]}, timeout=60)
            if (made.json()["description"] != description or read.json()["description"] != description or refused.status_code != 404
                    or mine.json()["id"] != made.json()["id"] or mine.json()["description"] != description):
                wrong.append((made.text, read.text, mine.text))

    threads = [threading.Thread(target=client, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_R13_a_kept_connection_remembers_no_permission(api, make_token):
    """The same connection, the same token: what changed meanwhile counts at once."""
    token = make_token()
    session = requests.Session()
    session.headers["X-StorageApi-Token"] = token["token"]
    url = api.url + "/v2/storage/tokens/"
    assert session.get(url + "verify", timeout=30).status_code == 200
    assert api.put("tokens/" + token["id"], json={"description": "changed"}).status_code == 200
    assert session.get(url + "verify", timeout=30).json()["description"] == "changed"
    assert api.post("tokens/" + token["id"] + "/refresh").status_code == 200
    assert session.get(url + "verify", timeout=30).status_code == 401
