"""The blob endpoint (clients.md §3): uploads and downloads by signed addresses, and everybody who is refused."""
import base64
import concurrent.futures
import gzip
import re
import subprocess
import time
import urllib.parse
import xml.etree.ElementTree

import pytest
import requests
from conftest import unique
from support.server import Api


class Blob:
    """A file's contents as a blob client sees them."""

    def __init__(self, api, params, path=None):
        self.session = api.session
        parts = dict(part.split("=", 1) for part in params["absCredentials"]["SASConnectionString"].split(";"))
        self.endpoint, self.sas = parts["BlobEndpoint"], parts["SharedAccessSignature"]
        self.container, self.name = (path["container"], path["name"]) if path else (params["container"], params["blobName"])

    def call(self, method, suffix="", query="", headers=None, sas=None, container=None, name=None, **options):
        url = "%s/%s/%s?%s%s" % (self.endpoint, container or self.container, urllib.parse.quote((name or self.name) + suffix),
                                 query + "&" if query else "", self.sas if sas is None else sas)
        return self.session.request(method, url, headers=headers or {}, **options)

    def put(self, data, suffix="", headers=None, **options):
        return self.call("PUT", suffix, data=data, headers={"x-ms-blob-type": "BlockBlob", **(headers or {})}, **options)

    def block(self, name, data):
        return self.call("PUT", query="comp=block&blockid=" + urllib.parse.quote(name), data=data)

    def commit(self, xml, headers=None):
        return self.call("PUT", query="comp=blocklist", data=xml, headers=headers)

    def get(self, suffix="", headers=None, **options):
        return self.call("GET", suffix, headers=headers, **options)


@pytest.fixture
def prepare(api):
    def make(token=None, **options):
        made = api.post("files/prepare", token=token, json={"name": unique("blob") + ".csv", "federationToken": True, **options})
        assert made.status_code == 201, made.text
        return made.json(), Blob(api, made.json()["absUploadParams"])
    return make


@pytest.fixture
def reader(api):
    """The read credentials of a file."""
    def make(file_id, token=None):
        detail = api.get("files/%d?federationToken=1" % file_id, token=token)
        assert detail.status_code == 200, detail.text
        return Blob(api, detail.json(), detail.json()["absPath"])
    return make


def assert_xml(response, status, code):
    assert response.status_code == status, (response.status_code, response.text)
    assert response.headers["x-ms-error-code"] == code and response.headers["Content-Type"] == "application/xml"
    assert response.headers["x-ms-request-id"] and response.headers["x-ms-version"]
    if response.text:
        assert xml.etree.ElementTree.fromstring(response.content).find("Code").text == code


def test_put_and_get(api, prepare, reader):
    made, blob = prepare()
    put = blob.put(b"id\n1\n", headers={"x-ms-blob-content-type": "text/plain; charset=utf-8", "x-ms-version": "2021-12-02",
                                        "x-ms-client-request-id": "abc", "x-ms-blob-cache-control": ""})
    assert put.status_code == 201 and re.fullmatch('".+"', put.headers["ETag"])
    assert put.headers["x-ms-version"] == "2021-12-02" and put.headers["x-ms-client-request-id"] == "abc"
    for response in (blob.get(), reader(made["id"]).get()):
        assert response.status_code == 200 and response.content == b"id\n1\n"
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.headers["ETag"] == put.headers["ETag"] and response.headers["Last-Modified"] == put.headers["Last-Modified"]
        assert response.headers["x-ms-blob-type"] == "BlockBlob" and response.headers["Accept-Ranges"] == "bytes"
        assert "Content-Encoding" not in response.headers
    head = reader(made["id"]).call("HEAD")
    assert head.status_code == 200 and head.headers["Content-Length"] == "5" and head.content == b""
    for name in ("x-ms-creation-time", "Last-Modified"):
        time.strptime(head.headers[name], "%a, %d %b %Y %H:%M:%S GMT")


def test_contents_are_never_a_page_of_ours(api, prepare):
    made, blob = prepare()
    blob.put(b"<script>", headers={"x-ms-blob-content-type": "text/html", "x-ms-blob-content-disposition": "inline"})
    response = api.session.get(made["url"])
    assert response.status_code == 200 and response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in response.headers["Content-Security-Policy"]


def test_url_is_a_plain_download_that_dies_with_the_file(api, prepare):
    made, blob = prepare()
    assert_xml(api.session.get(made["url"]), 404, "BlobNotFound")
    assert_xml(blob.call("HEAD"), 404, "BlobNotFound")
    assert_xml(blob.get("other"), 404, "BlobNotFound")
    blob.put(b"first")
    assert api.session.get(made["url"]).content == b"first"
    assert blob.put(b"second").status_code == 201
    assert api.session.get(made["url"]).content == b"second"
    assert api.delete("files/%d" % made["id"]).status_code == 204
    assert_xml(api.session.get(made["url"]), 404, "BlobNotFound")
    assert_xml(blob.put(b"third"), 404, "BlobNotFound")


def test_form_bodies_are_contents_like_any_other(api, prepare):
    made, blob = prepare()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert blob.put(b"a=1&b[]=2&c%ZZ", headers=form).status_code == 201
    assert blob.get().content == b"a=1&b[]=2&c%ZZ"
    assert blob.block("MDAwMDE=", b"one").status_code == 201
    assert blob.commit("<BlockList><Uncommitted>MDAwMDE=</Uncommitted></BlockList>", headers=form).status_code == 201
    assert blob.get().content == b"one"


def test_body_in_chunks_and_too_long(api, prepare, new_server):
    made, blob = prepare()
    assert blob.put(iter([b"one,", b"two"])).status_code == 201 and blob.get().content == b"one,two"
    small = new_server(arguments=["--upload-max-bytes", "1024"])
    limited = Api(small.url, small.master)
    blob = Blob(limited, limited.post("files/prepare", json={"name": "x"}).json()["absUploadParams"])
    assert blob.put(b"x" * 1024).status_code == 201
    assert_xml(blob.put(b"y" * 1025), 400, "requestTooLarge")
    assert blob.get().content == b"x" * 1024


def test_blocks(api, prepare):
    made, blob = prepare()
    assert blob.block("Yg==", b"b" * 100000).status_code == 201
    assert blob.block("YQ==", b"a").status_code == 201
    assert_xml(blob.get(), 404, "BlobNotFound")
    assert_xml(blob.commit("<BlockList><Latest>ZZZZ</Latest></BlockList>"), 400, "InvalidBlockList")
    assert_xml(blob.commit("<BlockList><Latest>YQ==</Latest>"), 400, "InvalidXmlDocument")
    assert_xml(blob.commit(""), 400, "InvalidXmlDocument")
    assert_xml(blob.block("../..", b""), 400, "InvalidQueryParameterValue")
    assert_xml(blob.call("PUT", query="comp=lease"), 400, "InvalidQueryParameterValue")
    done = blob.commit('<?xml version="1.0"?><BlockList><Latest>YQ==</Latest><Latest>Yg==</Latest></BlockList>',
                       headers={"If-None-Match": "*", "x-ms-blob-content-type": "text/csv"})
    assert done.status_code == 201 and done.headers["ETag"]
    assert blob.get().content == b"a" + b"b" * 100000 and blob.get().headers["Content-Type"] == "text/csv"
    assert blob.block("Yw==", b"c").status_code == 201
    assert blob.commit("<BlockList><Committed>YQ==</Committed><Uncommitted>Yw==</Uncommitted></BlockList>").status_code == 201
    assert blob.get().content == b"ac"


def test_blocks_in_parallel(api, prepare):
    made, blob = prepare()
    names = [base64.b64encode(b"%05d" % i).decode() for i in range(40)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(r.status_code == 201 for r in pool.map(lambda i: blob.block(names[i], b"%d;" % i * 1000), range(40)))
    blob.commit("<BlockList>%s</BlockList>" % "".join("<Latest>%s</Latest>" % name for name in names))
    assert blob.get().content == b"".join(b"%d;" % i * 1000 for i in range(40))


def test_ranges(api, prepare):
    made, blob = prepare()
    blob.put(bytes(range(100)))
    for header, first, last in (("x-ms-range", 0, 9), ("Range", 10, 99), ("x-ms-range", 99, 33554431)):
        part = blob.get(headers={header: "bytes=%d-%d" % (first, last)})
        last = min(last, 99)
        assert part.status_code == 206 and part.content == bytes(range(first, last + 1))
        assert part.headers["Content-Range"] == "bytes %d-%d/100" % (first, last)
    both = blob.get(headers={"x-ms-range": "bytes=0-0", "Range": "bytes=50-"})
    assert both.content == b"\0"
    assert_xml(blob.get(headers={"Range": "bytes=100-"}), 416, "InvalidRange")
    assert blob.get(headers={"Range": "lines=1-2"}).status_code == 200


def test_empty_blob(api, prepare):
    made, blob = prepare()
    assert blob.put(b"").status_code == 201
    assert_xml(blob.get(headers={"x-ms-range": "bytes=0-33554431"}), 416, "InvalidRange")
    whole = blob.get()
    assert whole.status_code == 200 and whole.content == b"" and whole.headers["Content-Length"] == "0"


def test_conditions(api, prepare):
    made, blob = prepare()
    first = blob.put(b"first", headers={"If-None-Match": "*"})
    assert first.status_code == 201
    assert_xml(blob.put(b"second", headers={"If-None-Match": "*"}), 409, "BlobAlreadyExists")
    assert_xml(blob.put(b"second", headers={"If-Match": '"other"'}), 412, "ConditionNotMet")
    assert blob.get().content == b"first"
    assert blob.get(headers={"If-Match": first.headers["ETag"]}).status_code == 200
    assert blob.get(headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert blob.put(b"second", headers={"If-Match": first.headers["ETag"]}).status_code == 201
    assert_xml(blob.get(headers={"If-Match": first.headers["ETag"]}), 412, "ConditionNotMet")
    assert_xml(blob.put(b"x", headers={"x-ms-blob-type": "PageBlob"}), 400, "InvalidHeaderValue")


def test_sliced_manifest_for_each_reader(api, prepare, reader):
    made, blob = prepare(isSliced=True)
    blob.put(b"1\n", suffix="part 0")
    blob.put(gzip.compress(b"2\n"), suffix="1.gz")
    entry = "azure://%s.blob.core.windows.net/%s/%s" % (made["absUploadParams"]["accountName"], blob.container, blob.name)
    text = '{"entries":[{"url":"%s"},{"url":"%s","mandatory":true},{"url":"s3://elsewhere/x"}]}' % (
        (entry + "part 0").replace("/", "\\/"), entry + "1.gz")
    assert blob.put(text, suffix="manifest").status_code == 201
    read = reader(made["id"])
    entries = [item["url"] for item in read.get("manifest").json()["entries"]]
    prefix = "%s/%s/%s" % (read.endpoint.replace("https://", "azure://"), read.container, read.name)
    assert entries == [prefix + "part 0", prefix + "1.gz", "s3://elsewhere/x"]
    assert read.get("manifest", headers={"x-ms-range": "bytes=0-3"}).content == b'{"en'
    assert read.call("HEAD", "manifest").headers["Content-Length"] == str(len(read.get("manifest").content))
    url = api.get("files/%d" % made["id"]).json()["url"]
    plain = [item["url"] for item in api.session.get(url).json()["entries"]]
    for found, name in zip(plain, ("part 0", "1.gz")):
        assert re.match(r"^(https|azure)://(.*?)\.blob\.core\.windows\.net/(.*?)/(.*)$", found).group(4) == blob.name + name
    assert read.get("part 0").content == b"1\n" and gzip.decompress(read.get("1.gz").content) == b"2\n"


def listed(blob, query=""):
    response = blob.session.get("%s/%s?restype=container&comp=list&%s&%s" % (blob.endpoint, blob.container, query, blob.sas))
    assert response.status_code == 200, response.text
    tree = xml.etree.ElementTree.fromstring(response.content)
    return [urllib.parse.unquote(name.text) if name.get("Encoded") else name.text for name in tree.iter("Name")], tree


def test_list_of_a_container(api, prepare, reader, make_table):
    made, blob = prepare(isSliced=True)
    assert listed(blob)[0] == []
    names = [blob.name + suffix for suffix in ("a", "b & <c>", "control\x01", "manifest")]
    for name in names:
        assert blob.put(b"12345", name=name, headers={"x-ms-blob-content-type": "text/csv"}).status_code == 201
    read = reader(made["id"])
    found, tree = listed(read)
    assert found == names
    properties = tree.find("Blobs/Blob/Properties")
    assert properties.find("Content-Length").text == "5" and properties.find("Content-Type").text == "text/csv"
    assert listed(read, "prefix=" + urllib.parse.quote(blob.name + "b"))[0] == names[1:2]
    found, tree = listed(read, "maxresults=2")
    assert found == names[:2] and listed(read, "marker=" + tree.find("NextMarker").text)[0] == names[2:]
    base = "%s/%s?restype=container" % (read.endpoint, read.container)
    assert_xml(api.session.get(base + "&" + read.sas), 400, "InvalidQueryParameterValue")
    assert_xml(api.session.get(base + "&comp=list&marker=x&" + read.sas), 400, "InvalidQueryParameterValue")
    assert_xml(api.session.get(base + "&comp=list"), 403, "AuthenticationFailed")
    assert_xml(api.session.get(base + "&comp=list&" + made["url"].split("?")[1]), 403, "AuthenticationFailed")


def test_export_is_its_slices_and_a_manifest(api, reader, make_table):
    job = api.wait(api.post("tables/%s/export-async" % make_table(), json={}))
    assert job["status"] == "success", job
    names = listed(reader(job["results"]["file"]["id"]))[0]
    assert len(names) == 2 and names[1].endswith("manifest")


def test_over_tls_manifests_of_clients_point_here_already(new_server, tmp_path):
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    server = new_server(arguments=["--tls-cert", cert, "--tls-key", key])
    api = Api(server.url, server.master)
    api.session.verify = cert
    params = api.post("files/prepare", json={"name": "s", "isSliced": True}).json()["absUploadParams"]
    blob = Blob(api, params)
    assert blob.endpoint.startswith("https://127.0.0.1:%d/" % server.port)
    text = '{"entries":[{"url":"azure://%s.blob.core.windows.net/%s/%s1"}]}' % (params["accountName"], blob.container, blob.name)
    assert blob.put(text, suffix="manifest").status_code == 201
    assert blob.get("manifest").json()["entries"][0]["url"] == "%s/%s/%s1" % (
        blob.endpoint.replace("https://", "azure://"), blob.container, blob.name)


def test_text_that_is_no_manifest_stays_as_it_is(api, prepare, reader):
    made, blob = prepare(isSliced=True)
    blob.put(b"{broken", suffix="manifest")
    assert reader(made["id"]).get("manifest").content == b"{broken"


# --- refusals -----------------------------------------------------------------------------------------------------------------


def changed(sas, key, value):
    return "&".join("%s=%s" % (key, value) if part.startswith(key + "=") else part for part in sas.split("&"))


@pytest.mark.parametrize("key,value", [("sig", "A" * 43), ("sig", ""), ("sp", "rwld"), ("sp", "rw"), ("se", "2099-01-01T00:00:00Z"),
                                       ("st", "2000-01-01T00:00:00Z"), ("si", "1.1"), ("si", "x"), ("sr", "b"), ("sr", "x")])
def test_forged_signature_is_refused(api, prepare, make_token, key, value):
    made, blob = prepare(token=make_token()["token"])
    blob.put(b"secret")
    assert_xml(blob.get(sas=changed(blob.sas, key, value)), 403, "AuthenticationFailed")
    assert_xml(blob.put(b"x", sas=changed(blob.sas, key, value)), 403, "AuthenticationFailed")
    assert blob.get().content == b"secret"


def test_sorting_the_arguments_anew_changes_nothing(api, prepare):
    made, blob = prepare()
    blob.put(b"x")
    for order in (sorted(blob.sas.split("&")), reversed(blob.sas.split("&"))):
        assert blob.get(sas="timeout=30&" + "&".join(order)).status_code == 200
    assert_xml(blob.get(sas=""), 403, "AuthenticationFailed")


def test_credentials_are_for_one_file(api, prepare, reader):
    one, first = prepare()
    two, second = prepare()
    second.put(b"second")
    assert_xml(first.get(container=second.container, name=second.name), 403, "AuthenticationFailed")
    assert_xml(first.put(b"x", container=second.container, name=second.name), 403, "AuthenticationFailed")
    assert_xml(first.put(b"x", suffix="2"), 403, "AuthorizationPermissionMismatch")
    sliced, third = prepare(isSliced=True)
    assert third.put(b"x", suffix="anything/at all").status_code == 201
    assert_xml(third.put(b"x", name="other"), 403, "AuthorizationPermissionMismatch")
    assert second.get().content == b"second"


def test_read_credentials_do_not_write(api, prepare, reader):
    made, blob = prepare()
    blob.put(b"kept")
    read = reader(made["id"])
    assert_xml(read.put(b"x"), 403, "AuthorizationPermissionMismatch")
    assert_xml(read.block("YQ==", b"x"), 403, "AuthorizationPermissionMismatch")
    assert_xml(api.session.put(made["url"], data=b"x"), 403, "AuthorizationPermissionMismatch")
    assert read.get().content == b"kept"


def test_expired_signature_is_refused(new_server):
    server = new_server(arguments=["--file-url-s", "1"])
    api = Api(server.url, server.master)
    file_id = api.upload("x")
    url = api.get("files/%d" % file_id).json()["url"]
    deadline = time.monotonic() + 30
    while api.session.get(url).status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert_xml(api.session.get(url), 403, "AuthenticationFailed")


@pytest.mark.parametrize("end", ["refresh", "delete", "disable"])
def test_R13_signatures_end_with_the_token_that_got_them(api, prepare, reader, make_token, end):
    token = make_token()
    made, blob = prepare(token=token["token"])
    read = reader(made["id"], token=token["token"])
    assert blob.put(b"before").status_code == 201 and read.get().status_code == 200
    if end == "delete":
        assert api.delete("tokens/%s" % token["id"]).status_code == 204
    else:
        assert api.post("tokens/%s/%s" % (token["id"], end)).status_code in (200, 204)
    assert_xml(blob.put(b"after"), 403, "AuthenticationFailed")
    assert_xml(read.get(), 403, "AuthenticationFailed")
    assert_xml(api.session.get(made["url"]), 403, "AuthenticationFailed")
    assert api.session.get(api.get("files/%d" % made["id"]).json()["url"]).content == b"before"


def test_R13_an_upload_on_its_way_ends_with_its_token(api, prepare, make_token):
    token = make_token()
    made, blob = prepare(token=token["token"])

    def pieces():
        yield b"x" * 100000
        assert api.post("tokens/%s/refresh" % token["id"]).status_code == 200
        yield b"y" * 100000
    assert_xml(requests.put("%s/%s/%s?%s" % (blob.endpoint, blob.container, blob.name, blob.sas), data=pieces(), timeout=60), 403,
               "AuthenticationFailed")
    assert_xml(api.session.get(api.get("files/%d" % made["id"]).json()["url"]), 404, "BlobNotFound")


def test_R13_reading_all_files_ends_at_once(api, prepare, reader, make_token):
    token = make_token(canReadAllFileUploads=True)
    made, blob = prepare()
    blob.put(b"x")
    read = reader(made["id"], token=token["token"])
    assert read.get().status_code == 200
    assert api.put("tokens/%s" % token["id"], json={"canReadAllFileUploads": False}).status_code == 200
    assert read.get().status_code == 403


def test_R14_a_refusal_with_a_known_token_is_recorded(api, prepare, reader, make_token):
    token = make_token()
    made, blob = prepare(token=token["token"])
    assert_xml(blob.put(b"x", suffix="2"), 403, "AuthorizationPermissionMismatch")
    newest = api.get("events?limit=1", token=token["token"]).json()[0]
    assert newest["event"] == "storage.accessDenied" and newest["token"]["id"] == token["id"]


def test_names_that_are_no_text_are_refused(api, prepare):
    made, blob = prepare(isSliced=True)
    url = "%s/%s/%s%%ff?%s" % (blob.endpoint, blob.container, blob.name, blob.sas)
    assert api.session.put(url, data=b"x").status_code == 400
    assert_xml(blob.put(b"x", suffix="n" * 1100), 400, "InvalidQueryParameterValue")
    assert blob.put(b"x", suffix="\u017elu\u0165 ou\u010dk\u00fd").status_code == 201


def test_tokens_do_not_open_contents(api, server, prepare):
    made, blob = prepare()
    blob.put(b"x")
    assert_xml(api.session.get("%s/%s/%s" % (blob.endpoint, blob.container, blob.name),
                               headers={"X-StorageApi-Token": server.master}), 403, "AuthenticationFailed")


def test_large_body_is_refused_before_it_is_sent(api, prepare):
    made, blob = prepare()
    sent = []

    def pieces():
        for _ in range(200):
            sent.append(1)
            yield b"x" * 1000000
    try:
        response = blob.put(pieces(), sas=changed(blob.sas, "sig", "A" * 43))
        assert response.status_code == 403
    except OSError:  # the server closed the connection while the body was on its way
        pass
    assert_xml(blob.get(), 404, "BlobNotFound")
