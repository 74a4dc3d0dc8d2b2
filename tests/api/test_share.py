"""Sharing a token (R12): the mail, the link, the page, and everything that must not show or use it up."""
import email
import email.policy
import glob
import os
import re
import socket
import threading
import time

import pytest
import requests
from aiosmtpd.controller import Controller

from conftest import unique
from support.server import Api, assert_error

RECIPIENT = "Martin@example.org"


def mails_to(data, recipient):
    found = []
    for path in sorted(glob.glob(os.path.join(data, "outbox", "*.eml"))):
        with open(path, "rb") as f:
            mail = email.message_from_binary_file(f, policy=email.policy.default)
        if recipient in mail["To"]:
            found.append(mail)
    return found


def wait_for(what):
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return what()


@pytest.fixture
def share(server, api):
    """Shares a token; the address of its link."""
    def share(token_id, recipient=None, message="Hello,\nhere it is."):
        recipient = recipient or unique("r") + "@example.org"
        answer = api.post("tokens/%s/share" % token_id, json={"recipientEmail": recipient, "message": message})
        assert answer.status_code == 204 and answer.text == "", answer.text
        mail = wait_for(lambda: mails_to(server.data, recipient))[-1]
        text = mail.get_content()
        link = re.search(r"^http\S+/retrieve/\S+$", text, re.M).group(0)
        return link, recipient, mail
    return share


def events_of(api, token_id):
    return [e["event"] for e in api.get("tokens/%s/events" % token_id).json()]


def link_state(api, token_id):
    return api.get("tokens/%s/links" % token_id).json()[0]["state"]


def test_R12_a_link_shows_the_token_once_to_its_recipient(api, make_token, share):
    token = make_token(description="Zürich <import>")
    link, recipient, mail = share(token["id"], unique("Big") + "@Example.org")
    assert token["token"] not in mail.as_string() and "Zürich <import>" in mail.get_content()
    assert "here it is." in mail.get_content()
    assert link_state(api, token["id"]) == "sent"
    page = requests.get(link)
    assert page.status_code == 200 and token["token"] not in page.text and recipient not in page.text
    assert "Zürich &lt;import&gt;" in page.text
    assert link_state(api, token["id"]) == "opened"
    shown = requests.post(link, data={"email": " %s " % recipient.lower()})
    assert shown.status_code == 200 and 'value="%s"' % token["token"] in shown.text
    assert link_state(api, token["id"]) == "retrieved"
    again = requests.post(link, data={"email": recipient})
    assert again.status_code == 410 and token["token"] not in again.text
    assert requests.get(link).status_code == 410
    assert api.get("tokens/verify", token=token["token"]).status_code == 200
    names = events_of(api, token["id"])
    assert [n for n in names if n != "storage.tokenLinksListed"] == [
        "storage.tokenRetrieved", "storage.tokenLinkOpened", "storage.tokenShared", "storage.tokenCreated"]


def test_R12_opening_and_empty_forms_neither_show_nor_use_up(api, make_token, share):
    token = make_token()
    link, recipient, _ = share(token["id"])
    for _ in range(8):
        for answer in (requests.get(link), requests.head(link), requests.post(link), requests.post(link, data={"email": ""}),
                       requests.post(link, data={"other": "x"}), requests.options(link)):
            assert answer.status_code in (200, 204) and token["token"] not in answer.text
    assert requests.post(link, data={"email": recipient}).text.count(token["token"]) == 1
    assert events_of(api, token["id"]).count("storage.tokenLinkOpened") == 1


def test_R12_a_head_request_is_no_opening(api, make_token, share):
    token = make_token()
    link, _, _ = share(token["id"])
    assert requests.head(link).status_code == 200
    assert link_state(api, token["id"]) == "sent"
    assert requests.get(link).status_code == 200
    assert link_state(api, token["id"]) == "opened"


def test_R12_five_wrong_addresses_kill_the_link(api, make_token, share):
    token = make_token()
    link, recipient, _ = share(token["id"])
    for _ in range(4):
        answer = requests.post(link, data={"email": "guess@example.org"})
        assert answer.status_code == 403 and token["token"] not in answer.text and recipient not in answer.text
    assert requests.post(link, data={"email": "guess@example.org"}).status_code == 410
    assert requests.post(link, data={"email": recipient}).status_code == 410
    assert link_state(api, token["id"]) == "revoked"
    assert events_of(api, token["id"]).count("storage.tokenLinkFailed") == 5


def test_R12_four_wrong_addresses_do_not(api, make_token, share):
    token = make_token()
    link, recipient, _ = share(token["id"])
    for _ in range(4):
        requests.post(link, data={"email": "guess@example.org"})
    assert token["token"] in requests.post(link, data={"email": recipient}).text


def test_R12_wrong_addresses_at_the_same_time_are_all_counted(make_token, share):
    token = make_token()
    link, recipient, _ = share(token["id"])
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(requests.post(link, data={"email": "x@example.org"}).status_code))
               for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [403] * 4 + [410] * 8
    assert requests.post(link, data={"email": recipient}).status_code == 410


@pytest.mark.parametrize("end", ["refresh", "delete", "revoke"])
def test_R12_a_link_dies_with_its_token(api, make_token, share, end):
    token = make_token()
    link, recipient, _ = share(token["id"])
    new = None
    if end == "refresh":
        new = api.post("tokens/%s/refresh" % token["id"]).json()["token"]
    elif end == "delete":
        assert api.delete("tokens/%s" % token["id"]).status_code == 204
    else:
        links = api.get("tokens/%s/links" % token["id"]).json()
        assert links[0]["recipientEmail"] == recipient and links[0]["created"] and links[0]["expires"]
        assert api.delete("tokens/%s/links/%d" % (token["id"], links[0]["id"])).status_code == 204
        assert_error(api.delete("tokens/%s/links/%d" % (token["id"], links[0]["id"] + 1000)), 404)
    for answer in (requests.get(link), requests.post(link, data={"email": recipient})):
        assert answer.status_code in (404, 410) and "Ask the person" in answer.text
        assert token["token"] not in answer.text and (not new or new not in answer.text)
    if end == "revoke":
        assert link_state(api, token["id"]) == "revoked"


def test_R12_a_link_expires(new_server):
    server = new_server(arguments=["--retrieval-link-s", "60"])
    api = Api(server.url, server.master)
    token = api.post("tokens", json={"expiresIn": 5}).json()
    assert api.post("tokens/%s/share" % token["id"], json={"recipientEmail": "r@example.org", "message": ""}).status_code == 204
    text = wait_for(lambda: mails_to(server.data, "r@example.org"))[0].get_content()
    link = re.search(r"http\S+/retrieve/\S+", text).group(0)
    assert requests.get(link).status_code == 200
    wait_for(lambda: requests.get(link).status_code in (404, 410))
    assert requests.post(link, data={"email": "r@example.org"}).status_code in (404, 410)


def test_R12_a_forged_link_opens_nothing(make_token, share):
    token = make_token()
    link, recipient, _ = share(token["id"])
    forged = link[:-1] + ("A" if link[-1] != "A" else "B")
    for bad in (forged, link + "x", link[:-1], link.rsplit("/", 1)[0] + "/x", link.rsplit("-", 1)[0] + "-"):
        assert requests.post(bad, data={"email": recipient}).status_code == 404
    assert token["token"] in requests.post(link, data={"email": recipient}).text


def test_R12_the_page_is_strict(make_token, share):
    link, recipient, _ = share(make_token()["id"])
    for answer in (requests.get(link), requests.post(link, data={"email": recipient})):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "no-referrer"
        assert "<script>" not in answer.text and "style=" not in answer.text and "onclick" not in answer.text
    base = link.split("/retrieve/")[0]
    assert requests.get(base + "/retrieve/assets/page.css").headers["Content-Type"].startswith("text/css")
    assert requests.get(base + "/retrieve/assets/copy.js").headers["Content-Type"].startswith("text/javascript")


def test_R12_master_tokens_are_not_shared_and_limited_ones_share_nothing(api, make_token, roles):
    mine = api.get("tokens/verify").json()["id"]
    body = {"recipientEmail": RECIPIENT, "message": "x"}
    assert_error(api.post("tokens/%s/share" % mine, json=body), 400, "storage.token.cannotShareMasterToken")
    token = make_token(canManageBuckets=True)
    other = make_token()
    for caller in (token["token"], roles["guest"], roles["readOnly"]):
        for path in ("share", ):
            assert_error(api.post("tokens/%s/%s" % (other["id"], path), token=caller, json=body), 403, "accessDenied")
        assert_error(api.get("tokens/%s/links" % other["id"], token=caller), 403, "accessDenied")
        assert_error(api.delete("tokens/%s/links/1" % other["id"], token=caller), 403, "accessDenied")
    assert_error(api.post("tokens/%s/share" % token["id"], token=token["token"], json=body), 403, "accessDenied")
    assert api.post("tokens/%s/share" % other["id"], token=roles["share"], json=body).status_code == 204


def test_share_wants_an_address(api, make_token):
    token = make_token()
    assert_error(api.post("tokens/%s/share" % token["id"], json={"message": "x"}), 400, "validation.failed")
    for bad in ("nobody", "a@b@c", "a@b\r\nBcc: c@d.example", "", "x" * 300 + "@example.org"):
        assert_error(api.post("tokens/%s/share" % token["id"], json={"recipientEmail": bad, "message": "x"}), 400)
    assert_error(api.post("tokens/99999999/share", json={"recipientEmail": RECIPIENT, "message": "x"}), 404)
    assert api.get("tokens/%s/links" % token["id"]).json() == []


class Box:
    """An SMTP server's handler that keeps what it gets."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope)
        return "250 OK"


def smtp_server(box):
    """Started on a free port; tried again when somebody else was faster."""
    for _ in range(20):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        controller = Controller(box, hostname="127.0.0.1", port=port)
        try:
            controller.start()
            return controller, port
        except OSError:
            controller.stop()
    raise AssertionError("no free port")


def test_mail_leaves_by_smtp(new_server):
    box = Box()
    controller, port = smtp_server(box)
    try:
        server = new_server(arguments=["--smtp", "smtp://127.0.0.1:%d" % port, "--mail-from", "keys@house.example"])
        api = Api(server.url, server.master)
        token = api.post("tokens", json={"description": "Süd\r\n.\r\nX: y"}).json()
        assert api.post("tokens/%s/share" % token["id"], json={"recipientEmail": RECIPIENT, "message": ".\n.."}).status_code == 204
        wait_for(lambda: box.mails)
        assert box.mails[0].mail_from == "keys@house.example" and box.mails[0].rcpt_tos == [RECIPIENT]
        mail = email.message_from_bytes(box.mails[0].content, policy=email.policy.default)
        assert mail["X"] is None and "\n.\n..\n" in mail.get_content().replace("\r\n", "\n")
        assert token["token"].encode() not in box.mails[0].content
        link = re.search(r"http\S+/retrieve/\S+", mail.get_content()).group(0)
        assert token["token"] in requests.post(link, data={"email": RECIPIENT}).text
        time.sleep(1.5)
        assert len(box.mails) == 1 and not glob.glob(os.path.join(server.data, "outbox", "*"))
    finally:
        controller.stop()


def test_R07_no_link_and_no_token_in_the_database_or_the_log(new_server):
    server = new_server(arguments=["--smtp", "smtp://127.0.0.1:9"])
    api = Api(server.url, server.master)
    token = api.post("tokens", json={}).json()
    assert api.post("tokens/%s/share" % token["id"], json={"recipientEmail": RECIPIENT, "message": "m"}).status_code == 204
    wait_for(lambda: "could not be sent yet" in server.log())
    server.stop()
    for path in glob.glob(os.path.join(server.data, "*")):
        if os.path.isfile(path) and not path.endswith("secret.key"):
            with open(path, "rb") as f:
                content = f.read()
            assert token["token"].encode() not in content and b"/retrieve/" not in content, path
