"""The preview of a table's rows: behaviour.md §6.3, §6.4."""
import json

import pytest

from support.server import assert_error

CSV = "id,name,price\n1,Ada,10\n2,bob,9.5\n3,,x\n4,Čeněk,\n5,\"a\"\"b\",-2\n"


@pytest.fixture(scope="module")
def table(api):
    assert api.post("buckets", json={"name": "preview", "stage": "in"}).status_code == 201
    job = api.wait(api.post("buckets/in.c-preview/tables-async", json={"name": "people", "dataFileId": api.upload(CSV)}))
    return job["results"]["id"]


def ids(api, table, **query):
    response = api.get("tables/%s/data-preview" % table, params={"columns": "id", **query})
    assert response.status_code == 200, response.text
    return [line.strip('"') for line in response.text.split("\n")[1:-1]]


def refused(api, table, query, code, text=""):
    assert_error(api.get("tables/%s/data-preview" % table, params=query), 400, code, text)


def test_csv(api, table):
    response = api.get("tables/%s/data-preview" % table)
    assert response.headers["Content-Type"].startswith("text/csv")
    assert response.text == '"id","name","price"\n"1","Ada","10"\n"2","bob","9.5"\n"3","","x"\n"4","Čeněk",""\n"5","a""b","-2"\n'
    assert api.get("tables/%s/data-preview/" % table, params={"columns": "name,id", "limit": 1}).text == '"name","id"\n"Ada","1"\n'


def test_json_cuts_long_values(api, make_table):
    table = make_table("id,text\n1,%s\n2,%s\n3,\n" % ("č" * 16385, "č" * 16384))
    response = api.get("tables/%s/data-preview" % table, params={"format": "json"})
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert body["columns"] == ["id", "text"]
    assert body["rows"][0] == [{"columnName": "id", "value": "1", "isTruncated": False},
                               {"columnName": "text", "value": "č" * 16384, "isTruncated": True}]
    assert body["rows"][1][1] == {"columnName": "text", "value": "č" * 16384, "isTruncated": False}


def test_limits_and_formats(api, make_table, table):
    many = make_table("id\n" + "\n".join(map(str, range(1100))) + "\n")
    assert len(ids(api, many)) == 100
    assert len(ids(api, many, limit=0)) == 100
    assert len(ids(api, many, limit=1000)) == 1000
    refused(api, many, {"limit": 1200}, "storage.tables.validation", "1000")
    refused(api, many, {"limit": -1}, "storage.tables.validation")
    refused(api, table, {"format": "csv"}, "storage.tables.validation.invalidFormat")
    refused(api, table, {"columns": "id,nothing"}, "storage.tables.validation.columnNotExists")
    assert_error(api.get("tables/%s2/data-preview" % table), 404, "storage.tables.notFound")


def test_where_column(api, table):
    assert ids(api, table, whereColumn="name", **{"whereValues[]": ["Ada", "bob"]}) == ["1", "2"]
    assert ids(api, table, whereColumn="name", whereOperator="ne", **{"whereValues[]": ["Ada", "bob"]}) == ["3", "4", "5"]
    assert ids(api, table, whereColumn="name", **{"whereValues[]": [""]}) == ["3"]
    assert ids(api, table, whereColumn="name", whereOperator="ne", **{"whereValues[]": ""}) == ["1", "2", "4", "5"]
    assert ids(api, table, whereColumn="name", **{"whereValues[]": "x' OR '1'='1"}) == []
    refused(api, table, {"whereColumn": "nothing", "whereValues[]": "1"}, "storage.tables.validation.columnNotExists")
    refused(api, table, {"whereColumn": "id", "whereOperator": "like", "whereValues[]": "1"}, "storage.tables.validation",
            "Invalid where operator like")


@pytest.mark.parametrize("operator,values,data_type,expected", [
    ("eq", ["Ada"], None, ["1"]),
    (None, ["Ada", "bob"], None, ["1", "2"]),
    ("gt", ["9"], None, ["2", "3"]),
    ("gt", ["9"], "DOUBLE", ["1", "2"]),
    ("ge", ["10"], "INTEGER", ["1"]),
    ("lt", ["0"], "REAL", ["5"]),
    ("le", ["9.5"], "DOUBLE", ["2", "5"]),
    ("ne", ["10"], "INTEGER", ["5"]),
    ("ge", ["abc"], "INTEGER", []),
])
def test_where_filters(api, table, operator, values, data_type, expected):
    column = "name" if data_type is None and operator != "gt" else "price"
    query = {"whereFilters[0][column]": column}
    for i, value in enumerate(values):
        query["whereFilters[0][values][%d]" % i] = value
    if operator:
        query["whereFilters[0][operator]"] = operator
    if data_type:
        query["whereFilters[0][dataType]"] = data_type
    assert ids(api, table, **query) == expected


def test_where_filters_are_anded(api, table):
    assert ids(api, table, **{"whereFilters[0][column]": "name", "whereFilters[0][operator]": "ne", "whereFilters[0][values][]": "",
                              "whereFilters[1][column]": "id", "whereFilters[1][operator]": "gt", "whereFilters[1][values][]": "2"}) == ["4", "5"]


def test_where_filters_refused(api, table):
    first = {"whereFilters[0][column]": "id"}
    refused(api, table, first, "storage.tables.validation", 'Invalid request:\n - whereFilters[0][values]: "This field is missing."')
    first["whereFilters[0][values][]"] = "1"
    refused(api, table, {**first, "whereFilters[0][operator]": "non-existing"}, "storage.tables.validation", "Invalid where operator non-existing")
    refused(api, table, {**first, "whereFilters[0][dataType]": "non-existing"}, "storage.tables.validation", "Data type non-existing not recognized")
    refused(api, table, {"whereFilters": "string"}, "storage.tables.validation",
            'Parameter "whereFilters" should be an array, but parameter contains:\n"string"')
    refused(api, table, {"whereFilters[column]": "column"}, "storage.tables.validation",
            'All items in param "whereFilters" should be an arrays, but parameter contains:\n{"column":"column"}')
    refused(api, table, {**first, "fulltextSearch": "a"}, "storage.tables.validation",
            "Cannot use fulltextSearch and whereFilters at the same time")


def test_order(api, table):
    def order(column, direction=None, data_type=None):
        query = {"orderBy[0][column]": column}
        if direction:
            query["orderBy[0][order]"] = direction
        if data_type:
            query["orderBy[0][dataType]"] = data_type
        return query
    assert ids(api, table, **order("name")) == ["3", "1", "5", "2", "4"]  # by bytes: "", A, a, b, Č
    assert ids(api, table, **order("name", "DESC")) == ["4", "2", "5", "1", "3"]
    assert ids(api, table, **order("price")) == ["4", "5", "1", "2", "3"]
    assert ids(api, table, **order("price", "ASC", "DOUBLE"))[:3] == ["5", "2", "1"]
    assert ids(api, table, limit=1, **order("id", "DESC")) == ["5"]
    refused(api, table, order("non-existing"), "storage.tables.validation.columnNotExists",
            "Can't filter by column non-existing, column does not exist")
    refused(api, table, order("id", "non-existing"), "storage.tables.validation",
            "Invalid sort order non-existing. Available orders are [DESC|ASC]")
    refused(api, table, order("id", None, "non-existing"), "storage.tables.validation",
            "Data type non-existing not recognized. Possible datatypes are [INTEGER|DOUBLE]")
    refused(api, table, {"orderBy": "string"}, "storage.tables.validation",
            'Parameter "orderBy" should be an array, but parameter contains:\n"string"')


def test_fulltext_search(api, table):
    assert ids(api, table, fulltextSearch="AD") == ["1"]
    assert ids(api, table, fulltextSearch="9.5") == ["2"]
    assert ids(api, table, fulltextSearch="ČENĚK") == ids(api, table, fulltextSearch="čeněk") == ["4"]
    assert ids(api, table, fulltextSearch="%") == []


def test_search_in_a_thousand_columns(api, make_table):
    table = make_table(",".join("c%d" % i for i in range(1200)) + "\n" + ",".join("v%d" % i for i in range(1200)) + "\n")
    response = api.get("tables/%s/data-preview" % table, params={"columns": "c7", "fulltextSearch": "v1199"})
    assert response.text == '"c7"\n"v7"\n'


def test_changed_since(api, table):
    assert ids(api, table, changedSince="-1 hour") == ["1", "2", "3", "4", "5"]
    assert ids(api, table, changedUntil="-1 hour") == []
    assert ids(api, table, changedSince="2030-01-01T00:00:00+00:00") == []
    refused(api, table, {"changedSince": "whenever"}, "storage.tables.validation")


def test_filters_by_times(api, make_table):
    table = make_table("id,at\n1,2023-01-01 00:00:00\n2,2022-12-31 23:59:59\n3,2999-05-05T10:00:00Z\n4,soon\n5,\n")

    def filtered(value, **more):
        filters = {"column": "at", "operator": "ge", "values": [value], "type": "TIME_STRING", **more}
        return api.get("tables/%s/data-preview" % table, params={"columns": "id", **{
            "whereFilters[0][%s]" % key: value[0] if isinstance(value, list) else value for key, value in filters.items()}})
    for value, expected in (("2023-01-01 00:00:00", "13"), ("1672531200", "13"), ("1 January 2023", "13"), ("last monday", "3"), ("-2 days", "3")):
        assert filtered(value).text == '"id"\n' + "".join('"%s"\n' % i for i in expected), value
    for operator, value, expected in (("lt", "2023-01-01", "2"), ("ne", "2023-01-01", "23"), ("eq", "2999-05-05 10:00:00", "3"),
                                      ("le", "2999-05-05T10:00:00Z", "123"), ("gt", "2999-05-05 09:59:59.9", "3"), ("lt", "2999-05-05 09:00", "12")):
        assert filtered(value, operator=operator).text == '"id"\n' + "".join('"%s"\n' % i for i in expected), (operator, value)
    day = make_table("id,at\n1,2023-01-01\n2,2023-01-02\n")
    where = {"whereFilters[0][column]": "at", "whereFilters[0][values][]": "2023-01-01 00:00:00", "whereFilters[0][type]": "TIME_STRING"}
    assert ids(api, day, **where) == ["1"] and ids(api, day, **where, **{"whereFilters[0][operator]": "gt"}) == ["2"]
    assert_error(filtered("soon"), 400, "storage.tables.validation", "not a valid time")
    assert_error(filtered("2023-01-01", dataType="INTEGER"), 400, "storage.tables.validation", "TIME_STRING")
    assert_error(filtered("2023-01-01", type="DATE"), 400, "storage.tables.validation", "SCALAR|TIME_STRING")
    assert filtered("2023", type="scalar").status_code == 200


def test_columns_of_a_number_type_are_ordered_as_numbers(api, define_table):
    table = define_table(columns=[{"name": "id", "basetype": "INTEGER"}, {"name": "price", "basetype": "NUMERIC"}, {"name": "name", "basetype": "STRING"}])
    job = api.wait(api.post("tables/%s/import-async" % table, json={"dataFileId": api.upload("id,price,name\n9,1.5,9\n10,-2,10\n1,10.25,1\n")}))
    assert job["status"] == "success", job
    assert ids(api, table, **{"orderBy[0][column]": "id"}) == ["1", "9", "10"]
    assert ids(api, table, **{"orderBy[0][column]": "price", "orderBy[0][order]": "DESC"}) == ["1", "9", "10"]
    assert ids(api, table, **{"orderBy[0][column]": "name"}) == ["1", "10", "9"]
    where = {"whereFilters[0][column]": "id", "whereFilters[0][values][]": "9"}
    assert ids(api, table, **where, **{"whereFilters[0][operator]": "ge"}) == ["9", "10"]
    assert ids(api, table, **where) == ["9"]



def test_previews_are_events(api, make_table):
    table = make_table()
    api.get("tables/%s/data-preview" % table)
    events = api.get("tables/%s/events" % table, params={"q": "event:storage.tableDataPreview"}).json()
    assert len(events) == 1 and events[0]["objectId"] == table


def test_R09_preview_needs_read(api, make_table, make_token, make_bucket):
    table = make_table()
    read = make_token(bucketPermissions={table.rsplit(".", 1)[0]: "read"})["token"]
    other = make_token(bucketPermissions={make_bucket(): "write"})["token"]
    assert api.get("tables/%s/data-preview" % table, token=read).status_code == 200
    for name in (table, "in.c-none.none"):
        assert_error(api.get("tables/%s/data-preview" % name, token=other), 403, "accessDenied")


def test_many_values(api, table):
    body = [{"column": "id", "values": [str(i) for i in range(20001)]}]
    job = api.post("tables/%s/export-async" % table, json={"whereFilters": body})
    assert_error(job, 400, "storage.tables.validation", "20000")
    assert json.dumps(body)
