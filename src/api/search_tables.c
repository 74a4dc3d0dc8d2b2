/* Tables found by their metadata. */
#include <string.h>

#include "api/tables.h"
#include "base/str.h"
#include "store/metadata.h"

/* Of the tables that the caller may read, those of the numbers; both are in ascending order. */
static void keep_found(struct table_list *tables, const int64_t *numbers, size_t count)
{
	size_t kept = 0, at = 0;
	for (size_t i = 0; i < tables->count; i++) {
		while (at < count && numbers[at] < tables->items[i].number)
			at++;
		if (at < count && numbers[at] == tables->items[i].number)
			tables->items[kept++] = tables->items[i];
	}
	tables->count = kept;
}

static const char *text_asked(struct req *rq, const char *name)
{
	const char *text = arg_text(rq, name, NULL);
	return str_empty(text) ? NULL : text;
}

static int tables_search(struct req *rq, struct err *e)
{
	static const char NOTHING[] =
		"At least on of search parameters metadataKey|metadataValue|metadataProvider must be provided.";
	struct metadata_search search = {
		.project_id = rq->origin.project_id,
		.kind = "table",
		.key = text_asked(rq, "metadataKey"),
		.value = text_asked(rq, "metadataValue"),
		.provider = text_asked(rq, "metadataProvider"),
	};
	int64_t *numbers;
	size_t count;
	struct table_list tables;
	if (strstr(req_raw_path(rq), "/branch/"))
		return fail(e, ERR_NOT_IMPLEMENTED, "Not implemented: search in branches");
	if (!search.key && !search.value && !search.provider) {
		int rc = fail(e, ERR_SEARCH_NOTHING, "%s", NOTHING);
		err_field(e, "metadataKey", NOTHING);
		return rc;
	}
	struct table_query query = { search.project_id, 0, includes(rq, "columns") };
	int rc = metadata_find_objects(rq->db, rq->arena, &search, &numbers, &count, e);
	if (rc < 0 || (rc = table_list(rq->db, rq->arena, &query, &tables, e)) < 0)
		return rc;
	keep_permitted(rq->who, &tables);
	keep_found(&tables, numbers, count);
	return reply_tables(rq, &tables, e);
}

static const struct param PARAMS[] = {
	{ "metadataKey", P_TEXT, 0, NULL },
	{ "metadataValue", P_TEXT, 0, NULL },
	{ "metadataProvider", P_TEXT, 0, NULL },
	{ "include", P_COMMA, 0, "columns, metadata, columnMetadata, buckets" },
	{ NULL },
};

const struct route SEARCH_TABLE_ROUTES[] = {
	{ "GET", "/v2/storage/search/tables", ALLOW_TOKEN, EVENT_TABLES_SEARCHED, RUN_WORK, tables_search, PARAMS,
		"Tables found by metadata", true },
	{ 0 },
};
