"""Exports: behaviour.md §6.5, clients.md §3.5."""
import gzip
import re
import time

from support.server import assert_error


def export(api, table, token=None, **options):
    job = api.wait(api.post("tables/%s/export-async" % table, token=token, json=options), token=token)
    assert job["status"] == "success", job
    return job


def credentials(api, file_id, token=None):
    detail = api.get("files/%d?federationToken=1" % file_id, token=token).json()
    parts = dict(p.split("=", 1) for p in detail["absCredentials"]["SASConnectionString"].split(";"))
    return detail, parts


def download(api, file_id, token=None):
    """The slices of an export, as stored."""
    detail, parts = credentials(api, file_id, token)
    where = detail["absPath"]

    def get(blob):
        response = api.session.get("%s/%s/%s?%s" % (parts["BlobEndpoint"], where["container"], blob, parts["SharedAccessSignature"]), timeout=60)
        assert response.status_code == 200, response.text
        return response
    manifest = get(where["name"] + "manifest").json()
    slices = []
    for entry in manifest["entries"]:
        blob = re.split(r"blob\.core\.windows\.net/%s/" % where["container"], entry["url"])[1]
        assert blob.startswith(where["name"]) and "/" not in blob[len(where["name"]):]
        slices.append(get(blob).content)
    return slices


def text(api, file_id, token=None):
    return b"".join(download(api, file_id, token)).decode()


def test_export_is_sliced_headerless_and_quoted(api, make_table):
    table = make_table('id,name\n1,a\n2,"x ""y"""\n3,\n')
    job = export(api, table)
    assert job["operationName"] == "tableExport" and job["tableId"] == table
    assert job["operationParams"]["export"]["columns"] == ["id", "name"] and job["operationParams"]["export"]["gzipOutput"] is False
    assert job["results"]["cacheHit"] is False
    assert job["metrics"]["outBytesUncompressed"] > 0 and job["metrics"]["outBytes"] == 0 and job["metrics"]["outCompressed"] is False
    file_id = job["results"]["file"]["id"]
    detail = api.get("files/%d" % file_id).json()
    assert detail["isSliced"] is True and detail["fileType"] == "csv" and detail["maxAgeDays"] == 2 and detail["sizeBytes"] > 0
    assert text(api, file_id) == '"1","a"\n"2","x ""y"""\n"3",""\n'
    manifest = api.session.get(detail["url"]).json()
    assert all(e["url"].startswith("azure://") and ".blob.core.windows.net/" in e["url"] for e in manifest["entries"])


def test_export_gzip(api, make_table):
    table = make_table("id,name\n1,a\n")
    job = export(api, table, gzip=True)
    assert job["metrics"]["outCompressed"] is True and job["metrics"]["outBytes"] > 0 and job["metrics"]["outBytesUncompressed"] == 0
    assert b"".join(gzip.decompress(s) for s in download(api, job["results"]["file"]["id"])) == b'"1","a"\n'


def test_export_of_an_empty_table(api, make_table):
    table = make_table("id,name\n")
    assert text(api, export(api, table)["results"]["file"]["id"]) == ""
    assert gzip.decompress(download(api, export(api, table, gzip=1)["results"]["file"]["id"])[0]) == b""


def test_export_columns_filters_limit(api, make_table):
    table = make_table("id,name\n1,a\n2,b\n3,a\n")

    def rows(**options):
        return text(api, export(api, table, **options)["results"]["file"]["id"])
    assert rows(columns="name,id") == '"a","1"\n"b","2"\n"a","3"\n'
    assert rows(columns=["id"], whereColumn="name", whereValues=["a"]) == '"1"\n"3"\n'
    assert rows(whereFilters=[{"column": "id", "operator": "ge", "values": [2], "dataType": "INTEGER"}], limit=1) == '"2","b"\n'
    assert rows(orderBy=[{"column": "id", "order": "DESC"}], columns="id") == '"3"\n"2"\n"1"\n'
    assert rows(changedSince="-1 hour", columns="id") == '"1"\n"2"\n"3"\n'
    assert rows(changedUntil="-1 hour", columns="id") == ""
    assert rows(limit=0, columns="id").count("\n") == rows(columns="id").count("\n") > 1
    assert re.match(r'^"1","a","\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"\n$', rows(includeInternalTimestamp=True, limit=1))


def test_export_refused(api, make_table):
    table = make_table()
    assert_error(api.post("tables/%s/export-async" % table, json={"columns": "nothing"}), 400, "storage.tables.validation.columnNotExists")
    assert_error(api.post("tables/%s/export-async" % table, json={"whereColumn": "nothing", "whereValues": ["1"]}), 400,
                 "storage.tables.validation.columnNotExists")
    assert_error(api.post("tables/in.c-dummy.dummy/export-async", json={}), 404, "storage.tables.notFound",
                 'The table "dummy" was not found in the bucket "in.c-dummy"')
    assert_error(api.post("tables/%s2/export-async" % table, json={}), 404, "storage.tables.notFound")


def test_export_of_a_type_that_is_not_there_is_refused_not_made_as_another(api, make_table):
    table = make_table(rows=[["1", "a"]])
    refused = assert_error(api.post("tables/%s/export-async" % table, json={"fileType": "parquet"}), 400, "storage.tables.validation.invalidFormat")
    assert "parquet" in refused["error"]
    first = export(api, table)
    assert export(api, table, fileType="csv")["results"] == {**first["results"], "cacheHit": True}


def test_export_of_a_format_that_is_not_there_is_refused_not_made_as_another(api, make_table):
    table = make_table(rows=[["1", "a"]])
    for form in ("json", "raw"):
        assert form in assert_error(api.post("tables/%s/export-async" % table, json={"format": form}), 400, "storage.tables.validation.invalidFormat")["error"]
    assert export(api, table, format="rfc")["status"] == "success"


def test_the_job_says_all_of_what_is_exported(api, make_table):
    table = make_table(rows=[["1", "a"]])
    said = export(api, table)["operationParams"]["export"]
    assert said == {"tableName": None, "columns": ["id", "name"], "limit": None, "changedSince": None, "changedUntil": None, "gzipOutput": False,
                    "format": "rfc", "whereFilters": [], "fileType": "csv", "timezone": None}
    filters = [{"column": "id", "values": ["1"]}]
    said = export(api, table, gzip=1, columns="name", limit=5, changedSince="-2 days", whereFilters=filters, timezone="Europe/Prague")["operationParams"]["export"]
    assert (said["gzipOutput"], said["columns"], said["limit"], said["changedSince"], said["whereFilters"], said["timezone"]) == (
        True, ["name"], 5, "-2 days", filters, "Europe/Prague")


def test_export_of_the_last_days(api, make_table):
    table = make_table(rows=[["1", "a"]])
    old = "id,name,_timestamp\n1,old,2015-01-01 12:00:00\n2,new,%s\n" % time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 3600))
    job = api.wait(api.post("tables/%s/import-async" % table, json={"dataFileId": api.upload(old), "useTimestampFromDataFile": True}))
    assert job["status"] == "success", job
    assert text(api, export(api, table, days=1)["results"]["file"]["id"]) == '"2","new"\n'
    assert text(api, export(api, table, days=1, changedSince="2014-01-01")["results"]["file"]["id"]).count("\n") == 2
    assert_error(api.post("tables/%s/export-async" % table, json={"days": -1}), 400, "storage.tables.validation")



def test_export_is_made_in_slices(new_server):
    from support.server import Api
    server = new_server(arguments=["--export-slice-bytes", "1048576"])
    api = Api(server.url, server.master)
    assert api.post("buckets", json={"name": "main", "stage": "in"}).status_code == 201
    lines = ["%d,%s" % (i, "x" * 100) for i in range(30000)]
    job = api.wait(api.post("buckets/in.c-main/tables-async", json={"name": "t", "dataFileId": api.upload("id,text\n" + "\n".join(lines))}))
    assert job["status"] == "success", job
    for options in ({}, {"gzip": True}):
        slices = download(api, export(api, "in.c-main.t", **options)["results"]["file"]["id"])
        assert len(slices) > 2
        whole = b"".join(gzip.decompress(s) if options else s for s in slices).decode()
        assert all(len(s) < 2 * 1048576 for s in slices)
        assert whole == "".join('"%s","%s"\n' % tuple(line.split(",")) for line in lines)


def test_export_cache(api, make_table, make_token):
    table = make_table("id,name\n1,a\n")
    first = export(api, table)["results"]
    again = api.wait(api.post("tables/%s/export-async" % table, json={}, headers={"X-KBC-RunId": "77.1"}))["results"]
    assert again == {"file": first["file"], "cacheHit": True}
    assert "77.1" in api.get("files/%d" % first["file"]["id"]).json()["runIds"]
    for options in ({"gzip": True}, {"columns": "id"}, {"limit": 1}, {"whereColumn": "id", "whereValues": ["1"]}):
        other = export(api, table, **options)["results"]
        assert other["cacheHit"] is False and other["file"]["id"] != first["file"]["id"]
    api.wait(api.post("tables/%s/import-async" % table, json={"dataFileId": api.upload("id,name\n2,b\n")}))
    fresh = export(api, table)["results"]
    assert fresh["cacheHit"] is False and text(api, fresh["file"]["id"]) == '"2","b"\n'
    assert api.delete("files/%d" % fresh["file"]["id"]).status_code == 204
    assert export(api, table)["results"]["cacheHit"] is False


def test_R09_cached_export_is_read_by_its_readers_only(api, make_table, make_token, make_bucket):
    table = make_table("id,name\n1,a\n")
    bucket = table.rsplit(".", 1)[0]
    file_id = export(api, table)["results"]["file"]["id"]
    reader = make_token(bucketPermissions={bucket: "read"})
    assert_error(api.get("files/%d" % file_id, token=reader["token"]), 403, "accessDenied")
    again = export(api, table, token=reader["token"])["results"]
    assert again == {"file": {"id": file_id}, "cacheHit": True}
    assert text(api, file_id, token=reader["token"]) == '"1","a"\n'
    api.put("tokens/%s" % reader["id"], json={"bucketPermissions": {make_bucket(): "read"}})
    assert_error(api.get("files/%d" % file_id, token=reader["token"]), 403, "accessDenied")
    assert_error(api.post("tables/%s/export-async" % table, token=reader["token"], json={}), 403, "accessDenied")


def test_R09_export_needs_read(api, make_table, make_token, make_bucket):
    table = make_table()
    other = make_token(bucketPermissions={make_bucket(): "write"})["token"]
    for name in (table, "in.c-none.none"):
        assert_error(api.post("tables/%s/export-async" % name, token=other, json={}), 403, "accessDenied")


def test_export_is_an_event(api, make_table):
    table = make_table()
    file_id = export(api, table)["results"]["file"]["id"]
    event, = api.get("tables/%s/events" % table, params={"q": "event:storage.tableExported"}).json()
    assert event["results"]["file"]["id"] == file_id and event["attachments"][0]["id"] == file_id


def test_export_loads_back(api, make_table):
    csv = 'id,text\n1,"a\nb"\n2,"q""q"\n3,ž\n'
    table = make_table(csv)
    for gzipped in (False, True):
        file_id = export(api, table, gzip=gzipped)["results"]["file"]["id"]
        copy = make_table("id,text\n0,0\n")
        job = api.wait(api.post("tables/%s/import-async" % copy, json={"dataFileId": file_id, "columns": ["id", "text"]}))
        assert job["status"] == "success", job
        assert api.get("tables/%s/data-preview" % copy).text == api.get("tables/%s/data-preview" % table).text
