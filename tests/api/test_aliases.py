"""Aliases: behaviour.md §6.9, §6.7, R09."""
import pytest

from conftest import unique
from support.server import assert_error


def alias(api, bucket, source, token=None, **options):
    return api.post("buckets/%s/table-aliases" % bucket, json={"sourceTable": source, **options}, token=token)


def ids(response):
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()]


@pytest.fixture
def source(make_table):
    return make_table("id,name,city\n1,ada,praha\n2,bob,brno\n3,eva,praha\n", primaryKey="id")


def preview(api, table, **options):
    response = api.get("tables/%s/data-preview" % table, **options)
    assert response.status_code == 200, response.text
    return sorted(response.text.split("\n")[1:-1])


def test_a_simple_alias_shows_its_source(api, make_bucket, source):
    bucket = make_bucket(stage="out")
    made = alias(api, bucket, source)
    assert made.status_code == 201
    made = made.json()
    table = api.get("tables/" + source).json()
    assert made["id"] == "%s.%s" % (bucket, table["name"])
    for key in ("columns", "primaryKey", "rowsCount", "dataSizeBytes", "lastImportDate", "lastChangeDate"):
        assert made[key] == table[key], key
    assert made["isAlias"] and made["isAliasable"] and made["aliasColumnsAutoSync"] and "aliasFilter" not in made
    assert made["sourceTable"]["id"] == source and made["sourceTable"]["isAlias"] is False
    assert preview(api, made["id"]) == preview(api, source)
    api.wait(api.post("tables/%s/columns" % source, json={"name": "later"}))
    assert api.get("tables/" + made["id"]).json()["columns"] == ["id", "name", "city", "later"]
    assert made["id"] in ids(api.get("tables"))


def test_a_filtered_alias_shows_some_rows(api, make_bucket, source):
    made = alias(api, make_bucket(), source, name="filtered", aliasFilter={"column": "city", "values": ["praha"]}).json()
    assert made["aliasFilter"] == {"column": "city", "operator": "eq", "values": ["praha"]}
    assert made["rowsCount"] is None and made["dataSizeBytes"] is None and made["isAliasable"] is False
    assert preview(api, made["id"]) == ['"1","ada","praha"', '"3","eva","praha"']
    assert preview(api, made["id"], params={"whereColumn": "name", "whereValues[]": "bob"}) == []
    path = "tables/%s/alias-filter" % made["id"]
    assert api.post(path, json={}).json()["aliasFilter"]["operator"] == "eq"
    assert api.post(path, json={"column": "city", "operator": "ne", "values": ["praha"]}).json()["aliasFilter"]["operator"] == "ne"
    assert preview(api, made["id"]) == ['"2","bob","brno"']
    assert api.delete(path).status_code == 204
    assert "aliasFilter" not in api.get("tables/" + made["id"]).json()
    assert len(preview(api, made["id"])) == 3


def test_an_alias_of_some_columns(api, make_bucket, source):
    made = alias(api, make_bucket(), source, aliasColumns=["name", "city"]).json()
    assert made["columns"] == ["name", "city"] and made["primaryKey"] == [] and made["aliasColumnsAutoSync"] is False
    assert preview(api, made["id"])[0] == '"ada","praha"'
    api.wait(api.post("tables/%s/columns" % source, json={"name": "later"}))
    assert api.get("tables/" + made["id"]).json()["columns"] == ["name", "city"]
    assert api.post("tables/%s/alias-columns-auto-sync" % made["id"]).status_code == 204
    assert api.get("tables/" + made["id"]).json()["columns"] == ["id", "name", "city", "later"]
    assert api.delete("tables/%s/alias-columns-auto-sync" % made["id"]).status_code == 204
    assert api.get("tables/" + made["id"]).json()["aliasColumnsAutoSync"] is False


@pytest.mark.parametrize("options, code, text", [
    ({"name": "aliasWithDot."}, "storage.tables.validation", "Invalid table name: 'aliasWithDot.' contains not allowed characters."),
    ({"aliasColumns": ["none"]}, "storage.tables.nonExistingColumns", "none"),
    ({"aliasFilter": {"column": "none", "values": ["x"]}}, "storage.tables.validation.columnNotExists", "none"),
    ({"aliasFilter": {"column": "id"}}, "storage.tables.validation", "values"),
    ({"aliasFilter": {"column": "id", "values": ["1"], "operator": "gt"}}, "storage.tables.validation", "Invalid where operator gt"),
])
def test_bad_input_makes_no_alias(api, make_bucket, source, options, code, text):
    bucket = make_bucket()
    assert_error(alias(api, bucket, source, **options), 400, code, text)
    assert ids(api.get("buckets/%s/tables" % bucket)) == []


def test_chains(api, make_bucket, source):
    first = alias(api, make_bucket(), source).json()["id"]
    second = alias(api, make_bucket(stage="out"), first).json()
    assert second["sourceTable"]["id"] == first and second["sourceTable"]["isAlias"] is True
    assert preview(api, second["id"]) == preview(api, source)
    filtered = alias(api, make_bucket(), second["id"], aliasFilter={"column": "id", "values": ["1"]}).json()["id"]
    assert_error(alias(api, make_bucket(), filtered), 400, text="Aliasing an advanced alias is not allowed.")
    assert_error(api.delete("tables/%s/alias-columns-auto-sync" % first), 400,
                 text="Cannot change auto sync settings - table has dependent aliases")
    assert_error(api.delete("tables/" + source), 400, "tables.cannotDeletedTableWithAliases",
                 "The table %s cannot be deleted because an alias exists" % source.split(".")[-1])
    assert api.delete("tables/%s?force=1" % source).status_code == 204
    for gone in (first, second["id"], filtered):
        assert_error(api.get("tables/" + gone), 404)


def test_what_an_alias_needs_stays(api, make_bucket, source):
    alias(api, make_bucket(), source)
    assert_error(api.delete("tables/%s/columns/city" % source), 400, "storage.tables.cannotDeleteReferencedColumn")
    assert api.wait(api.delete("tables/%s/columns/city?force=1" % source))["status"] == "success"
    alias(api, make_bucket(), source, aliasFilter={"column": "id", "values": ["1"]})
    assert_error(api.delete("tables/%s/columns/name?force=1" % source), 400, "storage.tables.cannotDeleteReferencedColumn")
    assert_error(api.delete("tables/%s/primary-key" % source), 400, "storage.tables.cannotRemoveReferencedColumnFromPrimaryKey")


def test_an_alias_is_not_changed_as_a_table(api, make_bucket, source):
    made = alias(api, make_bucket(), source).json()["id"]
    for refused in (api.post("tables/%s/columns" % made, json={"name": "x"}), api.delete("tables/%s/primary-key" % made),
                    api.post("tables/%s/primary-key" % made, json={"columns": ["id"]})):
        assert_error(refused, 400, "storage.tables.aliasImportNotAllowed")
    assert_error(api.post("tables/%s/alias-filter" % source, json={"column": "id", "values": ["1"]}), 400, text="is not an alias")


def test_R09_an_alias_opens_only_what_its_maker_may_read(api, make_bucket, make_token, source):
    hidden, bucket = source.rsplit(".", 1)[0], make_bucket()
    outsider = make_token(bucketPermissions={bucket: "write"})["token"]
    insider = make_token(bucketPermissions={bucket: "write", hidden: "read"})["token"]
    assert_error(alias(api, bucket, source, token=outsider), 403, "accessDenied")
    assert_error(alias(api, bucket, "in.c-nowhere.none", token=outsider), 403, "accessDenied")
    assert_error(alias(api, hidden, source, token=insider, name=unique("a")), 403, "accessDenied")
    made = alias(api, bucket, source, token=insider, name="part", aliasFilter={"column": "city", "values": ["brno"]})
    assert made.status_code == 201
    table = made.json()["id"]
    assert preview(api, table, token=outsider) == ['"2","bob","brno"']
    for refused in (api.delete("tables/%s/alias-filter" % table, token=outsider),
                    api.post("tables/%s/alias-filter" % table, json={"column": "city", "values": ["praha"]}, token=outsider),
                    api.post("tables/%s/alias-columns-auto-sync" % table, token=outsider)):
        assert_error(refused, 403, "accessDenied")
        assert hidden not in refused.text
    assert preview(api, table, token=outsider) == ['"2","bob","brno"']
    assert "sourceTable" not in api.get("tables/" + table, token=outsider).json()
    assert all("sourceTable" not in t for t in api.get("tables", token=outsider).json())
    assert [t["id"] for t in api.get("buckets/" + bucket, token=outsider).json()["tables"]] == [table]
    assert hidden not in api.get("buckets/" + bucket, token=outsider).text
    assert api.get("tables/" + table, token=insider).json()["sourceTable"]["id"] == source
    assert api.delete("tables/%s/alias-filter" % table, token=insider).status_code == 204


def test_R09_force_does_not_reach_into_other_buckets(api, make_bucket, make_token, source):
    made = alias(api, make_bucket(), source).json()["id"]
    mine, other = source.rsplit(".", 1)[0], made.rsplit(".", 1)[0]
    for more in ({}, {other: "read"}):
        writer = make_token(bucketPermissions={mine: "write", **more})["token"]
        refused = api.delete("tables/%s?force=1" % source, token=writer)
        assert_error(refused, 403, "accessDenied")
        assert other not in refused.text
    assert api.get("tables/" + made).status_code == 200 and api.get("tables/" + source).status_code == 200


def test_buckets_of_branches_have_no_aliases(api, make_bucket, source):
    bucket = make_bucket()
    api.post("buckets/%s/metadata" % bucket, json={"provider": "system", "metadata": [{"key": "KBC.createdBy.branch.id", "value": "1"}]})
    assert_error(alias(api, bucket, source), 400, text="Creating aliases in Dev/Branch buckets is not supported yet.")
    api.post("buckets/%s/metadata" % source.rsplit(".", 1)[0],
             json={"provider": "system", "metadata": [{"key": "KBC.createdBy.branch.id", "value": "1"}]})
    assert_error(alias(api, make_bucket(), source), 400, text="Creating aliases from Dev/Branch tables is not supported yet.")


def test_dropping_a_bucket_drops_the_aliases_of_its_tables(api, make_bucket, source):
    other = make_bucket()
    made = alias(api, other, source).json()["id"]
    assert api.delete("buckets/%s?force=1" % source.rsplit(".", 1)[0]).status_code == 204
    assert_error(api.get("tables/" + made), 404)
    assert api.delete("buckets/" + other).status_code == 204
