"""The catalogue of components, and the list of those that a project uses."""
import pytest

from conftest import unique
from support.server import Api, assert_error


def test_catalogue_is_public_and_complete(server):
    nobody = Api(server.url)
    component = nobody.get("components/wr-db", headers={"X-StorageApi-Token": ""})
    assert component.status_code == 200, component.text
    assert component.json()["type"] == "writer" and component.json()["uri"] == server.url + "/v2/storage/components/wr-db"
    assert set(component.json()) == {
        "id", "uri", "name", "description", "version", "complexity", "categories", "hasRun", "hasUI", "ico32", "ico64", "ico128", "type",
        "data", "flags", "documentationUrl", "longDescription", "configurationSchema", "configurationRowSchema", "emptyConfiguration",
        "emptyConfigurationRow", "createConfigurationRowSchema", "configurationDescription", "uiOptions", "features", "expiredOn",
        "dataTypesConfiguration", "processorConfiguration"}
    assert_error(nobody.get("components/no.such"), 404, "notFound")
    assert_error(nobody.get("branch/default/components/wr-db"), 401)


@pytest.mark.parametrize("component_id", ["wr-db", "provisioning", "transformation", "orchestrator", "keboola.runner-config-test",
                                          "keboola.ex-db-mysql", "keboola.ex-db-snowflake", "keboola.python-transformation-v2",
                                          "keboola.snowflake-transformation", "keboola.orchestrator", "keboola.scheduler", "keboola.flow",
                                          "keboola.variables", "keboola.shared-code", "keboola.sandboxes", "keboola.keboola-as-code",
                                          "ex-generic-v2", "keboola.wr-google-sheets", "keboola.mcp-server-tool"])
def test_known_components(api, component_id):
    assert api.get("branch/default/components/" + component_id).json()["id"] == component_id
    assert component_id in [c["id"] for c in api.get("").json()["components"]]


def test_a_flow_says_what_it_is_made_of(api):
    flow = api.get("branch/default/components/keboola.flow").json()
    schema = flow["configurationSchema"]
    assert set(schema["required"]) == set(flow["emptyConfiguration"]) == {"phases", "tasks"}
    assert set(schema["properties"]["tasks"]["items"]["required"]) == {"id", "name", "phase", "task"}


def components(api, query="", **options):
    response = api.get("branch/default/components" + query, **options)
    assert response.status_code == 200, response.text
    return {c["id"]: c for c in response.json()}


def test_list_shows_components_with_configurations(api):
    name = unique("listed")
    made = api.post("components/ex-generic-v2/configs", json={"name": name, "configuration": {"a": 1}, "state": {"s": 1}}).json()
    api.post("components/ex-generic-v2/configs/%s/rows" % made["id"], json={"rowId": "r", "configuration": {"b": 2}})
    plain = [c for c in components(api, "?include=")["ex-generic-v2"]["configurations"] if c["id"] == made["id"]][0]
    assert plain["name"] == name and not {"configuration", "rows", "state"} & set(plain)
    whole = [c for c in components(api, "?include=configuration,rows,state")["ex-generic-v2"]["configurations"] if c["id"] == made["id"]][0]
    assert whole["configuration"] == {"a": 1} and whole["state"] == {"s": 1} and whole["rows"][0]["configuration"] == {"b": 2}
    rows = [c for c in components(api, "?include=rows")["ex-generic-v2"]["configurations"] if c["id"] == made["id"]][0]
    assert rows["rows"][0]["id"] == "r" and "configuration" not in rows["rows"][0] and "state" not in rows["rows"][0]
    assert "ex-generic-v2" in components(api, "?componentType=extractor") and "ex-generic-v2" not in components(api, "?componentType=writer")
    api.delete("components/ex-generic-v2/configs/" + made["id"])
    assert made["id"] not in [c["id"] for c in components(api).get("ex-generic-v2", {}).get("configurations", [])]
    assert made["id"] in [c["id"] for c in components(api, "?isDeleted=1")["ex-generic-v2"]["configurations"]]


def test_unknown_include_is_refused(api):
    body = assert_error(api.get("components?include=invalid"), 400, None, "Invalid request")
    assert body["errors"][0] == {"key": "include", "message": 'Invalid include parameters: "invalid". '
                                                              "Only following are allowed: configuration, rows, state."}


def test_R10_list_shows_only_what_the_token_may(api, make_token, roles):
    for component in ("keboola.wr-storage", "keboola.ex-storage"):
        api.post("components/%s/configs" % component, json={"name": "x"})
    assert list(components(api, token=make_token(componentAccess=["keboola.wr-storage"])["token"])) == ["keboola.wr-storage"]
    assert components(api, token=make_token(componentAccess=["keboola.ex-ftp"])["token"]) == {}
    assert components(api, token=make_token(canManageBuckets=True)["token"]) == components(api)
    assert components(api, token=roles["readOnly"]) == components(api)
    assert_error(api.get("components", token=make_token()["token"]), 403, "accessDenied")
