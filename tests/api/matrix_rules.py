"""What each route allows to whom, written by hand from the rules of the house (R01-R13, behaviour.md §1-§2): not derived from the
code. One row per route; test_matrix.py fails when a route has none.

A policy says for each kind of caller whether the call is let in (True), refused as accessDenied (False) or refused as not
authenticated (None). Refusals that every policy shares (no token, junk, expired, deleted, refreshed away, disabled, wrong address,
the other realm's token) are in test_matrix.py.
"""

#        limited tokens: nothing / read on the bucket / write on it / read on another bucket / the component / canManageBuckets
#        masters: admin share guest readOnly
CALLERS = ("none", "read", "write", "elsewhere", "component", "manager", "admin", "share", "guest", "readOnly")


def policy(text):
    """"none read ..." names who is let in."""
    allowed = text.split()
    assert set(allowed) <= set(CALLERS), text
    return {caller: caller in allowed for caller in CALLERS}


MASTERS = "admin share guest readOnly"
WRITERS = "admin share guest"
ANYBODY = policy("none read write elsewhere component manager " + MASTERS)
ANY_WRITER = policy("none read write elsewhere component manager " + WRITERS)       # R08: its own things
BUCKET_READ = policy("read write manager " + MASTERS)                               # R09
BUCKET_WRITE = policy("write manager " + WRITERS)
BUCKET_MANAGE = policy("manager " + WRITERS)
COMPONENT_READ = policy("component manager " + MASTERS)                             # R10
COMPONENT_WRITE = policy("component manager " + WRITERS)
TRASH = policy(WRITERS)                                                             # canPurgeTrash (guest: see §1.7) is given to none here
TRASH["guest"] = False
FILE_READ = policy(MASTERS)                                                         # R08: somebody else's file
FILE_WRITE = policy(WRITERS)
TOKEN_MANAGER = policy("admin share")                                               # canManageTokens
TOKEN_CREATOR = policy(WRITERS)                                                     # R05: guest only a minimal one
MASTER_WRITER = policy(WRITERS)                                                     # behaviour.md §2: branches
TRIGGER_READ = policy("component manager " + MASTERS)                               # behaviour.md §9
TRIGGER_WRITE = policy("component manager " + WRITERS)

# Routes of a project: what is called (path arguments are names of objects that test_matrix.py makes; a capital first letter: a
# fresh one for every call), the body, the policy. A list route is open to all and shows only what R09 lets them see.
BUCKET, TABLE, CONFIG = "/v2/storage/buckets/{id}", "/v2/storage/tables/{id}", "/v2/storage/components/{component}/configs/{id}"
META = {"provider": "matrix", "metadata": [{"key": "k", "value": "v"}]}
STORAGE = {
    "GET /v2/storage/dev-branches": ({}, None, ANYBODY),
    "POST /v2/storage/dev-branches": ({}, {"name": "UNIQUE"}, MASTER_WRITER),
    "GET /v2/storage/dev-branches/{id}": ({"id": "branch"}, None, ANYBODY),
    "PUT /v2/storage/dev-branches/{id}": ({"id": "branch"}, {"description": "d"}, policy("admin share")),
    "DELETE /v2/storage/dev-branches/{id}": ({"id": "Branch"}, None, policy("admin share")),
    "GET /v2/storage/buckets": ({}, None, ANYBODY),
    "POST /v2/storage/buckets": ({}, {"name": "UNIQUE", "stage": "in"}, BUCKET_MANAGE),
    "GET " + BUCKET: ({"id": "bucket"}, None, BUCKET_READ),
    "PUT " + BUCKET: ({"id": "bucket"}, {"color": "red"}, BUCKET_MANAGE),
    "DELETE " + BUCKET: ({"id": "Bucket"}, None, BUCKET_MANAGE),
    "GET " + BUCKET + "/owner": ({"id": "owned"}, None, BUCKET_READ),
    "POST " + BUCKET + "/owner": ({"id": "bucket"}, {"id": "ADMIN"}, BUCKET_MANAGE),
    "GET " + BUCKET + "/metadata": ({"id": "bucket"}, None, BUCKET_READ),
    "POST " + BUCKET + "/metadata": ({"id": "bucket"}, META, BUCKET_WRITE),
    "DELETE " + BUCKET + "/metadata/{metadata}": ({"id": "bucket", "metadata": "BucketMetadata"}, None, BUCKET_WRITE),
    "GET " + BUCKET + "/events": ({"id": "bucket"}, None, BUCKET_READ),
    "GET " + BUCKET + "/tables": ({"id": "bucket"}, None, BUCKET_READ),
    "POST " + BUCKET + "/tables": ({"id": "bucket"}, {"name": "UNIQUE", "dataString": "id\n1\n"}, BUCKET_WRITE),
    "POST " + BUCKET + "/tables-async": ({"id": "bucket"}, {"name": "UNIQUE", "dataFileId": "OWNFILE"}, BUCKET_WRITE),
    "POST " + BUCKET + "/tables-definition": ({"id": "bucket"}, {"name": "UNIQUE", "columns": [{"name": "a", "basetype": "STRING"}]}, BUCKET_WRITE),
    "POST " + BUCKET + "/table-aliases": ({"id": "bucket"}, {"name": "UNIQUE", "sourceTable": "TABLE"}, BUCKET_WRITE),
    "GET /v2/storage/tables": ({}, None, ANYBODY),
    "GET " + TABLE: ({"id": "table"}, None, BUCKET_READ),
    "PUT " + TABLE: ({"id": "table"}, {"displayName": "UNIQUE"}, BUCKET_WRITE),
    "DELETE " + TABLE: ({"id": "Table"}, None, BUCKET_WRITE),
    "GET " + TABLE + "/data-preview": ({"id": "table"}, None, BUCKET_READ),
    "POST " + TABLE + "/export-async": ({"id": "table"}, {}, BUCKET_READ),
    "POST " + TABLE + "/import": ({"id": "table"}, {"dataString": "id,name\n1,a\n"}, BUCKET_WRITE),
    "POST " + TABLE + "/import-async": ({"id": "table"}, {"dataFileId": "OWNFILE"}, BUCKET_WRITE),
    "DELETE " + TABLE + "/rows": ({"id": "table"}, {"whereColumn": "id", "whereValues": ["nothing"]}, BUCKET_WRITE),
    "GET " + TABLE + "/events": ({"id": "table"}, None, BUCKET_READ),
    "GET " + TABLE + "/metadata": ({"id": "table"}, None, BUCKET_READ),
    "POST " + TABLE + "/metadata": ({"id": "table"}, META, BUCKET_WRITE),
    "DELETE " + TABLE + "/metadata/{metadata}": ({"id": "table", "metadata": "TableMetadata"}, None, BUCKET_WRITE),
    "POST " + TABLE + "/columns": ({"id": "Table"}, {"name": "more"}, BUCKET_WRITE),
    "DELETE " + TABLE + "/columns/{column}": ({"id": "Table", "column": "name"}, None, BUCKET_WRITE),
    "PUT " + TABLE + "/columns/{column}/definition": ({"id": "table", "column": "name"}, {"description": "UNIQUE"}, BUCKET_WRITE),
    "PUT " + TABLE + "/definition": ({"id": "table"}, {"description": "UNIQUE"}, BUCKET_WRITE),
    "POST " + TABLE + "/primary-key": ({"id": "Table"}, {"columns": ["id"]}, BUCKET_WRITE),
    "DELETE " + TABLE + "/primary-key": ({"id": "Table"}, None, BUCKET_WRITE),
    "POST " + TABLE + "/snapshots": ({"id": "table"}, {"description": "s"}, BUCKET_WRITE),
    "GET " + TABLE + "/snapshots": ({"id": "table"}, None, BUCKET_READ),
    "POST " + TABLE + "/alias-filter": ({"id": "Alias"}, {"column": "id", "values": ["1"]}, BUCKET_WRITE),
    "DELETE " + TABLE + "/alias-filter": ({"id": "Alias"}, None, BUCKET_WRITE),
    "POST " + TABLE + "/alias-columns-auto-sync": ({"id": "Alias"}, None, BUCKET_WRITE),
    "DELETE " + TABLE + "/alias-columns-auto-sync": ({"id": "Alias"}, None, BUCKET_WRITE),
    "POST " + TABLE + "/optimize": ({"id": "table"}, None, BUCKET_WRITE),
    "GET /v2/storage/snapshots/{id}": ({"id": "snapshot"}, None, BUCKET_READ),
    "DELETE /v2/storage/snapshots/{id}": ({"id": "Snapshot"}, None, BUCKET_WRITE),
    "GET /v2/storage/columns/{id}/metadata": ({"id": "column"}, None, BUCKET_READ),
    "POST /v2/storage/columns/{id}/metadata": ({"id": "column"}, META, BUCKET_WRITE),
    "DELETE /v2/storage/columns/{id}/metadata/{metadata}": ({"id": "column", "metadata": "ColumnMetadata"}, None, BUCKET_WRITE),
    "GET /v2/storage/metadata": ({}, None, ANYBODY),
    "POST /v2/storage/metadata": ({}, {"metadata": [{"key": "k", "value": "v"}]}, MASTER_WRITER),
    "DELETE /v2/storage/metadata/{metadata}": ({"metadata": "BranchMetadata"}, None, MASTER_WRITER),
    "GET /v2/storage/search/tables": ({}, {"metadataKey": "k"}, ANYBODY),
    "GET /v2/storage/search/component-configurations": ({}, {"metadataKeys": ["k"]}, ANYBODY),
    "GET /v2/storage/global-search": ({}, {"query": "x"}, ANYBODY),
    "GET /v2/storage/stats": ({}, {"runId": "1"}, ANYBODY),
    "GET /v2/storage/components": ({}, None, COMPONENT_READ),
    "GET /v2/storage/branch/{branch}/components/{id}": ({"branch": "branch", "id": "component"}, None, ANYBODY),
    "GET /v2/storage/components/{component}/configs": ({"component": "component"}, None, COMPONENT_READ),
    "POST /v2/storage/components/{component}/configs": ({"component": "component"}, {"name": "n"}, COMPONENT_WRITE),
    "GET " + CONFIG: ({"component": "component", "id": "config"}, None, COMPONENT_READ),
    "PUT " + CONFIG: ({"component": "component", "id": "config"}, {"description": "UNIQUE"}, COMPONENT_WRITE),
    "PUT " + CONFIG + "/state": ({"component": "component", "id": "config"}, {"state": {"a": 1}}, COMPONENT_WRITE),
    "DELETE " + CONFIG: ({"component": "component", "id": "Config"}, None, COMPONENT_WRITE),
    "POST " + CONFIG + "/restore": ({"component": "component", "id": "TrashedConfig"}, None, COMPONENT_WRITE),
    "POST " + CONFIG + "/reset-to-default": ({"component": "component", "id": "config"}, None, COMPONENT_WRITE),
    "GET " + CONFIG + "/metadata": ({"component": "component", "id": "config"}, None, COMPONENT_READ),
    "POST " + CONFIG + "/metadata": ({"component": "component", "id": "config"}, {"metadata": [{"key": "k", "value": "v"}]}, COMPONENT_WRITE),
    "DELETE " + CONFIG + "/metadata/{metadata}": ({"component": "component", "id": "config", "metadata": "ConfigMetadata"}, None, COMPONENT_WRITE),
    "GET " + CONFIG + "/rows": ({"component": "component", "id": "config"}, None, COMPONENT_READ),
    "POST " + CONFIG + "/rows": ({"component": "component", "id": "config"}, {"name": "r"}, COMPONENT_WRITE),
    "GET " + CONFIG + "/rows/{row}": ({"component": "component", "id": "config", "row": "row"}, None, COMPONENT_READ),
    "PUT " + CONFIG + "/rows/{row}": ({"component": "component", "id": "config", "row": "row"}, {"name": "UNIQUE"}, COMPONENT_WRITE),
    "PUT " + CONFIG + "/rows/{row}/state": ({"component": "component", "id": "config", "row": "row"}, {"state": {"a": 1}}, COMPONENT_WRITE),
    "DELETE " + CONFIG + "/rows/{row}": ({"component": "component", "id": "config", "row": "Row"}, None, COMPONENT_WRITE),
    "GET " + CONFIG + "/rows/{row}/versions": ({"component": "component", "id": "config", "row": "row"}, None, COMPONENT_READ),
    "GET " + CONFIG + "/rows/{row}/versions/{version}": ({"component": "component", "id": "config", "row": "row", "version": "one"}, None, COMPONENT_READ),
    "POST " + CONFIG + "/rows/{row}/versions/{version}/rollback": ({"component": "component", "id": "config", "row": "Row", "version": "one"}, None, COMPONENT_WRITE),
    "POST " + CONFIG + "/rows/{row}/versions/{version}/create": ({"component": "component", "id": "config", "row": "row", "version": "one"}, None, COMPONENT_WRITE),
    "GET " + CONFIG + "/versions": ({"component": "component", "id": "config"}, None, COMPONENT_READ),
    "GET " + CONFIG + "/versions/{version}": ({"component": "component", "id": "config", "version": "one"}, None, COMPONENT_READ),
    "POST " + CONFIG + "/versions/{version}/rollback": ({"component": "component", "id": "Config", "version": "one"}, None, COMPONENT_WRITE),
    "POST " + CONFIG + "/versions/{version}/create": ({"component": "component", "id": "config", "version": "one"}, {"name": "copy"}, COMPONENT_WRITE),
    "GET /v2/storage/events": ({}, None, ANYBODY),
    "POST /v2/storage/events": ({}, {"component": "matrix", "message": "m"}, ANYBODY),
    "GET /v2/storage/events/checkpoints": ({}, None, policy(MASTERS)),
    "GET /v2/storage/events/{id}": ({"id": "event"}, None, policy(MASTERS)),
    "GET /v2/storage/tokens/{id}/events": ({"id": "token"}, None, TOKEN_MANAGER),
    "POST /v2/storage/files/prepare": ({}, {"name": "f"}, ANY_WRITER),
    "GET /v2/storage/files": ({}, None, ANYBODY),
    "GET /v2/storage/files/{id}": ({"id": "file"}, None, FILE_READ),
    "PUT /v2/storage/files/{id}/refresh": ({"id": "file"}, None, FILE_WRITE),
    "DELETE /v2/storage/files/{id}": ({"id": "File"}, None, FILE_WRITE),
    "POST /v2/storage/files/{id}/tags": ({"id": "file"}, {"tag": "t"}, FILE_WRITE),
    "DELETE /v2/storage/files/{id}/tags/{tag*}": ({"id": "file", "tag*": "t"}, None, FILE_WRITE),
    "GET /v2/storage/jobs": ({}, None, ANYBODY),
    "GET /v2/storage/jobs/{id}": ({"id": "job"}, None, policy(MASTERS)),
    "POST /v2/storage/tickets": ({}, None, ANYBODY),
    "GET /v2/storage/tokens/verify": ({}, None, ANYBODY),
    "GET /v2/storage/tokens": ({}, None, ANYBODY),
    "POST /v2/storage/tokens": ({}, {"description": "m"}, TOKEN_CREATOR),
    "GET /v2/storage/tokens/{id}": ({"id": "token"}, None, TOKEN_MANAGER),
    "PUT /v2/storage/tokens/{id}": ({"id": "token"}, {"description": "UNIQUE"}, TOKEN_MANAGER),
    "DELETE /v2/storage/tokens/{id}": ({"id": "Token"}, None, TOKEN_MANAGER),
    "POST /v2/storage/tokens/{id}/refresh": ({"id": "Token"}, None, TOKEN_MANAGER),
    "POST /v2/storage/tokens/{id}/share": ({"id": "token"}, {"recipientEmail": "x@example.com", "message": "m"}, TOKEN_MANAGER),
    "POST /v2/storage/tokens/{id}/disable": ({"id": "Token"}, None, TOKEN_MANAGER),
    "POST /v2/storage/tokens/{id}/enable": ({"id": "Token"}, None, TOKEN_MANAGER),
    "GET /v2/storage/tokens/{id}/links": ({"id": "token"}, None, TOKEN_MANAGER),
    "DELETE /v2/storage/tokens/{id}/links/{link}": ({"id": "token", "link": "Link"}, None, TOKEN_MANAGER),
    "GET /v2/storage/triggers": ({}, None, ANYBODY),
    "POST /v2/storage/triggers": ({}, {"component": "COMPONENT", "configurationId": "1", "coolDownPeriodMinutes": 5, "runWithTokenId": "RUNTOKEN",
                                       "tableIds": ["TABLE"]}, policy("manager " + WRITERS)),
    "GET /v2/storage/triggers/{id}": ({"id": "trigger"}, None, TRIGGER_READ),
    "PUT /v2/storage/triggers/{id}": ({"id": "trigger"}, {"coolDownPeriodMinutes": 6}, TRIGGER_WRITE),
    "DELETE /v2/storage/triggers/{id}": ({"id": "Trigger"}, None, TRIGGER_WRITE),
    "POST /v2/storage/webalize/display-name": ({}, {"displayName": "a b"}, ANYBODY),
    "POST /v2/storage/webalize/column-names": ({}, {"columnNames": ["a b"]}, ANYBODY),
    "POST /v2/storage/validate/column-names": ({}, {"columnNames": ["ab"]}, ANYBODY),
}

# Turned away at the door, before anything that the call names is looked up: readOnly masters wherever something changes (R04), and these.
# The door is open where a token may do to itself what it may not do to others; the permission to read suffices for an export.
OPEN_DOOR = {"DELETE /v2/storage/tokens/{id}", "POST /v2/storage/tokens/{id}/refresh", "POST " + TABLE + "/export-async"}
DOOR = {
    "POST /v2/storage/dev-branches": "manager", "PUT /v2/storage/dev-branches/{id}": "manager", "DELETE /v2/storage/dev-branches/{id}": "manager",
    "POST /v2/storage/metadata": "manager", "DELETE /v2/storage/metadata/{metadata}": "manager", "POST /v2/storage/buckets": "write component",
    "GET /v2/storage/events/checkpoints": "manager", "POST /v2/storage/tokens": "manager", "PUT /v2/storage/tokens/{id}": "manager guest",
    "POST /v2/storage/tokens/{id}/share": "manager guest", "POST /v2/storage/tokens/{id}/disable": "manager guest",
    "POST /v2/storage/tokens/{id}/enable": "manager guest", "GET /v2/storage/tokens/{id}/links": "manager guest",
    "DELETE /v2/storage/tokens/{id}/links/{link}": "manager guest",
}

# What a caller may not see is not there for it: 404 instead of 403 (R15; behaviour.md §4, §9).
HIDDEN = {"GET /v2/storage/events/{id}", "GET /v2/storage/jobs/{id}", "GET /v2/storage/triggers/{id}"}

# Let in, and then told that it means nothing in the default branch (behaviour.md §11).
ONLY_IN_BRANCHES = {"POST " + CONFIG + "/reset-to-default"}

# The closed list of R01: no token is asked for.
PUBLIC = {
    "GET /v2/storage", "GET /v2/storage/components/{id}", "GET /health/live", "GET /health/ready", "GET /metrics", "GET /openapi.json", "GET /docs",
    "GET /docs/style.css", "POST /auth/login", "POST /auth/reset", "POST /auth/reset/confirm", "POST /auth/activate", "GET /auth/invitation",
    "POST /auth/invitation", "GET /retrieve/{link}", "POST /retrieve/{link}", "GET /retrieve/assets/page.css", "GET /retrieve/assets/copy.js",
}
SIGNED = {method + " /chatelaine.blob.core.windows.net/{container}/{blob*}" for method in ("GET", "HEAD", "PUT")}
SIGNED.add("GET /chatelaine.blob.core.windows.net/{container}")
# Services beside storage, open to every living token; their codes are numbers: test_http.py tries who is refused.
SERVICES = {"GET /schedules", "GET /project-subscriptions"}
# A signed-in browser only; a token of any kind is refused.
SESSION = {"GET /auth/session", "DELETE /auth/session", "PATCH /auth/profile", "POST /auth/password", "POST /auth/totp/setup", "POST /auth/totp/enable",
           "POST /auth/totp/disable"}

# The Management API: who, by the user behind the management token. "outsider" is a user of another organization, "member" an admin of
# the project, "org" a member of the organization, "super" a super admin. Everybody else gets 403 or 404, alike for what is not there.
SUPER, ORG, MEMBER, SEES, SELF = ("super",), ("super", "org"), ("super", "org", "member"), ("super", "org", "member", "guest"), ("super", "org", "member", "guest", "outsider")
MANAGE = {
    "GET /manage/features": SELF, "POST /manage/features": SUPER, "GET /manage/features/{id}": SELF, "PATCH /manage/features/{id}": SUPER,
    "DELETE /manage/features/{id}": SUPER, "POST /manage/projects/{id}/features": SUPER, "DELETE /manage/projects/{id}/features/{name}": SUPER,
    "POST /manage/projects/{id}/limits": SUPER, "DELETE /manage/projects/{id}/limits/{name}": SUPER,
    "POST /manage/users/{idOrEmail}/features": SUPER, "DELETE /manage/users/{idOrEmail}/features/{name}": SUPER,
    "GET /manage/projects/{id}/invitations": SEES, "POST /manage/projects/{id}/invitations": MEMBER,
    "GET /manage/projects/{id}/invitations/{invitationId}": SEES, "DELETE /manage/projects/{id}/invitations/{invitationId}": MEMBER,
    "GET /manage/organizations/{id}/invitations": ORG, "POST /manage/organizations/{id}/invitations": ORG,
    "GET /manage/organizations/{id}/invitations/{invitationId}": ORG, "DELETE /manage/organizations/{id}/invitations/{invitationId}": ORG,
    "GET /manage/current-user/projects-invitations": SELF, "GET /manage/current-user/organizations-invitations": SELF,
    "GET /manage/maintainers": SELF, "POST /manage/maintainers": SUPER, "GET /manage/maintainers/{id}": SUPER, "PATCH /manage/maintainers/{id}": SUPER,
    "DELETE /manage/maintainers/{id}": SUPER, "GET /manage/maintainers/{id}/users": SUPER, "POST /manage/maintainers/{id}/users": SUPER,
    "DELETE /manage/maintainers/{id}/users/{userId}": SUPER, "POST /manage/maintainers/{id}/join-maintainer": SUPER,
    "GET /manage/projects/{id}/users": SEES, "POST /manage/projects/{id}/users": MEMBER, "PATCH /manage/projects/{id}/users/{userId}": MEMBER,
    "DELETE /manage/projects/{id}/users/{userId}": MEMBER,
    "GET /manage/projects/{id}/join-requests": SEES, "GET /manage/projects/{id}/join-requests/{requestId}": SEES,
    "PUT /manage/projects/{id}/join-requests/{requestId}": MEMBER, "DELETE /manage/projects/{id}/join-requests/{requestId}": MEMBER,
    "GET /manage/current-user/projects-join-requests": SELF, "GET /manage/organizations": SELF,
    "GET /manage/maintainers/{id}/organizations": SUPER, "POST /manage/maintainers/{id}/organizations": SUPER,
    "GET /manage/organizations/{id}": ORG, "PATCH /manage/organizations/{id}": ORG, "DELETE /manage/organizations/{id}": ORG,
    "GET /manage/organizations/{id}/users": ORG, "POST /manage/organizations/{id}/users": ORG, "DELETE /manage/organizations/{id}/users/{userId}": ORG,
    "POST /manage/organizations/{id}/join-organization": ORG, "GET /manage/organizations/{id}/projects": ORG,
    "POST /manage/organizations/{id}/projects": ORG, "GET /manage/projects/{id}": SEES, "PUT /manage/projects/{id}": MEMBER,
    "PATCH /manage/projects/{id}": MEMBER, "DELETE /manage/projects/{id}": ORG, "POST /manage/projects/{id}/disabled": ORG,
    "POST /manage/projects/{id}/organizations": ORG, "GET /manage/deleted-projects": SUPER, "GET /manage/deleted-projects/{id}": SUPER,
    "DELETE /manage/deleted-projects/{id}": SUPER, "POST /manage/deleted-projects/{id}/purge": SUPER, "POST /manage/projects/{id}/tokens": MEMBER,
    "GET /manage/tokens/verify": SELF, "GET /manage/current-user/tokens": SELF, "POST /manage/current-user/tokens": SELF,
    "GET /manage/users": SUPER, "GET /manage/users/{idOrEmail}": SUPER, "PUT /manage/users/{idOrEmail}": SUPER, "DELETE /manage/users/{idOrEmail}": SUPER,
    "DELETE /manage/users/{idOrEmail}/mfa": SUPER, "POST /manage/users/{idOrEmail}/super-admin": SUPER,
    "GET /manage/users/{idOrEmail}/organizations": SUPER, "GET /manage/users/{idOrEmail}/projects": SUPER, "GET /manage/users/{idOrEmail}/maintainers": SUPER,
}
# Own things of the caller, addressed by an id that is nobody else's business: a stranger's id is 404 or 403 for everybody.
OWN = {
    "GET /manage/current-user/projects-invitations/{id}", "PUT /manage/current-user/projects-invitations/{id}", "DELETE /manage/current-user/projects-invitations/{id}",
    "GET /manage/current-user/organizations-invitations/{id}", "PUT /manage/current-user/organizations-invitations/{id}",
    "DELETE /manage/current-user/organizations-invitations/{id}", "GET /manage/current-user/projects-join-requests/{id}",
    "DELETE /manage/current-user/projects-join-requests/{id}", "POST /manage/current-user/tokens/{id}/refresh", "DELETE /manage/current-user/tokens/{id}",
    "POST /manage/projects/{id}/request-access", "POST /manage/projects/{id}/join-project", "POST /manage/current-user/session-token",
}
