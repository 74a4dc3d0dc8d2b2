"""Search over names, and statistics of a run (behaviour.md §10.2, §10.5)."""
from conftest import unique
from support.server import assert_error


def search(api, query, token=None, **params):
    response = api.get("global-search", params={"query": query, **params}, token=token)
    assert response.status_code == 200, response.text
    return response.json()


def test_search_finds_everything_that_has_a_name(api, server, make_bucket, make_table):
    name = unique("Findme-x_")
    bucket = make_bucket(name)
    make_table(bucket=bucket, name=name)
    config = api.post("components/wr-db/configs", json={"name": name + " config"}).json()
    api.post("components/wr-db/configs/%s/rows" % config["id"], json={"rowId": "r", "name": name})
    api.post("components/keboola.snowflake-transformation/configs", json={"name": name})
    api.post("components/keboola.flow/configs", json={"name": name})
    found = search(api, name.lower())
    assert found["all"] == 6 and found["byType"] == {"bucket": 1, "table": 1, "configuration": 1, "configuration-row": 1, "transformation": 1,
                                                     "flow": 1, "total": 6}
    assert found["byProject"] == {str(server.project_id): "Warehouse"}
    by_type = {i["type"]: i for i in found["items"]}
    assert by_type["table"]["id"] == "%s.%s" % (bucket, name) and by_type["table"]["fullPath"]["bucket"]["id"] == bucket
    assert by_type["configuration-row"]["fullPath"]["configuration"] == {"id": config["id"], "name": name + " config"}
    assert by_type["configuration"]["componentId"] == "wr-db" and by_type["configuration"]["fullPath"]["component"]["id"] == "wr-db"
    assert by_type["bucket"]["fullPath"]["branch"]["isDefault"] is True and by_type["bucket"]["projectId"] == server.project_id
    assert {i["projectName"] for i in found["items"]} == {"Warehouse"}
    assert [i["type"] for i in search(api, name, **{"types[]": "bucket"})["items"]] == ["bucket"]
    assert len(search(api, name, limit=2, offset=5)["items"]) == 1 and search(api, name, limit=2)["all"] == 6
    assert search(api, name, **{"projectIds[]": "999"})["items"] == [] and search(api, name, **{"branchTypes[]": "development"})["all"] == 0
    accented = unique("Čísla")
    api.post("components/wr-db/configs", json={"name": accented})
    assert search(api, accented.upper())["all"] == search(api, accented.lower())["all"] == 1
    assert search(api, name[1:])["all"] == 0 and search(api, "%")["all"] == 0 and search(api, "_")["all"] == 0
    api.delete("components/wr-db/configs/" + config["id"])
    assert search(api, name)["all"] == 4
    assert_error(api.get("global-search"), 400)


def test_R09_search_finds_only_what_the_token_may_read(api, make_bucket, make_table, make_token):
    name = unique("Secret-")
    bucket = make_bucket(name)
    make_table(bucket=bucket, name=name)
    api.post("components/wr-db/configs", json={"name": name})
    assert search(api, name, token=make_token()["token"]) == {"all": 0, "items": [], "byType": {"total": 0},
                                                              "byProject": search(api, name)["byProject"]}
    reader = make_token(bucketPermissions={bucket: "read"})["token"]
    assert [i["type"] for i in search(api, name, token=reader)["items"]] == ["bucket", "table"]
    assert [i["type"] for i in search(api, name, token=make_token(componentAccess=["wr-db"])["token"])["items"]] == ["configuration"]


def test_clients_learn_that_names_can_be_searched(api, make_token):
    for token in (None, make_token()["token"]):
        features = api.get("tokens/verify", token=token).json()["owner"]["features"]
        assert features.count("global-search") == 1 and features.count("hide-decrypted-token") == 1


def test_a_search_of_a_mode_that_is_not_there_is_not_answered_as_if_nothing_were_found(api):
    assert "Not implemented" in assert_error(api.get("global-search", params={"query": "a.*", "mode": "regex"}), 501)["error"]


def test_statistics_of_a_run(api, make_bucket, make_token):
    run, bucket = unique("run-"), make_bucket()
    headers = {"X-KBC-RunId": run}
    file_id = api.upload("id\n1\n")
    for name, times in (("once", 1), ("twice", 2)):
        api.wait(api.post("buckets/%s/tables-async" % bucket, json={"name": name, "dataFileId": file_id}, headers=headers))
        for _ in range(times - 1):
            api.wait(api.post("tables/%s.%s/import-async" % (bucket, name), json={"dataFileId": file_id}, headers=headers))
    api.wait(api.post("tables/%s.once/export-async" % bucket, json={}, headers=headers))
    api.post("files/prepare", json={"name": "a.csv", "sizeBytes": 7, "tags": ["x"], "federationToken": True}, headers=headers)
    stats = api.get("stats", params={"runId": run}).json()
    imports = stats["tables"]["import"]
    assert [(t["id"], t["count"]) for t in imports["tables"]] == [(bucket + ".twice", 2), (bucket + ".once", 1)] and imports["totalCount"] == 3
    assert all(t["durationTotalSeconds"] > 0 for t in imports["tables"])
    assert [(t["id"], t["count"]) for t in stats["tables"]["export"]["tables"]] == [(bucket + ".once", 1)]
    assert stats["files"]["total"]["count"] >= 1 and {"tag": "x", "count": 1} in stats["files"]["tags"]["tags"]
    nothing = api.get("stats", params={"runId": run + ".1"}).json()
    assert nothing["tables"]["import"] == {"tables": [], "totalCount": 0, "other": 0} and nothing["files"]["total"]["count"] == 0
    assert api.get("stats", params={"runId": run}, token=make_token()["token"]).json()["tables"]["import"]["totalCount"] == 0
    assert_error(api.get("stats"), 400, "storage.validation")
