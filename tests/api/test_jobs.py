"""Jobs: behaviour.md §4, R10, R13."""
import concurrent.futures
import json

from conftest import unique
from support.server import Api, assert_error

KEYS = {"id", "status", "url", "tableId", "operationName", "operationParams", "createdTime", "startTime", "endTime", "runId", "results",
        "creatorToken", "metrics"}


def start(api, bucket, token=None, **headers):
    made = api.post("buckets/%s/tables-definition" % bucket, json={"name": unique("t"), "columns": [{"name": "id"}]}, token=token, headers=headers)
    return api.wait(made, token=token)


def test_a_job_has_exactly_these_keys(api, make_bucket):
    job = start(api, make_bucket())
    assert set(job) == KEYS
    assert isinstance(job["id"], int) and job["url"].endswith("/v2/storage/jobs/%d" % job["id"])
    assert job["operationParams"]["queue"] and job["runId"].isdigit() and isinstance(job["creatorToken"]["id"], str)
    assert job["metrics"] == {"inCompressed": False, "inBytes": 0, "inBytesUncompressed": 0, "outCompressed": False, "outBytes": 0,
                              "outBytesUncompressed": 0}
    assert start(api, make_bucket(), **{"X-KBC-RunId": "12.34"})["runId"] == "12.34"


def test_a_failed_job_says_why(api, make_bucket, make_token):
    bucket = make_bucket()
    api.wait(api.post("buckets/%s/tables-definition" % bucket, json={"name": "t", "columns": [{"name": "id"}]}))
    job = api.wait(api.post("buckets/%s/tables-definition" % bucket, json={"name": "t", "columns": [{"name": "id"}]}))
    assert set(job) == KEYS | {"error"}
    assert job["status"] == "error" and job["results"] is None and job["error"]["code"] == "storage.buckets.tableAlreadyExists"
    assert job["error"]["message"] and job["error"]["exceptionId"]
    event = api.get("events", params={"q": "event:storage.jobFailed"}).json()[0]
    assert event["params"]["jobId"] == job["id"] and event["objectId"] == bucket and event["objectName"] == bucket.split(".")[1]
    assert event["type"] == event["outcome"] == "error"
    failed = api.wait(api.post("tables/%s.t/import-async" % bucket, json={"dataFileId": api.upload("other\n1\n")}))
    event = api.get("tables/%s.t/events" % bucket, params={"q": "event:storage.tableImportError"}).json()[0]
    assert event["params"]["jobId"] == failed["id"] and event["objectId"] == bucket + ".t" and event["objectName"] == "t"
    assert event["type"] == event["outcome"] == "error"


def test_the_list(api, make_bucket):
    bucket = make_bucket()
    jobs = [start(api, bucket)["id"] for _ in range(3)]
    assert [job["id"] for job in api.get("jobs?limit=3").json()] == jobs[::-1]
    assert [job["id"] for job in api.get("jobs?limit=1&offset=1").json()] == [jobs[1]]
    while len(api.get("jobs?limit=100").json()) < 21:
        start(api, bucket)
    assert len(api.get("jobs").json()) == 20
    api.wait(api.post("buckets/%s/tables-definition" % bucket, json={"name": unique("t"), "columns": [{"name": "id"}]}))
    failed = api.get("jobs", params={"storage_job_status[]": "error", "limit": 50}).json()
    assert {job["status"] for job in failed} <= {"error"}
    good = api.get("jobs", params={"excluded_storage_job_status[]": "error"}).json()
    assert {job["status"] for job in good} == {"success"}
    assert api.get("jobs", params={"start_time_from": "2099-01-01 00:00:00"}).json() == []
    assert api.get("jobs", params={"start_time_to": "2000-01-01 00:00:00"}).json() == []
    assert api.get("jobs", params={"start_time_from": "2000-01-01 00:00:00", "limit": 1}).json() != []
    assert_error(api.get("jobs", params={"start_time_from": "soon"}), 400)
    assert_error(api.get("jobs?limit=5000"), 400)


def test_a_limited_token_sees_its_own_jobs(api, make_bucket, make_token, roles):
    bucket = make_bucket()
    limited, other = (make_token(bucketPermissions={bucket: "write"})["token"] for _ in range(2))
    job = start(api, bucket, token=limited)
    start(api, bucket)
    assert [j["id"] for j in api.get("jobs", token=limited).json()] == [job["id"]]
    assert api.get("jobs/%d" % job["id"], token=limited).status_code == 200
    assert api.get("jobs/%d" % job["id"]).status_code == 200
    assert api.get("jobs/%d" % job["id"], token=roles["readOnly"]).status_code == 200
    assert api.get("jobs", token=other).json() == []
    hidden = assert_error(api.get("jobs/%d" % job["id"], token=other), 404, "storage.jobs.notFound")
    absent = assert_error(api.get("jobs/99999999", token=other), 404, "storage.jobs.notFound")
    assert hidden["error"].replace(str(job["id"]), "N") == absent["error"].replace("99999999", "N")
    assert_error(api.get("jobs/text"), 404)


def test_jobs_at_the_same_time_all_end(api, make_bucket):
    bucket = make_bucket()

    def one(_):
        return start(Api(api.url, api.token), bucket)["status"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(40))) == ["success"] * 40


def test_jobs_of_one_table_run_one_after_another(api, define_table):
    table = define_table()

    def add(i):
        client = Api(api.url, api.token)
        return client.wait(client.post("tables/%s/columns" % table, json={"name": "c%02d" % i}))["status"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(add, range(16))) == ["success"] * 16
    assert sorted(api.get("tables/" + table).json()["columns"]) == sorted(["id", "name"] + ["c%02d" % i for i in range(16)])


def test_waiting_and_interrupted_jobs_run_after_a_restart(new_server):
    import os
    import sqlite3
    import pytest
    server = new_server()
    if server.engine:
        pytest.skip("looks into the embedded database")
    api = Api(server.url, server.master)
    bucket = api.post("buckets", json={"name": "b"}).json()["id"]
    job = start(api, bucket)
    server.stop()
    database = sqlite3.connect(os.path.join(server.data, "chatelaine.db"))
    columns = [row[1] for row in database.execute("PRAGMA table_info(jobs)")]
    row = dict(zip(columns, database.execute("SELECT * FROM jobs WHERE id = ?", (job["id"],)).fetchone()))
    for number, status in ((1000001, "waiting"), (1000002, "processing")):
        row.update(id=number, status=status, ended_us=0, results=None,
                   params=json.dumps({"name": "t%d" % number, "columns": [{"name": "id"}]}))
        database.execute("INSERT INTO jobs (%s) VALUES (%s)" % (",".join(columns), ",".join("?" * len(columns))), [row[c] for c in columns])
    database.commit()
    database.close()
    server.start()
    api = Api(server.url, server.master)
    for number in (1000001, 1000002):
        while api.get("jobs/%d" % number).json()["status"] not in ("success", "error"):
            pass
        assert api.get("tables/%s.t%d" % (bucket, number)).status_code == 200


def test_R13_a_job_runs_with_the_permissions_of_the_moment(new_server):
    """A job that waits while its token is deleted, or loses its permission, does nothing."""
    import os
    import sqlite3
    import pytest
    server = new_server()
    if server.engine:
        pytest.skip("looks into the embedded database")
    api = Api(server.url, server.master)
    bucket = api.post("buckets", json={"name": "b"}).json()["id"]
    tokens = [api.post("tokens", json={"description": "t", "bucketPermissions": {bucket: "write"}}).json() for _ in range(2)]
    jobs = [start(api, bucket, token=token["token"])["id"] for token in tokens]
    assert api.delete("tokens/" + tokens[0]["id"]).status_code == 204
    assert api.put("tokens/" + tokens[1]["id"], json={"bucketPermissions": {bucket: "read"}}).status_code == 200
    server.stop()
    database = sqlite3.connect(os.path.join(server.data, "chatelaine.db"))
    for number in jobs:
        database.execute("UPDATE jobs SET status = 'waiting', ended_us = 0, results = NULL, params = ? WHERE id = ?",
                         (json.dumps({"name": "late%d" % number, "columns": [{"name": "id"}]}), number))
    database.commit()
    database.close()
    server.start()
    api = Api(server.url, server.master)
    for number, code in zip(jobs, ("storage.tokenInvalid", "accessDenied")):
        job = api.get("jobs/%d" % number).json()
        while job["status"] not in ("success", "error"):
            job = api.get("jobs/%d" % number).json()
        assert job["status"] == "error" and job["error"]["code"] == code
        assert_error(api.get("tables/%s.late%d" % (bucket, number)), 404)


def test_jobs_of_one_table_take_turns_also_when_they_come_at_once(api, define_table, at_once):
    """A column that is added by many at the same time is there once, and the table still takes data."""
    for _ in range(8):
        table = define_table(columns=["id"])
        jobs = [api.wait(a) if a.status_code == 202 else None for a in at_once(lambda client: client.post("tables/%s/columns" % table, json={"name": "more"}))]
        assert [job["status"] for job in jobs if job].count("success") == 1, jobs
        assert api.get("tables/" + table).json()["columns"] == ["id", "more"]
        assert api.post("tables/%s/import" % table, data={"dataString": "id,more\n1,2\n"}).status_code == 200


def test_a_branch_is_made_once_also_when_many_make_it_at_once(api, at_once):
    for _ in range(4):
        name = unique("together")
        jobs = [api.wait(a) if a.status_code == 202 else None for a in at_once(lambda client: client.post("dev-branches", json={"name": name}))]
        made = [branch["id"] for branch in api.get("dev-branches").json() if branch["name"] == name]
        assert len(made) == 1 and [job["status"] for job in jobs if job].count("success") == 1, jobs
        assert api.wait(api.delete("dev-branches/%d" % made[0]))["status"] == "success"
