"""The public Python client, unmodified, against a real server over plain HTTP and over TLS."""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support.server import Api, Server  # noqa: E402


def _certificate(folder):
    """A throw-away certificate for 127.0.0.1 that the clients are told to trust."""
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return key, certificate


@pytest.fixture(scope="session", params=["http", "tls"])
def server(request, tmp_path_factory):
    arguments = []
    kept = {name: os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")}
    if request.param == "tls":
        key, certificate = _certificate(str(tmp_path_factory.mktemp("tls")))
        arguments = ["--tls-cert", certificate, "--tls-key", key]
        for name in kept:
            os.environ[name] = certificate
    made = Server(arguments=arguments).start()
    yield made
    made.close()
    for name, value in kept.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def api(server):
    made = Api(server.url, server.master, server.manage)
    if server.url.startswith("https"):
        made.session.verify = os.environ["SSL_CERT_FILE"]
    return made


@pytest.fixture
def client(server):
    from kbcstorage.client import Client
    return Client(server.url, server.master)
