"""Signing in (R16): passwords, second factor, sessions, mailed links; and what slows down guessing."""
import itertools

import pytest

from support.browser import Browser, link_in, mails_to, totp, wait_mail
from support.server import PASSWORD, Api, Server, assert_error

_people = itertools.count(1)


@pytest.fixture(scope="module")
def server(new_server):
    """Its own: wrong passwords of other tests come from the same address."""
    return new_server()


@pytest.fixture(scope="module")
def api(server):
    return Api(server.url, server.master, server.manage)


@pytest.fixture
def person(server):
    """A new member of the project: e-mail address, master token."""
    address = "person%d@example.com" % next(_people)
    return address, server.user("admin", address)["masterToken"]


@pytest.fixture
def browser(server, person):
    made = Browser(server)
    assert made.sign_in(person[0]).status_code == 200
    made.email, made.master = person
    return made


# --- in and out ---------------------------------------------------------------------------------------------------------------------

def test_R16_sign_in_shows_projects_and_never_the_master_token(server, browser):
    shown = browser.get("/auth/session").json()
    assert shown["user"]["email"] == browser.email and shown["user"]["hasSecondFactor"] is False
    assert shown["projects"] == [{**shown["projects"][0], "id": server.project_id, "name": "Warehouse", "role": "admin"}]
    assert shown["csrfToken"] == browser.csrf
    assert browser.master not in str(shown)


def test_wrong_password_and_unknown_account_answer_the_same(server, person):
    wrong = assert_error(Browser(server).sign_in(person[0], "wrong password"), 401, "auth.invalidCredentials")
    unknown = assert_error(Browser(server).sign_in("nobody.at.all@example.com", "wrong password"), 401, "auth.invalidCredentials")
    assert wrong["error"] == unknown["error"]


def test_no_other_site_signs_a_browser_in(server, person):
    body = {"email": person[0], "password": PASSWORD}
    assert_error(Browser(server).post("/auth/login", body, headers={"Sec-Fetch-Site": "cross-site"}), 403)
    assert Browser(server).post("/auth/login", body, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    for half in ({"email": person[0]}, {"password": PASSWORD}):
        assert_error(Browser(server).post("/auth/login", half), 400)


def test_cookie_is_for_the_server_only(server, person):
    made = Browser(server)
    cookie = made.sign_in(person[0]).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie and cookie.startswith("chatelaine_session=")


def test_R16_an_api_token_is_refused_with_words_that_help(server, api, person):
    for token in (person[1], api.manage):
        body = assert_error(Browser(server).sign_in(person[0], token), 401, "auth.tokenNotAccepted")
        assert token not in str(body)
    assert "/console" in assert_error(Browser(server).sign_in(person[1], PASSWORD), 401, "auth.tokenNotAccepted")["error"]


def test_sign_out_ends_the_session(server, browser):
    cookie = browser.session.cookies["chatelaine_session"]
    assert browser.get("/auth/session").status_code == 200
    assert browser.delete("/auth/session").status_code == 204
    browser.session.cookies.set("chatelaine_session", cookie)
    assert browser.get("/auth/session").status_code == 401
    assert browser.get("/v2/storage/tokens/verify", project=server.project_id).status_code == 401


def test_nobody_is_signed_in_without_a_cookie(server):
    made = Browser(server)
    assert_error(made.get("/auth/session"), 401)
    for method, path in (("DELETE", "/auth/session"), ("PATCH", "/auth/profile"), ("POST", "/auth/password"), ("POST", "/auth/totp/setup"),
                         ("POST", "/auth/totp/enable"), ("POST", "/auth/totp/disable")):
        assert_error(made.call(method, path, json={}), 401)
    made.session.cookies.set("chatelaine_session", "x" * 43)
    assert_error(made.get("/auth/session"), 401)


def test_csrf_token_and_own_site_are_needed_to_change(browser):
    change = {"json": {"name": "New name"}}
    assert_error(browser.patch("/auth/profile", csrf=False, **change), 403)
    for wrong in ("A" * 43, browser.csrf + "A", browser.csrf[:-1], ""):
        assert_error(browser.patch("/auth/profile", headers={"X-CSRF-Token": wrong}, **change), 403)
    assert_error(browser.patch("/auth/profile", headers={"Sec-Fetch-Site": "cross-site"}, **change), 403)
    assert_error(browser.patch("/auth/profile", headers={"Origin": "https://evil.example.com"}, **change), 403)
    assert browser.get("/auth/session").json()["user"]["name"] != "New name"
    assert browser.patch("/auth/profile", headers={"Sec-Fetch-Site": "same-origin"}, **change).status_code == 200
    assert browser.get("/auth/session").json()["user"]["name"] == "New name"
    assert_error(browser.patch("/auth/profile", json={"name": ""}), 400)


# --- inside a project -----------------------------------------------------------------------------------------------------------------

def test_R03_a_management_token_beside_a_session_says_nothing_inside_a_project(server, browser):
    manage = browser.post("/manage/current-user/tokens", {"description": "mine"}).json()["token"]
    for token in (manage, server.manage, "rubbish"):
        shown = browser.get("/v2/storage/tokens/verify", project=server.project_id, headers={"X-KBC-ManageApiToken": token})
        assert shown.status_code == 200 and shown.json()["description"] == browser.email


def test_R16_storage_calls_use_the_members_master_token(server, browser):
    verified = browser.get("/v2/storage/tokens/verify", project=server.project_id).json()
    assert verified["isMasterToken"] and verified["description"] == browser.email and "token" not in verified
    made = browser.post("/v2/storage/tokens", {"description": "from the page"}, project=server.project_id)
    assert made.status_code == 201 and made.json()["creatorToken"]["id"] == int(verified["id"])
    assert_error(browser.post("/v2/storage/tokens", {"description": "x"}, project=server.project_id, csrf=False), 403)


def test_R02_session_in_a_project_without_membership_is_refused(server, browser, api):
    other = api.post("/manage/organizations/%d/projects" % server.organization_id, json={"name": "Other"}).json()["id"]
    assert_error(browser.get("/v2/storage/tokens/verify", project=other), 403)
    assert_error(browser.get("/v2/storage/tokens/verify", project=987654), 403)
    assert_error(browser.get("/v2/storage/tokens/verify"), 401)


def test_refreshing_ones_own_master_token_keeps_the_session(server, browser, api):
    token_id = browser.get("/v2/storage/tokens/verify", project=server.project_id).json()["id"]
    refreshed = browser.post("/v2/storage/tokens/%s/refresh" % token_id, project=server.project_id)
    assert refreshed.status_code == 200
    assert_error(api.get("tokens/verify", token=browser.master), 401)
    assert browser.get("/v2/storage/tokens/verify", project=server.project_id).status_code == 200


def test_R13_removed_member_loses_session_and_master_token_at_once(server, browser, api):
    user_id = browser.get("/auth/session").json()["user"]["id"]
    assert api.delete("/manage/projects/%d/users/%d" % (server.project_id, user_id)).status_code == 204
    assert_error(browser.get("/v2/storage/tokens/verify", project=server.project_id), 403)
    assert_error(api.get("tokens/verify", token=browser.master), 401, "storage.tokenInvalid")
    assert browser.get("/auth/session").json()["projects"] == []
    assert "master token" in wait_mail(server, browser.email, "no longer a member")


# --- passwords ------------------------------------------------------------------------------------------------------------------------

def test_password_change_ends_the_other_sessions(server, browser):
    other = Browser(server)
    other.sign_in(browser.email)
    assert_error(browser.post("/auth/password", {"current": "wrong password", "new": "a new password"}), 400)
    assert_error(browser.post("/auth/password", {"current": PASSWORD, "new": "short"}), 400, "validation.failed")
    changed = browser.post("/auth/password", {"current": PASSWORD, "new": "a new password"})
    assert changed.status_code == 200
    assert changed.json()["csrfToken"] == browser.csrf
    assert browser.get("/auth/session").status_code == 200
    assert browser.patch("/auth/profile", json={"name": "Still me"}).status_code == 200
    assert_error(other.get("/auth/session"), 401)
    assert_error(Browser(server).sign_in(browser.email, PASSWORD), 401)
    assert Browser(server).sign_in(browser.email, "a new password").status_code == 200


def test_reset_by_mailed_link_works_once(server, browser):
    assert Browser(server).post("/auth/reset", {"email": browser.email}).status_code == 204
    secret = link_in(wait_mail(server, browser.email, "A new password"), "reset")
    made = Browser(server)
    assert_error(made.post("/auth/reset/confirm", {"token": secret, "password": "short"}), 400, "validation.failed")
    assert_error(made.post("/auth/reset/confirm", {"token": "x" * 43, "password": "another password"}), 400, "auth.linkInvalid")
    done = made.post("/auth/reset/confirm", {"token": secret, "password": "another password"})
    assert done.status_code == 200 and done.json()["email"] == browser.email
    assert_error(made.post("/auth/reset/confirm", {"token": secret, "password": "yet another one"}), 400, "auth.linkInvalid")
    assert_error(browser.get("/auth/session"), 401)
    assert made.sign_in(browser.email, "another password").status_code == 200


def test_reset_says_nothing_of_who_has_an_account(server):
    assert Browser(server).post("/auth/reset", {"email": "no.account@example.com"}).status_code == 204
    assert mails_to(server, "no.account@example.com") == []


# --- the second factor ------------------------------------------------------------------------------------------------------------------

def test_second_factor_from_set_up_to_recovery(server, browser):
    assert_error(browser.post("/auth/totp/enable", {"code": "123456"}), 400)
    setup = browser.post("/auth/totp/setup").json()
    assert setup["uri"].startswith("otpauth://totp/") and setup["secret"] in setup["uri"]
    now, later = totp(setup["secret"]), totp(setup["secret"], 1)  # once: the half minute may end in the midst of this test
    assert_error(browser.post("/auth/totp/enable", {"code": "000000" if "000000" not in (now, later) else "111111"}), 400)
    codes = browser.post("/auth/totp/enable", {"code": now}).json()["recoveryCodes"]
    assert len(codes) == 10 and len(set(codes)) == 10
    assert browser.get("/auth/session").json()["user"]["hasSecondFactor"] is True
    assert_error(browser.post("/auth/totp/setup"), 400)

    fresh = Browser(server)
    assert_error(fresh.sign_in(browser.email), 401, "auth.secondFactorRequired")
    assert_error(fresh.sign_in(browser.email, "wrong password", code=later), 401, "auth.invalidCredentials")
    assert_error(fresh.sign_in(browser.email, code=now), 401)  # used up when it was switched on
    assert fresh.sign_in(browser.email, code=later).status_code == 200
    assert_error(Browser(server).sign_in(browser.email, code=later), 401)  # good once
    assert Browser(server).sign_in(browser.email, code=codes[0]).status_code == 200
    assert_error(Browser(server).sign_in(browser.email, code=codes[0]), 401)  # good once
    assert Browser(server).sign_in(browser.email, code=codes[1].upper().replace("-", " ")).status_code == 200

    assert_error(browser.post("/auth/totp/disable", {"password": "wrong password"}), 400)
    assert browser.post("/auth/totp/disable", {"password": PASSWORD}).status_code == 204
    assert Browser(server).sign_in(browser.email).status_code == 200


# --- guessing --------------------------------------------------------------------------------------------------------------------------

def test_guessing_locks_the_account_for_a_while(new_server):
    house = new_server()
    house.user("guest", "guessed@example.com")
    house.user("guest", "other@example.com")
    for n in range(5):
        assert_error(Browser(house).sign_in("guessed@example.com", "guess number %d" % n), 401, "auth.invalidCredentials")
    locked = Browser(house).sign_in("guessed@example.com")  # right, but too late
    assert_error(locked, 429, "auth.tooManyAttempts")
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    assert Browser(house).sign_in("other@example.com").status_code == 200


def test_guessing_from_one_address_locks_the_address(new_server):
    house = new_server()
    house.user("guest", "victim@example.com")
    answers = [Browser(house).sign_in("nobody%d@example.com" % n, "wrong password").status_code for n in range(21)]
    assert answers[:20] == [401] * 20 and answers[20] == 429
    assert_error(Browser(house).sign_in("victim@example.com"), 429, "auth.tooManyAttempts")


def test_a_right_password_starts_counting_anew(new_server):
    house = new_server()
    house.user("guest", "forgetful@example.com")
    for _ in range(2):
        for n in range(4):
            assert_error(Browser(house).sign_in("forgetful@example.com", "guess number %d" % n), 401)
        assert Browser(house).sign_in("forgetful@example.com").status_code == 200


def test_resets_are_not_sent_without_end(new_server):
    house = new_server()
    house.user("guest", "flooded@example.com")
    answers = [Browser(house).post("/auth/reset", {"email": "flooded@example.com"}).status_code for _ in range(6)]
    assert answers == [204] * 5 + [429]


# --- limits of a session ---------------------------------------------------------------------------------------------------------------

def test_a_disabled_account_is_out_at_once(server, browser, api):
    user_id = browser.get("/auth/session").json()["user"]["id"]
    assert_error(browser.put("/manage/users/%d" % user_id, json={"isDisabled": True}), 403)
    assert api.put("/manage/users/%d" % user_id, json={"isDisabled": True}).status_code == 200
    assert_error(browser.get("/auth/session"), 401)
    assert_error(Browser(server).sign_in(browser.email), 401, "auth.invalidCredentials")
    assert_error(api.get("tokens/verify", token=browser.master), 401)
    assert api.put("/manage/users/%d" % user_id, json={"isDisabled": False}).status_code == 200
    assert Browser(server).sign_in(browser.email).status_code == 200
    assert api.get("tokens/verify", token=browser.master).status_code == 200


def test_R07_no_session_or_link_is_kept_in_the_clear(server, browser):
    import glob
    cookie = browser.session.cookies["chatelaine_session"].encode()
    Browser(server).post("/auth/reset", {"email": browser.email})
    link = link_in(wait_mail(server, browser.email, "A new password"), "reset").encode()
    for path in glob.glob(server.data + "/chatelaine.db*") + [server.log_path]:
        content = open(path, "rb").read()
        assert cookie not in content and PASSWORD.encode() not in content, path
        assert path.endswith(".log") is False or link not in content


# --- two servers on one database ----------------------------------------------------------------------------------------------------------

def test_R13_what_ends_on_one_server_is_over_on_the_other(server, browser, api):
    if not server.engine:
        pytest.skip("one server alone lives in an embedded database")
    second = Server(engine=server.engine, data=server.data, initialise=False)
    second.log_path, second.port_name = server.log_path + ".2", "port.2"
    second.start()
    try:
        there = Browser(second)
        there.session.cookies.set("chatelaine_session", browser.session.cookies["chatelaine_session"])
        manage = browser.post("/manage/current-user/tokens", {"description": "both"}).json()
        other = Api(second.url)
        assert there.get("/auth/session").status_code == 200
        assert there.get("/v2/storage/tokens/verify", project=server.project_id).status_code == 200
        assert other.get("/manage/tokens/verify", manage=manage["token"]).status_code == 200
        browser.delete("/manage/current-user/tokens/%d" % manage["id"])
        assert_error(other.get("/manage/tokens/verify", manage=manage["token"]), 401)
        user_id = browser.get("/auth/session").json()["user"]["id"]
        api.patch("/manage/projects/%d/users/%d" % (server.project_id, user_id), json={"role": "readOnly"})
        assert there.get("/v2/storage/tokens/verify", project=server.project_id).json()["admin"]["role"] == "readOnly"
        api.delete("/manage/projects/%d/users/%d" % (server.project_id, user_id))
        assert_error(there.get("/v2/storage/tokens/verify", project=server.project_id), 403)
        assert_error(other.get("tokens/verify", token=browser.master), 401)
        browser.delete("/auth/session")
        assert_error(there.get("/auth/session"), 401)
    finally:
        second.stop()
