"""The matrix: every route × every kind of caller, against matrix_rules.py. A route without a row fails."""
import subprocess
import time

import pytest
from conftest import unique
from matrix_rules import (ANYBODY, CALLERS, DOOR, HIDDEN, MANAGE, ONLY_IN_BRANCHES, OPEN_DOOR, OWN, PUBLIC, SERVICES, SESSION, SIGNED,
                          STORAGE)
from support.server import PROGRAM, Api

COMPONENT = "keboola.runner-config-test"


def routes():
    """(method and path, allow) of the program's own table."""
    lines = subprocess.check_output([PROGRAM, "routes"], text=True).splitlines()
    return [(" ".join(line.split()[:2]), line.split()[2], "branched" in line.split()[4:]) for line in lines]


class World:
    """Things to call routes with; a capital name makes a fresh one for each call."""

    def __init__(self, api, server):
        self.api, self.server = api, server
        self.fixed = {"component": COMPONENT, "name": "name", "one": "1", "t": "t"}
        self.bucket = self.Bucket()
        self.other = self.Bucket()
        self.table = self.Table()
        self.fixed.update(bucket=self.bucket, table=self.table, column=self.table + ".id", file=self.File(), config=self.Config(), branch=self.branch_id(),
                          token=self.Token(), event=self.call("POST", "events", json={"component": "matrix", "message": "m"})["uuid"])
        self.fixed["row"] = self.Row()
        self.fixed["trigger"] = self.Trigger()
        self.fixed["job"] = self.api.get("jobs").json()[0]["id"]
        self.admin_id = self.api.get("tokens/verify").json()["admin"]["id"]
        self.call("POST", "buckets/%s/owner" % self.bucket, json=self.body({"id": "ADMIN"}, None))
        self.fixed["owned"] = self.bucket
        self.files = {}

    def call(self, method, path, **options):
        answer = self.api.call(method, path, **options)
        assert answer.status_code < 300, (method, path, answer.text)
        if answer.status_code == 202:
            job = self.api.wait(answer)
            assert job["status"] == "success", job
            return job["results"]
        return answer.json() if answer.content else None

    def branch_id(self):
        return next(b["id"] for b in self.api.get("dev-branches").json() if b["isDefault"])

    def Bucket(self):
        return self.call("POST", "buckets", json={"name": unique("matrix"), "stage": "in"})["id"]

    def Table(self, bucket=None):
        name = unique("t")
        self.call("POST", "buckets/%s/tables" % (bucket or self.bucket), json={"name": name, "dataString": "id,name\n1,a\n2,b\n"})
        return "%s.%s" % (bucket or self.bucket, name)

    def Alias(self):
        return self.call("POST", "buckets/%s/table-aliases" % self.bucket, json={"name": unique("alias"), "sourceTable": self.table})["id"]

    def Snapshot(self):
        return self.call("POST", "tables/%s/snapshots" % self.table, json={"description": "s"})["id"]

    def File(self):
        return self.api.upload("id,name\n1,a\n")

    def Config(self):
        return self.call("POST", "components/%s/configs" % COMPONENT, json={"name": unique("c")})["id"]

    def TrashedConfig(self):
        made = self.Config()
        self.call("DELETE", "components/%s/configs/%s" % (COMPONENT, made))
        return made

    def Row(self):
        return self.call("POST", "components/%s/configs/%s/rows" % (COMPONENT, self.fixed["config"]), json={"name": "r"})["id"]

    def Token(self):
        return self.call("POST", "tokens", json={"description": unique("t")})["id"]

    def Branch(self):
        return self.call("POST", "dev-branches", json={"name": unique("branch")})["id"]

    def Trigger(self):
        return self.call("POST", "triggers", json={"component": COMPONENT, "configurationId": "1", "coolDownPeriodMinutes": 5, "tableIds": [self.table],
                                                  "runWithTokenId": self.fixed["token"]})["id"]

    def Link(self):
        self.call("POST", "tokens/%s/share" % self.fixed["token"], json={"recipientEmail": "x@example.com", "message": ""})
        return self.call("GET", "tokens/%s/links" % self.fixed["token"])[0]["id"]

    def metadata(self, path):
        made = self.call("POST", path + "/metadata", json={"provider": "matrix", "metadata": [{"key": unique("k"), "value": "v"}]})
        made = made["metadata"] if isinstance(made, dict) and "metadata" in made else made
        return max(made, key=lambda m: int(m["id"]))["id"]

    def BucketMetadata(self):
        return self.metadata("buckets/" + self.bucket)

    def TableMetadata(self):
        return self.metadata("tables/" + self.table)

    def ColumnMetadata(self):
        return self.metadata("columns/%s.id" % self.table)

    def BranchMetadata(self):
        return self.metadata("branch/default")

    def ConfigMetadata(self):
        return self.metadata("components/%s/configs/%s" % (COMPONENT, self.fixed["config"]))

    def path(self, pattern, names):
        for argument, name in names.items():
            if name == "snapshot" and name not in self.fixed:
                self.fixed[name] = self.Snapshot()
            value = getattr(self, name)() if name[0].isupper() else self.fixed[name]
            pattern = pattern.replace("{%s}" % argument, str(value))
        return pattern

    def own_file(self, token):
        """A file that the caller may read: its own where it may upload."""
        if token not in self.files:
            try:
                self.files[token] = self.api.upload("id,name\n1,a\n", token=token)
            except AssertionError:
                self.files[token] = self.fixed["file"]
        return self.files[token]

    def body(self, body, token):
        if not isinstance(body, dict):
            return body
        fill = {"UNIQUE": lambda: unique("m"), "TABLE": lambda: self.table, "COMPONENT": lambda: COMPONENT, "RUNTOKEN": lambda: self.fixed["token"],
                "ADMIN": lambda: self.admin_id, "OWNFILE": lambda: self.own_file(token)}
        swap = lambda v: [swap(i) for i in v] if isinstance(v, list) else fill[v]() if isinstance(v, str) and v in fill else v  # noqa: E731
        return {key: swap(value) for key, value in body.items()}


@pytest.fixture(scope="module")
def server(new_server):
    """One of its own, on which expired tokens are not deleted meanwhile."""
    return new_server(arguments=["--expired-token-keep-s", "86400"])


@pytest.fixture(scope="module")
def api(server):
    return Api(server.url, server.master, server.manage)


@pytest.fixture(scope="module")
def roles(server):
    made = {role: server.user(role, "%s@example.com" % role.lower())["masterToken"] for role in ("share", "guest", "readOnly")}
    return {**made, "admin": server.master}


@pytest.fixture(scope="module")
def world(api, server):
    return World(api, server)


@pytest.fixture(scope="module")
def callers(world, roles):
    """Storage tokens by kind of caller."""
    def make(**options):
        return world.call("POST", "tokens", json={"description": unique("caller"), **options})["token"]
    return {**roles, "none": make(), "read": make(bucketPermissions={world.bucket: "read"}), "write": make(bucketPermissions={world.bucket: "write"}),
            "elsewhere": make(bucketPermissions={world.other: "write"}), "component": make(componentAccess=[COMPONENT]), "manager": make(canManageBuckets=True)}


@pytest.fixture(scope="module")
def dead(world, server, api):
    """Tokens that no route may accept: string and the code of the refusal."""
    def make(**options):
        return world.call("POST", "tokens", json={"description": unique("dead"), "canManageBuckets": True, **options})
    expired, deleted, refreshed, disabled, away = make(expiresIn=1), make(), make(), make(), make(allowedAddresses=["192.0.2.1"])
    world.call("DELETE", "tokens/" + deleted["id"])
    world.call("POST", "tokens/%s/refresh" % refreshed["id"])
    world.call("PUT", "tokens/" + disabled["id"], json={"isDisabled": True})
    time.sleep(1.1)
    good = expired["token"]
    return {"no token": (None, 401, None), "junk": ("rubbish", 401, "storage.tokenInvalid"), "empty": ("", 401, None),
            "bad checksum": (good[:-1] + ("a" if good[-1] != "a" else "b"), 401, "storage.tokenInvalid"),
            "expired": (expired["token"], 401, "storage.tokenExpired"), "deleted": (deleted["token"], 401, "storage.tokenInvalid"),
            "refreshed away": (refreshed["token"], 401, "storage.tokenInvalid"), "disabled": (disabled["token"], 401, "storage.tokenDisabled"),
            "wrong address": (away["token"], 403, "storage.token.addressNotAllowed"), "management token": (server.manage, 401, "storage.tokenInvalid")}


@pytest.fixture(scope="module")
def stranger(api, server):
    """The master token of another project in the same organization."""
    made = api.post("/manage/organizations/%d/projects" % server.organization_id, json={"name": unique("other")}).json()
    return server.user("admin", "stranger@example.com", project=made["id"])["masterToken"]


def storage_routes():
    return sorted(STORAGE)


def send(world, route, names, body, token, **options):
    method, pattern = route.split(" ")
    pattern = pattern.replace("/v2/storage/search/component-configurations", "/v2/storage/branch/default/search/component-configurations")
    sends = {"params" if method == "GET" else "json": world.body(body, token)} if body is not None else {}
    return world.api.session.request(method, world.server.url + world.path(pattern, names), timeout=120,
                                     headers={"X-StorageApi-Token": token} if token is not None else {}, **sends, **options)


def test_R01_every_route_has_a_row():
    known = set(STORAGE) | PUBLIC | SIGNED | SERVICES | SESSION | set(MANAGE) | OWN
    there = {route for route, _, _ in routes()}
    assert there - known == set(), "routes without a row"
    assert known - there == set(), "rows without a route"


def test_R01_the_public_routes_are_a_closed_list():
    assert {route for route, allow, _ in routes() if allow == "public"} <= PUBLIC
    assert {route for route, allow, _ in routes() if allow == "signed-url"} <= SIGNED


@pytest.mark.parametrize("route", storage_routes())
def test_R09_who_may_call(world, callers, route):
    names, body, policy = STORAGE[route]
    wrong = []
    for caller in CALLERS:
        answer = send(world, route, names, body, callers[caller])
        expected = ((400, 501) if route in ONLY_IN_BRANCHES else range(200, 400)) if policy[caller] else (404,) if route in HIDDEN else (403,)
        if answer.status_code not in expected:
            wrong.append("%s: %d %s" % (caller, answer.status_code, answer.text[:200]))
        elif answer.status_code == 403 and answer.json().get("code") != "accessDenied" and "sufficient privilege" not in answer.text:
            wrong.append("%s: %s" % (caller, answer.text[:200]))
        if answer.status_code == 202:
            job = world.api.wait(answer)
            if job["status"] != "success":
                wrong.append("%s: %s" % (caller, job))
    assert not wrong, "\n".join([route] + wrong)


def turned_away(route):
    changes = not route.startswith("GET ") and route not in OPEN_DOOR and not STORAGE[route][2]["readOnly"]
    return (["readOnly"] if changes else []) + DOOR.get(route, "").split()


@pytest.mark.parametrize("route", [r for r in storage_routes() if turned_away(r)])
def test_R01_R04_turned_away_at_the_door(world, callers, route):
    """By the route itself, whatever else the handler asks."""
    names, body, _ = STORAGE[route]
    for caller in turned_away(route):
        answer = send(world, route, names, body, callers[caller])
        assert answer.status_code == 403 and answer.json()["missing"][0]["object"] == "this call", (route, caller, answer.text)


@pytest.mark.parametrize("route", storage_routes())
def test_R11_R13_dead_tokens_are_refused(world, dead, route):
    names, body, _ = STORAGE[route]
    wrong = []
    for kind, (token, status, code) in dead.items():
        answer = send(world, route, {k: v[0].lower() + v[1:] if v[0].lower() + v[1:] in world.fixed else v for k, v in names.items()}, body, token)
        if answer.status_code != status or answer.json().get("code") != code or (token and token in answer.text):
            wrong.append("%s: %d %s" % (kind, answer.status_code, answer.text[:200]))
    bearer = send(world, route, {k: v[0].lower() + v[1:] if v[0].lower() + v[1:] in world.fixed else v for k, v in names.items()}, body, None)
    if bearer.status_code != 401 or bearer.json()["error"] != "Access token must be set":
        wrong.append("nothing: " + bearer.text[:200])
    assert not wrong, "\n".join([route] + wrong)


# Naming a component, which every project has, reaches nothing of another project.
NAME_COMPONENTS = ({"component": "component"}, {"branch": "branch", "id": "component"})


@pytest.mark.parametrize("route", [r for r in storage_routes() if STORAGE[r][0] and STORAGE[r][0] not in NAME_COMPONENTS])
def test_R02_another_projects_things_are_out_of_reach(world, stranger, route):
    names, body, _ = STORAGE[route]
    answer = send(world, route, names, body, stranger)
    if answer.status_code == 202:  # a job that finds nothing (behaviour.md §4)
        assert world.api.wait(answer, token=stranger)["status"] == "error"
    elif answer.status_code != 200 or answer.json() != []:
        assert answer.status_code in (400, 403, 404), (route, answer.status_code, answer.text)
    mine = send(world, route, names, body, world.server.master)
    assert mine.status_code < 400 or route in ONLY_IN_BRANCHES, (route, mine.text)


def test_R09_lists_show_only_what_may_be_read(world, callers, stranger):
    wanted = {"none": set(), "component": set(), "read": {world.bucket}, "write": {world.bucket}, "elsewhere": {world.other}}
    for caller, buckets in wanted.items():
        assert {b["id"] for b in world.api.get("buckets", token=callers[caller]).json()} == buckets
        assert {t["bucket"]["id"] for t in world.api.get("tables", token=callers[caller]).json()} <= buckets
    everything = {b["id"] for b in world.api.get("buckets").json()}
    for caller in ("manager", "share", "guest", "readOnly"):
        assert {b["id"] for b in world.api.get("buckets", token=callers[caller]).json()} == everything
    assert world.api.get("buckets", token=stranger).json() == []
    mine = world.api.get("tokens/verify", token=callers["elsewhere"]).json()["id"]
    assert {str(f["creatorToken"]["id"]) for f in world.api.get("files", token=callers["elsewhere"]).json()} <= {mine}
    assert len(world.api.get("tokens", token=callers["manager"]).json()) == 1


@pytest.fixture(scope="module")
def managers(server, api, new_server):
    """Management tokens by kind of user, and what they are tried on: an organization, a project, its people."""
    organization = api.post("/manage/maintainers/1/organizations", json={"name": unique("org")}).json()["id"]
    project = api.post("/manage/organizations/%d/projects" % organization, json={"name": unique("project")}).json()["id"]
    for role, email in (("admin", "m-member@example.com"), ("guest", "m-guest@example.com"), ("admin", "m-victim@example.com")):
        server.user(role, email, project=project)
    server.user("admin", "m-outsider@example.com")
    server.user("admin", "m-org@example.com")
    assert api.post("/manage/organizations/%d/users" % organization, json={"email": "m-org@example.com"}).status_code < 300
    people = {u["email"]: u["id"] for u in api.get("/manage/users").json()}

    def management_token(email):
        from support.server import PASSWORD
        session = Api(server.url)
        assert session.post("/auth/login", json={"email": email, "password": PASSWORD}).status_code == 200
        csrf = session.get("/auth/session").json()["csrfToken"]
        made = session.post("/manage/current-user/tokens", json={"description": "matrix"}, headers={"X-CSRF-Token": csrf})
        assert made.status_code == 201, made.text
        return made.json()["token"]

    tokens = {kind: management_token("m-%s@example.com" % kind) for kind in ("member", "guest", "org", "outsider")}
    tokens["super"] = server.manage
    invite = lambda path: api.post(path + "/invitations", json={"email": unique("invited") + "@example.com"})  # noqa: E731
    invited, invited_to_all = invite("/manage/projects/%d" % project), invite("/manage/organizations/%d" % organization)
    # A member of the maintainer sees the project and has to ask.
    server.user("admin", "m-keeper@example.com")
    assert api.post("/manage/maintainers/1/users", json={"email": "m-keeper@example.com"}).status_code < 300
    assert api.patch("/manage/organizations/%d" % organization, json={"allowAutoJoin": False}).status_code == 200
    asked = api.post("/manage/projects/%d/request-access" % project, manage=management_token("m-keeper@example.com"), json={})
    assert invited.status_code == invited_to_all.status_code == asked.status_code == 201, (invited.text, invited_to_all.text, asked.text)
    things = {"projects": {"{userId}": people["m-victim@example.com"], "{invitationId}": invited.json()["id"], "{requestId}": asked.json()["id"]},
              "organizations": {"{userId}": people["m-org@example.com"], "{invitationId}": invited_to_all.json()["id"]},
              "maintainers": {"{userId}": people["ada@example.com"]}}
    return {"tokens": tokens, "organization": organization, "project": project, "victim": people["m-victim@example.com"], "things": things}


def manage_path(pattern, m, real=False):
    """real: with what is there in the places where others get what is not there."""
    subject = pattern.split("/")[2]
    for name, value in m["things"].get(subject, {}).items() if real else ():
        pattern = pattern.replace(name, str(value))
    first = {"projects": m["project"], "organizations": m["organization"], "maintainers": 1, "features": 999999, "deleted-projects": 999999}.get(subject, 1)
    for name, value in (("{id}", first), ("{userId}", 999999), ("{invitationId}", 999999), ("{requestId}", 999999), ("{name}", "nothing"),
                        ("{idOrEmail}", m["victim"])):
        pattern = pattern.replace(name, str(value))
    return pattern


# Would end what the other rows are tried on, or is tried with a fresh thing in test_manage_*.py.
ENDS = {"DELETE /manage/users/{idOrEmail}", "POST /manage/users/{idOrEmail}/super-admin", "DELETE /manage/organizations/{id}", "DELETE /manage/projects/{id}",
        "POST /manage/projects/{id}/disabled", "POST /manage/projects/{id}/organizations", "DELETE /manage/maintainers/{id}"}


@pytest.mark.parametrize("route", sorted(set(MANAGE) | OWN))
def test_R03_management_routes(server, managers, callers, route):
    method, pattern = route.split(" ")
    path, api = manage_path(pattern, managers), Api(server.url)
    wrong = []

    def tried(what, headers, statuses, body=None, path=path):
        answer = api.session.request(method, server.url + path, headers=headers, json=body, timeout=60)
        if answer.status_code not in statuses:
            wrong.append("%s: %d %s" % (what, answer.status_code, answer.text[:200]))

    tried("no token", {}, (401,))
    tried("junk", {"X-KBC-ManageApiToken": "1-rubbish"}, (401,))
    tried("a storage token", {"X-KBC-ManageApiToken": server.master}, (401,))
    tried("a storage token in its own header", {"X-StorageApi-Token": server.master}, (401,))
    tried("a limited token", {"X-KBC-ManageApiToken": callers["write"]}, (401,))
    if route in MANAGE:
        for kind, token in managers["tokens"].items():
            if kind not in MANAGE[route]:
                for where in (path, manage_path(pattern, managers, real=True)):
                    tried(kind, {"X-KBC-ManageApiToken": token}, (403, 404), path=where)
            elif route not in ENDS:
                # Let in: an empty body or an id that is not there is then a 4xx of another kind.
                answer = api.session.request(method, server.url + path, headers={"X-KBC-ManageApiToken": token}, json={} if method != "GET" else None, timeout=60)
                if answer.status_code in (401, 403) or answer.status_code >= 500:
                    wrong.append("%s should be let in: %d %s" % (kind, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join([route] + wrong)


@pytest.mark.parametrize("route", sorted(SESSION))
def test_R16_session_routes_take_no_token(server, route):
    method, path = route.split(" ")
    for headers in ({}, {"X-StorageApi-Token": server.master}, {"X-KBC-ManageApiToken": server.manage}, {"Cookie": "chatelaine_session=rubbish"}):
        answer = Api(server.url).session.request(method, server.url + path, headers=headers, json={} if method != "GET" else None, timeout=60)
        assert answer.status_code in (401, 403), (route, headers, answer.text)


def test_the_policies_are_not_all_alike():
    assert len({str(sorted(p[2].items())) for p in STORAGE.values() if isinstance(p[2], dict)}) >= 10 and ANYBODY["none"]
