"""Whatever is sent to buckets, tables, aliases, metadata, branches and names is answered with a clear refusal or done, never a 5xx."""
import itertools

import pytest

VALUES = [None, "", " ", "x" * 70000, "\x00", "a\x00b", "'; DROP TABLE buckets; --", "%", "..", "é\u202e", -1, 0, 10**30, 1.5, True, [], {}, [None],
          [[]], [{}], {"": None}, {"a": {"b": []}}, [1, "a"], ["x" * 300], {"column": "id", "values": [{}]}, {"column": 1, "values": "x"}]
CALLS = [
    ("POST", "buckets", ["name", "stage", "description", "displayName", "color", "backend"], {"name": "ok"}),
    ("PUT", "buckets/{bucket}", ["displayName", "color", "async"], {}),
    ("DELETE", "buckets/in.c-none", ["force", "async"], {}),
    ("POST", "buckets/{bucket}/owner", ["id", "email"], {}),
    ("POST", "buckets/{bucket}/metadata", ["provider", "metadata"], {"provider": "user", "metadata": [{"key": "k", "value": "v"}]}),
    ("POST", "buckets/{bucket}/tables-definition", ["name", "columns", "primaryKeysNames"], {"name": "made", "columns": [{"name": "id"}]}),
    ("POST", "buckets/{bucket}/table-aliases", ["sourceTable", "name", "aliasColumns", "aliasFilter"], {"sourceTable": "{table}"}),
    ("PUT", "tables/{table}", ["displayName", "async"], {}),
    ("POST", "tables/{table}/columns", ["name", "definition", "basetype"], {"name": "ok"}),
    ("DELETE", "tables/{table}/columns/none", ["force"], {}),
    ("POST", "tables/{table}/primary-key", ["columns", "skipDuplicatesCheck"], {"columns": ["id"]}),
    ("POST", "tables/{table}/alias-filter", ["column", "operator", "values"], {"column": "id", "values": ["1"]}),
    ("POST", "tables/{table}/metadata", ["provider", "metadata", "columnsMetadata"], {"provider": "user", "metadata": []}),
    ("POST", "columns/{table}.id/metadata", ["provider", "metadata"], {"provider": "user"}),
    ("POST", "branch/default/metadata", ["metadata"], {}),
    ("POST", "dev-branches", ["name", "description"], {}),
    ("PUT", "dev-branches/default", ["name", "description"], {}),
    ("POST", "webalize/display-name", ["displayName"], {}),
    ("POST", "webalize/column-names", ["columnNames"], {}),
    ("POST", "validate/column-names", ["columnNames"], {}),
    ("GET", "search/tables", ["metadataKey", "metadataValue", "metadataProvider", "include"], {}),
    ("GET", "jobs", ["limit", "offset", "storage_job_status", "start_time_from", "end_time"], {}),
    ("GET", "tables", ["include"], {}),
]


def filled(value, names):
    if isinstance(value, dict):
        return {key: filled(inner, names) for key, inner in value.items()}
    return value.format(**names) if isinstance(value, str) and value in ("{table}", "{bucket}") else value


@pytest.mark.parametrize("method, path, arguments, standard", CALLS, ids=[method + " " + path for method, path, _, _ in CALLS])
def test_no_argument_breaks_the_server(api, make_bucket, define_table, method, path, arguments, standard):
    bucket = make_bucket()
    names = {"bucket": bucket, "table": define_table(bucket)}
    for argument, value in itertools.product(arguments, VALUES):
        body = {**filled(standard, names), argument: value}
        answer = api.call(method, path.format(**names), json=body)
        assert answer.status_code < 500, (argument, value, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["error"], (argument, value, answer.text)
    for body in (b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 5000, b'{"name":"a\\u0000b"}'):
        answer = api.call(method, path.format(**names), data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, (body[:20], answer.text)
    assert api.get("tables/" + names["table"]).status_code == 200


PATHS = ["buckets/%s", "buckets/%s/tables", "buckets/%s/metadata", "buckets/%s/owner", "tables/%s", "tables/%s/metadata", "columns/%s/metadata",
         "tables/%s/snapshots", "dev-branches/%s", "branch/%s/metadata", "jobs/%s", "snapshots/%s", "tables/%s/data-preview"]


@pytest.mark.parametrize("path", PATHS)
def test_no_name_in_a_path_breaks_the_server(api, path):
    for name in ("x", "x.y", "in.c-x.y.z.w", "%00", "%ff", "a%00b", "9" * 40, "-1", "%20", "x" * 3000, "in.c-%27", "%25", "é"):
        for method in ("GET", "DELETE"):
            answer = api.call(method, path % name)
            assert 400 <= answer.status_code < 500, (method, name, answer.status_code, answer.text)
