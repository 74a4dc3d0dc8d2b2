/* chatelaine table: tables, loaded from and exported to CSV files. */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "cmd/client.h"
#include "cmd/transfer.h"

static const struct column_of LIST_COLUMNS[] = { { "ID", "id" }, { "ROWS", "rowsCount" }, { "BYTES", "dataSizeBytes" },
	{ "LAST IMPORT", "lastImportDate" }, { "CREATED", "created" }, { NULL, NULL } };
static const struct column_of COLUMNS[] = { { "id", "id" }, { "name", "displayName" }, { "columns", "columns" },
	{ "primary key", "primaryKey" }, { "rows", "rowsCount" }, { "bytes", "dataSizeBytes" }, { "created", "created" },
	{ "last import", "lastImportDate" }, { "last change", "lastChangeDate" }, { "alias of", "sourceTable.id" },
	{ NULL, NULL } };

static int table_list(struct client *client, struct err *e)
{
	own(own_json) json_t *list = NULL;
	const char *bucket = client_word(client, 0);
	int rc = client_get(client,
		bucket ? client_path(client, "buckets", bucket, "tables", NULL) : client_path(client, "tables", NULL), &list, e);
	if (rc == 0)
		client_show_list(client, list, LIST_COLUMNS);
	return rc;
}

static int find(struct client *client, const char *id, json_t **ret, struct err *e)
{
	return client_get(client, client_path(client, "tables", id, NULL), ret, e);
}

static int show(struct client *client, const char *id, struct err *e)
{
	own(own_json) json_t *table = NULL;
	int rc = find(client, id, &table, e);
	if (rc == 0)
		client_show(client, table, COLUMNS);
	return rc;
}

static int table_show(struct client *client, struct err *e)
{
	return show(client, client_word(client, 0), e);
}

/* Uploads the CSV and starts the body of a job that reads it. */
static int upload_csv(struct client *client, const char *path, json_t **ret_body, struct err *e)
{
	own(own_json) json_t *file = NULL;
	int rc = transfer_upload(client, path, json_pack("{s:[s]}", "tags", "file-import"), &file, e);
	if (rc < 0)
		return rc;
	json_t *body = json_object();
	json_object_set(body, "dataFileId", json_object_get(file, "id"));
	client_put_text(client, "delimiter", body, "delimiter");
	client_put_text(client, "enclosure", body, "enclosure");
	client_put_text(client, "escaped-by", body, "escapedBy");
	*ret_body = body;
	return 0;
}

static int table_create(struct client *client, struct err *e)
{
	json_t *body;
	own(own_json) json_t *results = NULL;
	int rc = upload_csv(client, client_word(client, 2), &body, e);
	if (rc < 0)
		return rc;
	json_object_set_new(body, "name", json_string(client_word(client, 1)));
	client_put_text(client, "primary-key", body, "primaryKey");
	rc = client_job(
		client, "POST", client_path(client, "buckets", client_word(client, 0), "tables-async", NULL), body, &results, e);
	const char *id = json_string_value(json_object_get(results, "id"));
	if (rc == 0 && !id)
		rc = fail(e, ERR_DATA_INVALID, "the job does not say which table it made");
	return rc < 0 ? rc : show(client, id, e);
}

/* --columns a,b: the file has no header. */
static void put_columns(const struct client *client, json_t *body)
{
	const char *columns = client_option(client, "columns");
	if (!columns)
		return;
	json_t *list = json_array();
	while (*columns) {
		size_t length = strcspn(columns, ",");
		json_array_append_new(list, json_stringn(columns, length));
		columns += length + (columns[length] == ',');
	}
	json_object_set_new(body, "columns", list);
}

static int table_load(struct client *client, struct err *e)
{
	json_t *body;
	own(own_json) json_t *results = NULL;
	int rc = upload_csv(client, client_word(client, 1), &body, e);
	if (rc < 0)
		return rc;
	client_put_flag(client, "incremental", body, "incremental");
	put_columns(client, body);
	rc = client_job(
		client, "POST", client_path(client, "tables", client_word(client, 0), "import-async", NULL), body, &results, e);
	if (rc == 0)
		client_say(client, results, "Loaded %s into %s.", client_word(client, 1), client_word(client, 0));
	return rc;
}

/* --- export ---------------------------------------------------------------------------------------------------------------- */

/* --where column=value, --where column!=value; every value of the same column and kind is one more in its list. */
static int put_where(struct client *client, json_t *body, struct err *e)
{
	json_t *wheres = client_values(client, "where"), *where;
	json_t *filters = json_array();
	size_t i;
	json_object_set_new(body, "whereFilters", filters);
	json_array_foreach(wheres, i, where) {
		const char *text = json_string_value(where), *equals = strchr(text, '=');
		bool is_not = equals && equals > text && equals[-1] == '!';
		if (!equals || equals - is_not == text)
			return fail(e, ERR_VALIDATION, "--where wants COLUMN=VALUE or COLUMN!=VALUE");
		json_array_append_new(filters, json_pack("{s:s%, s:s, s:[s]}", "column", text, (size_t)(equals - is_not - text),
						       "operator", is_not ? "ne" : "eq", "values", equals + 1));
	}
	if (!wheres)
		json_object_del(body, "whereFilters");
	return 0;
}

static int export_body(struct client *client, json_t **ret, struct err *e)
{
	json_t *body = json_object();
	int rc = put_where(client, body, e);
	client_put_text(client, "columns", body, "columns");
	client_put_text(client, "changed-since", body, "changedSince");
	client_put_text(client, "changed-until", body, "changedUntil");
	if (rc == 0)
		rc = client_put_number(client, "limit", body, "limit", e);
	if (rc < 0)
		json_decref(body);
	else
		*ret = body;
	return rc;
}

static void add_quoted(struct buf *line, const char *text, size_t length)
{
	buf_putc(line, '"');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			buf_putc(line, '"');
		buf_putc(line, text[i]);
	}
	buf_putc(line, '"');
}

/* Exports have no header: the names of the columns that were asked for, or all of the table's. */
static char *header_line(struct client *client, json_t *table)
{
	struct buf line = { 0 };
	const char *asked = client_option(client, "columns");
	size_t i;
	json_t *column;
	while (asked && *asked) {
		size_t length = strcspn(asked, ",");
		buf_puts(&line, line.length ? "," : "");
		add_quoted(&line, asked, length);
		asked += length + (asked[length] == ',');
	}
	json_array_foreach(asked ? NULL : json_object_get(table, "columns"), i, column) {
		buf_puts(&line, i ? "," : "");
		add_quoted(&line, json_string_value(column), json_string_length(column));
	}
	buf_putc(&line, '\n');
	char *text = arena_strdup(client->arena, line.data);
	buf_done(&line);
	return text;
}

static int table_export(struct client *client, struct err *e)
{
	own(own_json) json_t *table = NULL;
	own(own_json) json_t *results = NULL;
	json_t *body;
	const char *path = client_word(client, 1) ? client_word(client, 1) : "-";
	int rc = find(client, client_word(client, 0), &table, e);
	if (rc == 0)
		rc = export_body(client, &body, e);
	if (rc == 0)
		rc = client_job(client, "POST", client_path(client, "tables", client_word(client, 0), "export-async", NULL), body,
			&results, e);
	if (rc < 0)
		return rc;
	json_int_t file_id = json_integer_value(json_object_get(json_object_get(results, "file"), "id"));
	const char *header = client_flag(client, "no-header") ? NULL : header_line(client, table);
	rc = transfer_download(client, arena_printf(client->arena, "%lld", (long long)file_id), path, header, e);
	if (rc == 0 && !str_eq(path, "-"))
		client_say(client, results, "Exported %s to %s.", client_word(client, 0), path);
	return rc;
}

static int table_preview(struct client *client, struct err *e)
{
	struct buf text = { 0 };
	const char *limit = client_option(client, "limit");
	const char *path = client_path(client, "tables", client_word(client, 0), "data-preview", NULL);
	path = client_query(client, path, "columns", client_option(client, "columns"));
	path = client_query(client, path, "format", client->json ? "json" : NULL);
	int rc = client_get_text(client, client_query(client, path, "limit", limit ? limit : "20"), &text, e);
	if (rc == 0 && text.data)
		fwrite(text.data, 1, text.length, stdout);
	buf_done(&text);
	return rc;
}

static int table_delete(struct client *client, struct err *e)
{
	const char *path = client_path(client, "tables", client_word(client, 0), NULL);
	path = client_query(client, path, "force", client_flag(client, "force") ? "1" : NULL);
	int rc = client_call(client, "DELETE", path, NULL, NULL, e);
	if (rc == 0)
		client_say(client, NULL, "Table %s is deleted.", client_word(client, 0));
	return rc;
}

#define CSV_OPTIONS                                                                                                              \
	{ "delimiter", "CHARACTER", "between fields; standard: ," },                                                             \
		{ "enclosure", "CHARACTER", "around fields; standard: \"" },                                                     \
	{                                                                                                                        \
		"escaped-by", "CHARACTER", "before a special character instead of a doubled enclosure"                           \
	}

static const struct verb_option CREATE_OPTIONS[] = { { "primary-key", "A,B", "columns that identify a row" }, CSV_OPTIONS,
	{ NULL, NULL, NULL } };
static const struct verb_option LOAD_OPTIONS[] = { { "incremental", NULL, "keep the rows that are there" },
	{ "columns", "A,B", "columns of a file without a header" }, CSV_OPTIONS, { NULL, NULL, NULL } };
static const struct verb_option EXPORT_OPTIONS[] = { { "columns", "A,B", "only these" },
	{ "where", "COLUMN=VALUE", "only such rows (!=: only others); may be repeated" },
	{ "changed-since", "TIME", "rows changed since, such as \"-2 days\"" },
	{ "changed-until", "TIME", "rows changed before" }, { "limit", "NUMBER", "at most so many rows" },
	{ "no-header", NULL, "without the names of the columns" }, { NULL, NULL, NULL } };
static const struct verb_option PREVIEW_OPTIONS[] = { { "limit", "NUMBER", "at most so many rows (20)" },
	{ "columns", "A,B", "only these" }, { NULL, NULL, NULL } };
static const struct verb_option DELETE_OPTIONS[] = { { "force", NULL, "with its aliases" }, { NULL, NULL, NULL } };

static const struct verb VERBS[] = {
	{ "list", "[BUCKET]", "tables that the token may read", NULL, table_list },
	{ "show", "TABLE", "one table", NULL, table_show },
	{ "create", "BUCKET NAME CSV", "make a table of a CSV file", CREATE_OPTIONS, table_create },
	{ "load", "TABLE CSV", "replace or (--incremental) add rows from a CSV file", LOAD_OPTIONS, table_load },
	{ "export", "TABLE [CSV]", "write rows to a CSV file, or to standard output", EXPORT_OPTIONS, table_export },
	{ "preview", "TABLE", "the first rows", PREVIEW_OPTIONS, table_preview },
	{ "delete", "TABLE", "delete a table", DELETE_OPTIONS, table_delete },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct verb_group TABLE_GROUP = { "table", "tables and their rows", VERBS };
