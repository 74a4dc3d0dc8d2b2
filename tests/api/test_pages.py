"""Static pages, the description of the API, and what HTML carries."""
import gzip
import os

import pytest
import requests

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def site(new_server, tmp_path_factory):
    """A server with pages of our own making."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "index.html").write_text("<!doctype html><title>pages</title>")
    (folder / "assets").mkdir()
    (folder / "assets" / "main-1a2b.js").write_text("console.log(1)")
    with gzip.open(folder / "assets" / "main-1a2b.js.gz", "wb") as f:
        f.write(b"console.log(1)")
    (folder / "icon.svg").write_text("<svg/>")
    (folder / ".hidden").write_text("secret")
    (folder.parent / "outside.txt").write_text("secret")
    os.symlink(folder.parent / "outside.txt", folder / "link.txt")
    os.symlink(folder.parent, folder / "up")
    return new_server(arguments=["--web", str(folder)])


def get(site, path, **options):
    return requests.get(site.url + path, timeout=30, **options)


def test_every_page_path_shows_the_page(site):
    for path in ("/", "/login", "/console", "/console/buckets/in.c-x", "/projects/1/tokens/2"):
        response = get(site, path, headers=HTML)
        assert response.status_code == 200 and "<title>pages" in response.text, path
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-cache"


def test_the_api_is_no_page(site):
    for path in ("/v2/storage/nothing", "/manage/nothing", "/assets/nothing.js"):
        response = get(site, path, headers=HTML)
        assert response.status_code == 404 and response.headers["Content-Type"] == "application/json", path
    # and who does not ask for HTML gets none
    assert get(site, "/projects/1", headers={"Accept": "application/json"}).status_code == 404
    assert requests.post(site.url + "/login", timeout=30, headers=HTML).status_code == 404


def test_assets_are_kept_and_packed(site):
    packed = get(site, "/assets/main-1a2b.js")
    assert packed.headers["Content-Encoding"] == "gzip" and packed.text == "console.log(1)"
    assert packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert packed.headers["Vary"] == "Accept-Encoding"
    plain = get(site, "/assets/main-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers and plain.text == "console.log(1)"
    assert plain.headers["ETag"] != packed.headers["ETag"]


def test_unchanged_files_are_not_sent_again(site):
    first = get(site, "/icon.svg")
    assert first.headers["Content-Type"] == "image/svg+xml"
    again = get(site, "/icon.svg", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""
    assert get(site, "/icon.svg", headers={"If-None-Match": '"other"'}).status_code == 200


def test_nothing_outside_the_folder_can_be_named(site):
    session = requests.Session()
    for path in ("/../outside.txt", "/assets/../../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/link.txt", "/up/outside.txt",
                 "/.hidden", "/assets", "/assets/", "//etc/passwd"):
        request = requests.Request("GET", site.url + "/").prepare()
        request.url = site.url + path
        response = session.send(request, timeout=30)
        assert response.status_code == 404 and "secret" not in response.text, path


def test_html_carries_a_strict_policy(site):
    for path in ("/", "/docs"):
        headers = get(site, path, headers=HTML).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "camera=()" in headers["Permissions-Policy"]


def test_a_server_without_pages_says_so(new_server, tmp_path):
    server = new_server(arguments=["--web", str(tmp_path / "none")])
    response = get(server, "/", headers=HTML)
    assert response.status_code == 200 and "without its pages" in response.text
    assert get(server, "/login", headers=HTML).status_code == 404


def test_openapi_document(server):
    document = get(server, "/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    token = document["paths"]["/v2/storage/tokens/{id}"]
    assert token["delete"]["x-event"] == "storage.tokenDeleted" and token["delete"]["security"]
    assert token["get"]["parameters"][0] == {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    assert set(token["get"]["responses"]) == {"2XX", "4XX", "5XX"}
    assert document["paths"]["/health/live"]["get"]["security"] == []
    assert "/v2/storage/branch/{branch}/tokens/{id}" in document["paths"]
    body = document["paths"]["/v2/storage/tokens"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["bucketPermissions"]["type"] == "object"


def test_docs_page(server):
    page = get(server, "/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "/v2/storage/tokens/{id}" in page.text and "<script" not in page.text and "style=" not in page.text
    assert get(server, "/docs/style.css").headers["Content-Type"].startswith("text/css")
