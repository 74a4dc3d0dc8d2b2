/* Tokens that expire soon. notified_us is when the latest notice was given: a step is due when now is behind it and notified_us is not. */
#include "store/token_notice.h"

#include "base/clock.h"
#include "base/own.h"
#include "store/list.h"

static int days_left(int64_t left_us)
{
	return left_us <= US_PER_DAY ? 1 : left_us <= 7 * US_PER_DAY ? 7 : 30;
}

/* A token that lives shorter than a step from the start gets no notice of that step: it is as if it had been given at its creation. */
int token_notices(struct db *db, struct arena *arena, int64_t now_us, int64_t limit, struct token_notice **ret, size_t *ret_count,
	struct err *e)
{
	static const struct sql SQL = {
		"SELECT t.project_id, t.id, t.expires_us, t.description, p.name, u.email FROM tokens t "
		"JOIN projects p ON p.id = t.project_id LEFT JOIN users u ON u.id = t.admin_id AND u.is_disabled = 0 "
		"WHERE t.expires_us > 0 AND t.expires_us > $1 AND t.expires_us <= $1 + $2 AND t.is_master = 0 AND p.deleted_us = "
		"0 AND ("
		"(t.created_us < t.expires_us - $2 AND t.notified_us < t.expires_us - $2) OR "
		"(t.expires_us <= $1 + $3 AND t.created_us < t.expires_us - $3 AND t.notified_us < t.expires_us - $3) OR "
		"(t.expires_us <= $1 + $4 AND t.created_us < t.expires_us - $4 AND t.notified_us < t.expires_us - $4)) "
		"ORDER BY t.expires_us LIMIT $5",
		NULL
	};
	own(own_rows) struct db_rows *rows = NULL;
	struct token_notice *items = NULL;
	size_t count = 0;
	int rc = db_query(db, &SQL,
		DB_ARGS(db_i(now_us), db_i(30 * US_PER_DAY), db_i(7 * US_PER_DAY), db_i(US_PER_DAY), db_i(limit)), &rows, e);
	while (rc >= 0 && (rc = db_next(rows, e)) == 1) {
		items = list_room(arena, items, count, sizeof *items);
		if (!items)
			return fail(e, ERR_INTERNAL, NULL);
		items[count++] = (struct token_notice){
			.project_id = db_col_int(rows, 0),
			.token_id = db_col_int(rows, 1),
			.expires_us = db_col_int(rows, 2),
			.description = arena_strdup(arena, db_col_text(rows, 3)),
			.project_name = arena_strdup(arena, db_col_text(rows, 4)),
			.email = arena_strdup(arena, db_col_text(rows, 5)),
			.days = days_left(db_col_int(rows, 2) - now_us),
		};
	}
	if (rc == 0) {
		*ret = items;
		*ret_count = count;
	}
	return rc;
}

int token_set_notified(struct db *db, const struct token_notice *notice, int64_t now_us, struct err *e)
{
	static const struct sql SQL = { "UPDATE tokens SET notified_us = $3 WHERE project_id = $1 AND id = $2", NULL };
	return db_exec(db, &SQL, DB_ARGS(db_i(notice->project_id), db_i(notice->token_id), db_i(now_us)), e);
}
