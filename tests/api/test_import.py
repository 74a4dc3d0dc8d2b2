"""Tables from files and files into tables: behaviour.md §6.1, §6.2, §3.3, §4."""
import gzip
import json

import pytest

from conftest import unique
from support.server import assert_error


def create(api, bucket, csv, token=None, name=None, file_name="data.csv", **options):
    file_id = api.upload(csv, name=file_name, token=token)
    return api.wait(api.post("buckets/%s/tables-async" % bucket, token=token,
                             json={"name": name or unique("table"), "dataFileId": file_id, **options}), token=token)


def load(api, table, csv, token=None, file_name="data.csv", **options):
    file_id = api.upload(csv, name=file_name, token=token)
    return api.wait(api.post("tables/%s/import-async" % table, token=token, json={"dataFileId": file_id, **options}), token=token)


def rows(api, table, **params):
    """The table's rows as texts, without the header."""
    response = api.get("tables/%s/data-preview" % table, params={"limit": 1000, **params})
    assert response.status_code == 200, response.text
    return response.text.split("\n")[1:-1]


def ok(job):
    assert job["status"] == "success", job
    return job["results"]


def failed(job, code, text=""):
    assert job["status"] == "error", job
    assert job["error"]["code"] == code, job
    assert text in job["error"]["message"], job
    return job


# --- create --------------------------------------------------------------------------------------------------------------


def test_create_answers_with_the_table(api, make_bucket):
    bucket = make_bucket()
    job = create(api, bucket, "id,name\n1,first\n2,second\n", name="users", primaryKey="id")
    assert job["operationName"] == "tableCreate" and job["tableId"] is None
    assert job["operationParams"]["source"]["type"] == "file"
    table = ok(job)
    assert table["id"] == bucket + ".users" and table["name"] == table["displayName"] == "users"
    assert table["columns"] == ["id", "name"] and table["primaryKey"] == ["id"]
    assert table["rowsCount"] == 2 and table["dataSizeBytes"] > 0 and table["lastImportDate"]
    assert rows(api, table["id"]) == ['"1","first"', '"2","second"']
    detail = api.get("tables/" + table["id"]).json()
    assert detail["rowsCount"] == 2 and detail["columns"] == ["id", "name"]


def test_create_cleans_header_names(api, make_bucket):
    table = ok(create(api, make_bucket(), "with spaces,ščřšč,_with_underscore,language-id,xMax,CTID,Id,row_number,1\na,b,c,d,e,f,g,h,i\n"))
    assert table["columns"] == ["with_spaces", "scrsc", "with_underscore", "language_id", "xMax_", "CTID_", "Id", "row_number", "1"]
    ok(load(api, table["id"], "with spaces,ščřšč,_with_underscore,language-id,xMax,CTID_,Id,row_number,1\n1,2,3,4,5,6,7,8,9\n"))
    assert rows(api, table["id"]) == ['"1","2","3","4","5","6","7","8","9"']


@pytest.mark.parametrize("csv,code", [
    ("", "storage.tables.validation.noColumns"),
    ("id,,name\n1,2,3\n", "storage.tables.validation.invalidColumnName"),
    ("id," + "x" * 65 + "\n1,2\n", "storage.tables.validation.invalidColumnName"),
    ("id,$$\n1,2\n", "storage.tables.validation.invalidColumnName"),
    ("id,ID\n1,2\n", "storage.tables.validation"),
    ('id,"name\n1,2\n', "invalidCsv"),
    ("id,name\n1,2,3\n", "invalidCsv"),
    ("id,name\r1,2\r", "invalidCsv"),
    (b"id,name\n1,\xff\xfe\n", "invalidData"),
    (b"id,name\n1,a\0b\n", "invalidData"),
])
def test_create_refuses_bad_files_and_leaves_nothing(api, make_bucket, csv, code):
    bucket = make_bucket()
    failed(create(api, bucket, csv, name="bad"), code)
    assert api.get("buckets/%s/tables" % bucket).json() == []
    assert_error(api.get("tables/%s.bad" % bucket), 404, "storage.tables.notFound")
    ok(create(api, bucket, "id,name\n1,a\n", name="bad"))


def test_create_wide_row_is_a_load_error(api, make_bucket):
    failed(create(api, make_bucket(), "id,name\n1,2\n1,2,3\n"), "invalidCsv", "Load error:")


def test_create_names_and_keys(api, make_bucket):
    bucket = make_bucket()
    failed(create(api, bucket, "id\n1\n", name="with.dot"), "storage.tables.validation")
    failed(create(api, bucket, "id\n1\n", primaryKey="nothing"), "storage.tables.validation.invalidPrimaryKeyColumns")
    failed(create(api, bucket, "Id\n1\n", primaryKey="id"), "storage.tables.validation.invalidPrimaryKeyColumns")
    ok(create(api, bucket, "id\n1\n", name="1"))
    failed(create(api, bucket, "id\n1\n", name="1"), "storage.buckets.tableAlreadyExists")
    failed(create(api, "in.c-nothing", "id\n1\n"), "storage.buckets.notFound")
    for name in (None, ""):
        assert_error(api.post("buckets/%s/tables-async" % bucket, json={"name": name, "dataFileId": 1}), 400,
                     text='Table create option "name" is required and cannot be empty.')
    assert_error(api.post("buckets/%s/tables-async" % bucket, json={"name": "a", "dataFileId": 1, "delimiter": "/t"}), 400, "invalidCsv")
    assert_error(api.post("buckets/%s/tables-async" % bucket, json={"name": "a", "dataFileId": 1, "primaryKey": ["id"]}), 400,
                 "storage.validation.primaryKey")
    assert_error(api.post("buckets/%s/tables-async" % bucket,
                          json={"name": "a", "dataFileId": 1, "enclosure": '"', "escapedBy": "\\"}), 400, "csvImport.invalidCsvParams")


def test_create_explicit_nulls_are_absent(api, make_bucket):
    table = ok(create(api, make_bucket(), "id\n1\n", primaryKey=None, distributionKey=None, columns=None, syntheticPrimaryKeyEnabled=None,
                      delimiter=None, enclosure=None, escapedBy=None))
    assert table["primaryKey"] == []


def test_create_from_a_file_never_uploaded(api, make_bucket):
    file_id = api.post("files/prepare", json={"name": "x.csv", "federationToken": True}).json()["id"]
    job = api.wait(api.post("buckets/%s/tables-async" % make_bucket(), json={"name": "t", "dataFileId": file_id}))
    failed(job, "storage.fileNotUploaded")


def test_create_from_an_unknown_workspace(api, make_bucket):
    job = api.wait(api.post("buckets/%s/tables-async" % make_bucket(), json={"name": "t", "dataWorkspaceId": 123456, "dataObject": "x"}))
    failed(job, "workspace.workspaceNotFound", 'Workspace "123456" not found.')


def test_create_sync(api, make_bucket):
    bucket = make_bucket()
    made = api.post("buckets/%s/tables" % bucket, data={"name": "a", "primaryKey": "id"}, files={"data": ("a.csv", "id,name\n1,x\n")})
    assert made.status_code == 201, made.text
    assert made.json()["id"] == bucket + ".a" and made.json()["primaryKey"] == ["id"]
    made = api.post("buckets/%s/tables" % bucket, data={"name": "b", "dataString": "id\n1\n2"})
    assert made.status_code == 201 and made.json()["rowsCount"] == 2
    assert_error(api.post("buckets/%s/tables" % bucket, data={"name": "c", "dataString": ""}), 400, "storage.tables.validation.noColumns")
    assert_error(api.post("buckets/%s/tables" % bucket, data={"name": "a", "dataString": "id\n1"}), 400, "storage.buckets.tableAlreadyExists")
    assert_error(api.post("buckets/%s/tables" % bucket, data={"name": "d", "dataString": "id\n1", "delimiter": "/t"}), 400, "invalidCsv")
    assert_error(api.post("buckets/%s/tables" % bucket, data={"name": "d"}), 400, "storage.tables.validation")


def test_create_logs_three_events_with_the_file(api, make_bucket):
    run_id = "987654321"
    bucket = make_bucket()
    file_id = api.upload(gzip.compress(b"id\n1\n"), name="languages.csv.gz")
    job = api.wait(api.post("buckets/%s/tables-async" % bucket, json={"name": "t", "dataFileId": file_id}, headers={"X-KBC-RunId": run_id}))
    events = api.get("tables/%s/events" % ok(job)["id"]).json()
    events = [e for e in events if e["event"] != "storage.tableDetail"]
    assert [e["event"] for e in events] == ["storage.tableImportDone", "storage.tableImportStarted", "storage.tableCreated"]
    assert all(e["runId"] == run_id and e["objectId"] == bucket + ".t" for e in events)
    attachment, = events[0]["attachments"]
    assert attachment["id"] == file_id and attachment["name"] == "languages.csv.gz" and attachment["uploadType"] == "userUpload"
    assert attachment["isSliced"] is False and attachment["isExpired"] is False and attachment["url"] and attachment["created"]


# --- import --------------------------------------------------------------------------------------------------------------


def test_import_replaces_or_adds(api, make_table):
    table = make_table("id,name\n1,a\n2,b\n")
    job = load(api, table, "id,name\n3,c\n")
    results = ok(job)
    assert results["warnings"] == [] and not results["transaction"] and results["importedColumns"] == ["id", "name"]
    assert results["totalRowsCount"] == 1 and results["totalDataSizeBytes"] > 0
    assert job["tableId"] == table and job["operationName"] == "tableImport"
    assert rows(api, table) == ['"3","c"']
    assert ok(load(api, table, "name,id\nd,4\n", incremental=True))["totalRowsCount"] == 2
    assert rows(api, table) == ['"3","c"', '"4","d"']
    assert api.get("tables/" + table).json()["rowsCount"] == 2


def test_import_key_collapses_rows(api, make_table):
    table = make_table("id,part,name\n1,,a\n1,,b\n2,x,c\n1,,d\n", primaryKey="id,part")
    assert sorted(rows(api, table)) == ['"1","","d"', '"2","x","c"']
    ok(load(api, table, 'id,part,name\n1,"",e\n3,,f\n3,,g\n', incremental=True))
    assert sorted(rows(api, table)) == ['"1","","e"', '"2","x","c"', '"3","","g"']
    assert api.get("tables/" + table).json()["rowsCount"] == 3
    ok(load(api, table, "id,part,name\n1,,new\n9,,new\n", incremental=True, deduplicationStrategy="insert"))
    assert sorted(rows(api, table)) == ['"1","","e"', '"2","x","c"', '"3","","g"', '"9","","new"']
    ok(load(api, table, "id,part,name\n1,,a\n1,,b\n"))
    assert rows(api, table) == ['"1","","b"']


def test_import_tells_how_many_rows_it_read(api, make_table):
    table = make_table("id,name\n1,a\n", primaryKey="id")
    for csv, options, count in (("id,name\n1,x\n2,y\n2,z\n", {}, 3), ("id,name\n", {"incremental": True}, 0),
                                ("skip\nid,name\n3,x\n4,y\n", {"ignoredLinesCount": 1}, 2), ("5,x\n", {"columns": ["id", "name"]}, 1)):
        results = ok(load(api, table, csv, **options))
        assert results["importedRowsCount"] == count, (csv, results)
    slices = sliced(api, [("a.csv", "1,x\n"), ("b.csv.gz", gzip.compress(b"2,y\n3,z\n"))])
    assert ok(api.wait(api.post("tables/%s/import-async" % table, json={"dataFileId": slices, "withoutHeaders": True})))["importedRowsCount"] == 3


def test_import_without_key_appends(api, make_table):
    table = make_table("id\n1\n2\n")
    assert ok(load(api, table, "id\n1\n2\n", incremental=1))["totalRowsCount"] == 4


def test_import_columns_must_match(api, make_table):
    table = make_table("id,name\n1,a\n")
    job = failed(load(api, table, "id;name\n1;a\n"), "csvImport.columnsNotMatch",
                 "Some columns are missing in the csv file. Missing columns: id,name. Expected columns: id,name. "
                 'Please check if the expected delimiter "," is used in the csv file.')
    assert job["results"] == {"missingColumns": ["id", "name"], "expectedColumns": ["id", "name"]}
    failed(load(api, table, ""), "csvImport.columnsNotMatch")
    failed(load(api, table, "id,Name\n1,a\n"), "csvImport.columnsNotMatch")
    failed(load(api, table, "id,name,Name\n1,a,b\n"), "csvImport.columnsNotMatch")
    assert rows(api, table) == ['"1","a"'] and api.get("tables/" + table).json()["columns"] == ["id", "name"]


def test_import_adds_new_columns_at_the_end(api, make_table):
    table = make_table("id,name\n1,a\n")
    ok(load(api, table, "new one,name,id\nx,b,2\n", incremental=True))
    assert api.get("tables/" + table).json()["columns"] == ["id", "name", "new_one"]
    assert rows(api, table) == ['"1","a",""', '"2","b","x"']
    failed(load(api, table, "id,name,new_one,another\n1,2,3,4\n1,2\n"), "invalidCsv")
    assert api.get("tables/" + table).json()["columns"] == ["id", "name", "new_one"]
    assert rows(api, table) == ['"1","a",""', '"2","b","x"']


def test_import_columns_headers_and_lines(api, make_table):
    table = make_table("id,name\n1,a\n")
    ok(load(api, table, "x,7\n", columns=["name", "id"]))
    assert rows(api, table) == ['"7","x"']
    for without in (True, False):
        ok(load(api, table, "x,8\n", columns=["name", "id"], withoutHeaders=without))
        assert rows(api, table) == ['"8","x"']
    ok(load(api, table, "9,y\n", withoutHeaders=True))
    assert rows(api, table) == ['"9","y"']
    ok(load(api, table, 'skip\n"this too\nx,10,more\n', columns=["name", "id", "third"], ignoredLinesCount=2, withoutHeaders=True))
    assert rows(api, table) == ['"10","x","more"']
    ok(load(api, table, "junk\nid,name,third\n1,2,3\n", ignoredLinesCount=1))
    assert rows(api, table) == ['"1","2","3"']
    refused = api.post("tables/%s/import-async" % table, json={"dataFileId": api.upload("id,name,third\n"), "ignoredLinesCount": -1})
    assert_error(refused, 400, "storage.tables.validation", "ignoredLinesCount")


def test_import_dialects(api, make_table):
    table = make_table("id,text\n1,a\n")
    ok(load(api, table, '\ufeffid,text\r\n1,"a ""b"", c"\r\n2,"line\none"\r\n3,back\\slash'))
    assert api.get("tables/%s/data-preview" % table).text == '"id","text"\n"1","a ""b"", c"\n"2","line\none"\n"3","back\\slash"\n'
    ok(load(api, table, 'id|text\n1|"a"\n', delimiter="|", enclosure=""))
    assert rows(api, table) == ['"1","""a"""']
    ok(load(api, table, "id\ttext\n1\t'x\ty'\n", delimiter="\\t", enclosure="'"))
    assert rows(api, table) == ['"1","x\ty"']
    ok(load(api, table, "id,text\n1,x\\,y\n", escapedBy="\\"))
    assert rows(api, table) == ['"1","x,y"']
    assert_error(api.post("tables/%s/import-async" % table, json={"dataFileId": 1, "delimiter": "ab"}), 400, "invalidCsv")


def test_import_null_values(api, make_table):
    table = make_table("id,v\n1,a\n")
    assert_error(api.post("tables/%s/import-async" % table, json={"dataFileId": 1, "treatValuesAsNull": ["a", "b"]}), 400, "storage.tables.validation",
                 "This collection should contain 1 element or less.")
    ok(load(api, table, 'id,v\n1,b\n2,\n3,c\n', treatValuesAsNull=["b"]))
    assert rows(api, table) == ['"1",""', '"2",""', '"3","c"']
    ok(load(api, table, 'id,v\n1,b\n2,\n3,""\n', treatValuesAsNull=[]))
    assert rows(api, table) == ['"1","b"', '"2",""', '"3",""']


def test_import_time_of_rows(api, make_table):
    table = make_table("id,name\n1,a\n")
    ok(load(api, table, "id,name,_timestamp\n1,old,2015-02-03 04:05:06\n2,new,2030-01-01T00:00:00+0000\n", useTimestampFromDataFile=True))
    assert api.get("tables/" + table).json()["columns"] == ["id", "name"]
    assert rows(api, table, changedSince="2020-01-01") == ['"2","new"']
    assert rows(api, table, changedUntil="2020-01-01") == ['"1","old"']
    ok(load(api, table, "1,x,2015-02-03\n", columns=["id", "name"], useTimestampFromDataFile=True))
    assert rows(api, table, changedUntil="2020-01-01") == ['"1","x"']
    failed(load(api, table, "id,name,_timestamp\n1,a,never\n", useTimestampFromDataFile=True), "invalidData")
    failed(load(api, table, "id,name\n1,a\n", useTimestampFromDataFile=True), "csvImport.columnsNotMatch")


def test_import_gzip(api, make_table):
    table = make_table("id,name\n1,a\n")
    packed = gzip.compress(b"id,name\n") + gzip.compress(b"2,b\n")
    job = load(api, table, packed, file_name="x.csv.gz")
    assert ok(job)["totalRowsCount"] == 1
    assert job["metrics"] == {"inCompressed": True, "inBytes": len(packed), "inBytesUncompressed": 0, "outCompressed": False, "outBytes": 0,
                              "outBytesUncompressed": 0}
    job = load(api, table, "id,name\n3,c\n")
    assert job["metrics"]["inBytes"] == job["metrics"]["inBytesUncompressed"] == 12 and job["metrics"]["inCompressed"] is False
    failed(load(api, table, packed[:-6], file_name="x.csv.gz"), "invalidData", "cut short")
    failed(load(api, table, b"id,name\n1,a\n", file_name="x.csv.gz"), "invalidData", "damaged")
    failed(load(api, table, packed + b"junk", file_name="x.csv.gz"), "invalidData")
    failed(load(api, table, packed, file_name="x.csv.gzip"), "invalidData")
    for name in ("languages.csv.zip", "languages.invalid.gzip"):
        failed(load(api, table, "id,name\n1,a\n", file_name=name), "invalidData", "is packed")
    assert rows(api, table) == ['"3","c"']


def sliced(api, slices, entries=None, token=None, **options):
    made = api.post("files/prepare", token=token, json={"name": "sliced.csv", "isSliced": True, "federationToken": True, **options}).json()
    where = made["absUploadParams"]
    parts = dict(p.split("=", 1) for p in where["absCredentials"]["SASConnectionString"].split(";"))
    base = "azure://%s.blob.core.windows.net/%s/%s" % (where["accountName"], where["container"], where["blobName"])

    def put(name, content):
        url = "%s/%s/%s?%s" % (parts["BlobEndpoint"], where["container"], where["blobName"] + name, parts["SharedAccessSignature"])
        response = api.session.put(url, data=content, headers={"x-ms-blob-type": "BlockBlob"}, timeout=60)
        assert response.status_code == 201, response.text

    for name, content in slices:
        put(name, content)
    if entries is None:
        entries = [base + name for name, _ in slices]
    if entries != "none":
        put("manifest", entries if isinstance(entries, bytes) else json.dumps({"entries": [{"url": e.replace("{base}", base)} for e in entries]}))
    return made["id"]


def test_import_sliced(api, make_table, make_bucket):
    table = make_table("id,name\n1,a\n")

    def run(file_id, **options):
        return api.wait(api.post("tables/%s/import-async" % table, json={"dataFileId": file_id, **options}))
    slices = [("part1.csv", "1,x"), ("part2.csv.gz", gzip.compress(b"2,y\n")), ("part3.csv", "")]
    ok(run(sliced(api, slices), columns=["id", "name"]))
    assert rows(api, table) == ['"1","x"', '"2","y"']
    ok(run(sliced(api, slices), withoutHeaders=True, incremental=True))
    failed(run(sliced(api, slices)), "csvImport.columnsNotMatch")
    failed(run(sliced(api, slices, entries="none"), withoutHeaders=True), "storage.manifestFileMissing")
    failed(run(sliced(api, slices, entries=["{base}missing.csv"]), withoutHeaders=True), "storage.importFileMissing")
    job = api.wait(api.post("buckets/%s/tables-async" % make_bucket(), json={"name": "t", "dataFileId": sliced(api, slices)}))
    failed(job, "storage.tables.validation.invalidColumnName")
    assert len(rows(api, table)) == 4


def test_R08_manifest_reaches_only_its_own_slices(api, make_table):
    table = make_table("id,name\n1,a\n")
    other = api.upload("9,secret\n")
    detail = api.get("files/%d?federationToken=1" % other).json()["absPath"]
    foreign = "azure://chatelaine.blob.core.windows.net/%s/%s" % (detail["container"], detail["name"])
    for entry in (foreign, "file:///etc/passwd", "http://127.0.0.1/x", "{base}../%s" % detail["name"]):
        job = api.wait(api.post("tables/%s/import-async" % table, json={"dataFileId": sliced(api, [], entries=[entry]), "withoutHeaders": True}))
        assert job["status"] == "error" and job["error"]["code"] in ("storage.unauthorizedAccess", "storage.importFileMissing"), job
    assert rows(api, table) == ['"1","a"']


def test_manifest_that_is_small_as_text_only(api, make_table):
    """Millions of empty entries, or brackets: refused before they take the memory."""
    for text in (b'{"entries": [%s]}' % b",".join([b"{}"] * 3000000), b"[" * 3000000):
        job = api.wait(api.post("tables/%s/import-async" % make_table(), json={"dataFileId": sliced(api, [], entries=text), "withoutHeaders": True}))
        failed(job, "invalidData", "is not valid")


def test_import_sync(api, make_table):
    table = make_table("id,name\n1,a\n")
    done = api.post("tables/%s/import" % table, data={"incremental": 1, "dataString": "id,name\n2,b\n"})
    assert done.status_code == 200 and done.json()["warnings"] == [] and done.json()["totalRowsCount"] == 2 and done.json()["status"] == "ok"
    done = api.post("tables/%s/import" % table, data={"incremental": "0"}, files={"data": ("x.csv.gz", gzip.compress(b"id,name\n5,e\n"))})
    assert done.status_code == 200, done.text
    assert rows(api, table) == ['"5","e"']
    body = assert_error(api.post("tables/%s/import" % table, data={"dataString": "id\n2\n"}), 400, "csvImport.columnsNotMatch")
    assert body["missingColumns"] == ["name"]
    assert_error(api.post("tables/%s/import" % table, data={"dataString": "id,name\n2", "delimiter": "/t"}), 400, "invalidCsv")
    assert rows(api, table) == ['"5","e"']


def test_import_unknown_table(api, make_bucket):
    assert_error(api.post("tables/%s.none/import-async" % make_bucket(), json={"dataFileId": 1}), 404, "storage.tables.notFound")


def test_import_extremes(api, make_bucket):
    columns = ["c%d" % i for i in range(1200)]
    table = ok(create(api, make_bucket(), ",".join(columns) + "\n" + ",".join("v%d" % i for i in range(1200)) + "\n"))
    assert table["columns"] == columns
    assert rows(api, table["id"])[0].endswith('"v1199"')
    big = "x" * 65536
    table = ok(create(api, make_bucket(), "id,text\n1,%s\n" % big))
    assert rows(api, table["id"]) == ['"1","%s"' % big]
    failed(create(api, make_bucket(), ",".join("c%d" % i for i in range(1600)) + "\n"), "storage.tables.validation")


def test_import_records_the_failure(api, make_table):
    table = make_table("id,name\n1,a\n")
    failed(load(api, table, "id\n1\n"), "csvImport.columnsNotMatch")
    event = api.get("tables/%s/events" % table, params={"q": "event:storage.tableImportError"}).json()
    assert len(event) == 1 and "Some columns are missing" in event[0]["message"]


# --- who -----------------------------------------------------------------------------------------------------------------


def test_R09_import_needs_write(api, make_table, make_token, make_bucket):
    table = make_table()
    bucket = table.rsplit(".", 1)[0]
    read = make_token(bucketPermissions={bucket: "read"})["token"]
    write = make_token(bucketPermissions={bucket: "write"})["token"]
    none = make_token(bucketPermissions={make_bucket(): "write"})["token"]
    for token in (read, none):
        for path in ("tables/%s/import-async" % table, "tables/%s/import" % table, "buckets/%s/tables-async" % bucket, "buckets/%s/tables" % bucket):
            assert_error(api.post(path, token=token, json={"name": "x", "dataFileId": 1, "dataString": "id\n1"}), 403, "accessDenied")
    assert rows(api, table) == ['"1","first"', '"2","second"']
    ok(load(api, table, "id,name\n7,seven\n", token=write))
    assert rows(api, table) == ['"7","seven"']
    ok(create(api, bucket, "id\n1\n", token=write))


def test_R09_absent_and_forbidden_tables_look_the_same(api, make_table, make_token):
    token = make_token()["token"]
    answers = [api.post("tables/%s/import-async" % table, token=token, json={"dataFileId": 1}).json() for table in (make_table(), "in.c-none.none")]
    assert answers[0]["error"] == answers[1]["error"] and answers[0]["code"] == answers[1]["code"]


def test_R08_import_reads_only_files_of_its_caller(api, make_table, make_token):
    table = make_table("id,name\n1,a\n")
    write = make_token(bucketPermissions={table.rsplit(".", 1)[0]: "write"})["token"]
    file_id = api.upload("id,name\n9,secret\n")
    failed(api.wait(api.post("tables/%s/import-async" % table, token=write, json={"dataFileId": file_id}), token=write), "accessDenied")
    assert rows(api, table) == ['"1","a"']
    reader = make_token(bucketPermissions={table.rsplit(".", 1)[0]: "write"}, canReadAllFileUploads=True)["token"]
    ok(api.wait(api.post("tables/%s/import-async" % table, token=reader, json={"dataFileId": file_id}), token=reader))


def test_R04_read_only_master_imports_nothing(api, make_table, roles):
    table = make_table("id,name\n1,a\n")
    assert_error(api.post("tables/%s/import-async" % table, token=roles["readOnly"], json={"dataFileId": 1}), 403, "accessDenied")
    assert rows(api, table) == ['"1","a"']


def test_long_keys_and_wide_rows_end_clearly(api, make_bucket):
    """The embedded engine takes them; PostgreSQL's pages have limits, which are told in words and leave nothing."""
    bucket = make_bucket()
    key = "".join("%08x" % (i * 2654435761 % 2**32) for i in range(2000))
    job = create(api, bucket, "id\n%s\n" % key, primaryKey="id")
    assert job["status"] == "success" or job["error"]["code"] == "storage.validation.primaryKey", job
    wide = ",".join("c%d" % i for i in range(1200)) + "\n" + ",".join("value number %d of this row" % i for i in range(1200)) + "\n"
    job = create(api, bucket, wide, name="wide")
    assert job["status"] == "success" or job["error"]["code"] == "invalidData", job
    assert len(api.get("buckets/%s/tables" % bucket).json()) == (job["status"] == "success") * 2
