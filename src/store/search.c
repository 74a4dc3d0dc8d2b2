/* One question over everything that has a name. */
#include "store/search.h"

#include <string.h>

#include "base/own.h"

static char *prefix_pattern(struct arena *arena, const char *prefix)
{
	char *pattern = arena_alloc(arena, 2 * strlen(prefix) + 2), *to = pattern;
	if (!pattern)
		return NULL;
	for (; *prefix; prefix++) {
		if (strchr("%_\\", *prefix))
			*to++ = '\\';
		*to++ = *prefix;
	}
	*to++ = '%';
	*to = '\0';
	return pattern;
}

int search_names(struct db *db, struct arena *arena, int64_t project_id, const char *prefix,
	int (*each)(void *arg, const struct search_hit *hit, struct err *e), void *arg, struct err *e)
{
#define LIKE_PREFIX "LIKE lower(CAST($2 AS TEXT)) ESCAPE '\\' "
	static const struct sql search = {
		.text = "SELECT 'bucket' AS kind, id, display_name AS name, created_us, 0 AS branch_id, '' AS component_id, '' "
			"AS config_id, "
			"'' AS config_name, '' AS bucket_id, '' AS bucket_name FROM buckets WHERE project_id = $1 AND "
			"lower(display_name) " LIKE_PREFIX "UNION ALL SELECT 'table', t.id, t.display_name, t.created_us, 0, '', "
			"'', '', t.bucket_id, b.display_name FROM tables t "
			"JOIN buckets b ON b.project_id = t.project_id AND b.number = t.bucket_number "
			"WHERE t.project_id = $1 AND lower(t.display_name) " LIKE_PREFIX
			"UNION ALL SELECT 'configuration', id, name, created_us, branch_id, component_id, '', '', '', '' FROM "
			"configurations "
			"WHERE project_id = $1 AND is_deleted = 0 AND lower(name) " LIKE_PREFIX
			"UNION ALL SELECT 'configuration-row', r.id, r.name, r.created_us, c.branch_id, c.component_id, c.id, "
			"c.name, '', '' "
			"FROM configuration_rows r JOIN configurations c ON c.project_id = r.project_id AND c.number = r.number "
			"WHERE r.project_id = $1 AND r.is_deleted = 0 AND c.is_deleted = 0 AND lower(r.name) " LIKE_PREFIX
			"ORDER BY name, kind, id",
	};
	own(own_rows) struct db_rows *rows = NULL;
	char *pattern = prefix_pattern(arena, prefix);
	if (!pattern)
		return fail_internal(e, ERR_INTERNAL, "no memory for a search");
	int rc = db_query(db, &search, DB_ARGS(db_i(project_id), db_s(pattern)), &rows, e);
	while (rc >= 0 && (rc = db_next(rows, e)) > 0) {
		struct search_hit hit = {
			.kind = db_col_text(rows, 0),
			.id = db_col_text(rows, 1),
			.name = db_col_text(rows, 2),
			.created_us = db_col_int(rows, 3),
			.branch_id = db_col_int(rows, 4),
			.component_id = db_col_text(rows, 5),
			.configuration_id = db_col_text(rows, 6),
			.configuration_name = db_col_text(rows, 7),
			.bucket_id = db_col_text(rows, 8),
			.bucket_name = db_col_text(rows, 9),
		};
		rc = each(arg, &hit, e);
	}
	return rc;
}
