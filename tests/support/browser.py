"""A browser as far as signing in goes: keeps the cookie, sends the CSRF token. And the mails that the server wrote."""
import base64
import email
import email.policy
import glob
import hashlib
import hmac
import os
import re
import struct
import time

import requests

from support.server import PASSWORD


class Browser:
    def __init__(self, server):
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False
        self.csrf = None

    def call(self, method, path, project=None, headers=None, csrf=True, **options):
        send = dict(headers or {})
        if csrf and self.csrf:
            send.setdefault("X-CSRF-Token", self.csrf)
        if project:
            send["X-Chatelaine-Project"] = str(project)
        return self.session.request(method, self.server.url + path, headers=send, timeout=120, **options)

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.call("POST", path, json=json if json is not None else {}, **options)

    def put(self, path, **options):
        return self.call("PUT", path, **options)

    def patch(self, path, **options):
        return self.call("PATCH", path, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)

    def sign_in(self, address, password=PASSWORD, **more):
        response = self.post("/auth/login", {"email": address, "password": password, **more})
        if response.status_code == 200:
            self.csrf = response.json()["csrfToken"]
        return response


def mails_to(server, address):
    """Mails in the outbox to this address, oldest first."""
    found = []
    for path in sorted(glob.glob(os.path.join(server.data, "outbox", "*.eml")), key=os.path.getmtime):
        with open(path, "rb") as f:
            message = email.message_from_binary_file(f, policy=email.policy.default)
        if message["To"] == address:
            found.append(message)
    return found


def wait_mail(server, address, subject):
    """The newest mail with this in its subject."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = [m for m in mails_to(server, address) if subject in m["Subject"]]
        if found:
            return found[-1].get_content()
        time.sleep(0.05)
    raise AssertionError("no mail \"%s\" to %s" % (subject, address))


def link_in(text, page):
    """The secret of the link to this page."""
    return re.search(r"/%s#token=(\w+)" % page, text).group(1)


def totp(secret, step=0):
    """The code that an authenticator app shows now, or some steps of 30 seconds later."""
    counter = struct.pack(">Q", int(time.time()) // 30 + step)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7fffffff) % 1000000)
