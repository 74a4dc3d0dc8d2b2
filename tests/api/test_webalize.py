"""Names and tickets: behaviour.md §10.3, §10.4."""
from support.server import assert_error


def test_display_name(api):
    def webalize(text):
        return api.post("webalize/display-name", json={"displayName": text})
    assert webalize("Môj 1$ obľúbený bucket $").json() == {"displayName": "Moj-1-oblubeny-bucket"}
    assert webalize("My$$Display-Name").json() == {"displayName": "My-Display-Name"}
    assert_error(webalize("-----"), 422, "storage.webalize.displayName.invalid", 'Filtered name "" should be valid name')
    assert_error(api.post("webalize/display-name", json={}), 400, "validation.failed")


def test_column_names(api):
    def webalize(*names):
        return api.post("webalize/column-names", json={"columnNames": list(names)}).json()["columnNames"]
    assert webalize("with spaces", "ščřšč", "_with_underscore", "language-id") == ["with_spaces", "scrsc", "with_underscore", "language_id"]
    assert webalize("€", "ß", "đ", "ł", "$$$") == ["EUR", "ss", "d", "l", ""]
    assert len(webalize("x" * 100)[0]) == 64
    assert_error(api.post("webalize/column-names", json={}), 400, "validation.failed")


def test_column_names_are_judged(api):
    fine = api.post("validate/column-names", json={"columnNames": ["id", "with-dash", "0"]})
    assert fine.status_code == 204 and fine.text == ""
    body = assert_error(api.post("validate/column-names", json={"columnNames": ["id", "oid", "x x", "y" * 65]}), 422)
    assert body["errors"] == [
        {"key": "columnNames[1]", "message": '"oid" is a system column used by the database for internal purposes.'},
        {"key": "columnNames[2]", "message": '"x x" contains not allowed characters. Only alphanumeric characters dash and underscores are '
                                             'allowed.'},
        {"key": "columnNames[3]", "message": "Column name cannot be longer than 64 characters."}]
    assert_error(api.post("validate/column-names", json={"columnNames": [None]}), 400, "validation.failed",
                 'Invalid request:\n - columnNames[0]: "This value should not be blank."')


def test_tickets_grow(api, roles):
    numbers = [api.post("tickets").json()["id"] for _ in range(5)]
    assert all(number.isdigit() for number in numbers)
    assert [int(n) for n in numbers] == sorted({int(n) for n in numbers})
    assert api.post("tickets", token=roles["readOnly"]).status_code == 201
    assert_error(api.post("tickets", token="1-1-junk"), 401)
