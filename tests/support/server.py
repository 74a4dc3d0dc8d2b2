"""A real Chatelaine on a free port with its own data folder, and a small client for its API."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import requests

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("CHATELAINE", os.path.join(ROOT, "build", "chatelaine"))
PASSWORD = "correct horse battery"
EMAIL = "ada@example.com"


def run(*arguments, check=True, **options):
    """Runs the program; its standard output as text."""
    done = subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if check and done.returncode != 0:
        raise AssertionError("chatelaine %s: exit %d\n%s%s" % (" ".join(arguments), done.returncode, done.stdout, done.stderr))
    return done.stdout if check else done


class Server:
    """init() has made organization, project and first administrator; start() and stop() may be repeated."""

    def __init__(self, engine=None, data=None, arguments=(), environment=None, initialise=True):
        self.data = data or tempfile.mkdtemp(prefix="chatelaine-")
        self.engine = engine
        self.arguments = list(arguments)
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.port_name = "port"
        self.log_path = os.path.join(self.data, "server.log")
        self.port = None
        if initialise:
            made = json.loads(run("init", "--data", self.data, "--email", EMAIL, "--password", PASSWORD, "--organization", "Acme",
                                  "--project", "Warehouse", "--json", *self.engine_arguments(), env=self.environment))
            self.manage = made["managementToken"]
            self.organization_id = made["organizationId"]
            self.project_id = made["projectId"]
            self.master = made["masterToken"]

    def engine_arguments(self):
        return ["--engine", self.engine] if self.engine else []

    def start(self, *more, wait=True):
        port_file = os.path.join(self.data, self.port_name)
        if os.path.exists(port_file):
            os.unlink(port_file)
        listen = "127.0.0.1:%d" % (self.port or 0)
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--data", self.data, "--listen", listen, "--port-file", port_file, *self.engine_arguments(),
             *self.arguments, *more], stdout=log, stderr=log, env=self.environment)
        log.close()
        deadline = time.monotonic() + 60
        while wait:
            if self.process.poll() is not None:
                raise AssertionError("the server ended:\n" + self.log()[-4000:])
            if os.path.exists(port_file) and open(port_file, encoding="ascii").read().strip():
                self.port = int(open(port_file, encoding="ascii").read())
                break
            if time.monotonic() > deadline:
                raise AssertionError("the server does not listen:\n" + self.log()[-4000:])
            time.sleep(0.01)
        return self

    @property
    def url(self):
        scheme = "https" if "--tls-cert" in self.arguments else "http"
        return "%s://127.0.0.1:%d" % (scheme, self.port)

    def log(self):
        return open(self.log_path, encoding="utf-8", errors="replace").read()

    def stop(self, how=signal.SIGTERM, timeout=60):
        if self.process and self.process.poll() is None:
            if how == signal.SIGTERM:
                self.keep_route_hits()
            self.process.send_signal(how)
            self.process.wait(timeout)
        code = self.process.returncode if self.process else None
        self.process = None
        return code

    def keep_route_hits(self):
        """Leaves the per-route counters for scripts/lint-routes."""
        folder = os.environ.get("ROUTE_HITS")
        if folder:
            try:
                text = requests.get(self.url + "/metrics", timeout=10, verify=False).text
            except requests.RequestException:
                return
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, "%d-%d" % (os.getpid(), time.monotonic_ns())), "w", encoding="utf-8") as f:
                f.write(text)

    def close(self):
        """Stops; a server that crashed or that a sanitizer complained about is a failure."""
        code = self.stop()
        text = self.log() if os.path.exists(self.log_path) else ""
        if not os.environ.get("KEEP_DATA"):
            shutil.rmtree(self.data, ignore_errors=True)
        assert code in (0, None), "the server ended with %s\n%s" % (code, text[-8000:])
        assert "runtime error:" not in text and "AddressSanitizer" not in text, text[-8000:]

    def user(self, role, email, password=PASSWORD, project=None):
        """Adds a member by the command line: {"userId", "masterToken"}."""
        return json.loads(run("user", "add", "--data", self.data, "--project", str(project or self.project_id), "--email", email,
                              "--password", password, "--role", role, "--json", *self.engine_arguments(), env=self.environment))


class Api:
    """Calls with a storage token (or a management one): api.get("tokens/verify", token=...).status_code."""

    def __init__(self, url, token=None, manage=None):
        self.url, self.token, self.manage = url, token, manage
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method, path, token=None, manage=None, headers=None, **options):
        send = dict(headers or {})
        if token is None and manage is None:
            token = self.token if not path.startswith("/manage") else None
            manage = self.manage if path.startswith("/manage") else None
        if token:
            send.setdefault("X-StorageApi-Token", token)
        if manage:
            send.setdefault("X-KBC-ManageApiToken", manage)
        url = self.url + (path if path.startswith("/") else "/v2/storage/" + path)
        options.setdefault("timeout", 120)
        return self.session.request(method, url, headers=send, **options)

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, **options):
        return self.call("POST", path, **options)

    def put(self, path, **options):
        return self.call("PUT", path, **options)

    def patch(self, path, **options):
        return self.call("PATCH", path, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)

    def wait(self, response, token=None):
        """A 202's job when it has ended."""
        assert response.status_code == 202, (response.status_code, response.text)
        job = response.json()
        deadline = time.monotonic() + 120
        while job["status"] not in ("success", "error"):
            assert time.monotonic() < deadline, job
            time.sleep(0.02)
            job = self.get("jobs/%d" % job["id"], token=token).json()
        return job

    def upload(self, content, name="data.csv", token=None, **options):
        """A file with this content, uploaded the way the public clients do; its id."""
        content = content.encode() if isinstance(content, str) else content
        made = self.post("files/prepare", token=token, json={"name": name, "federationToken": True, "sizeBytes": len(content), **options})
        assert made.status_code in (200, 201), made.text
        made = made.json()
        where = made["absUploadParams"]
        parts = dict(p.split("=", 1) for p in where["absCredentials"]["SASConnectionString"].split(";"))
        url = "%s/%s/%s?%s" % (parts["BlobEndpoint"], where["container"], where["blobName"], parts["SharedAccessSignature"])
        put = self.session.put(url, data=content, headers={"x-ms-blob-type": "BlockBlob"}, timeout=120, verify=self.session.verify)
        assert put.status_code == 201, put.text
        return made["id"]


def assert_error(response, status, code=None, text=None):
    """The envelope of behaviour.md §0."""
    assert response.status_code == status, (response.status_code, response.text)
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert body["status"] in ("error", "maintenance") and body["exceptionId"], body
    if code is not None:
        assert body.get("code") == code, body
    if text is not None:
        assert text in body["error"], body
    return body
