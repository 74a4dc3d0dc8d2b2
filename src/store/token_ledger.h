/* What the ledger of revocations (work/ledger.h) knows of a token, compared with its row. */
#ifndef STORE_TOKEN_LEDGER_H
#define STORE_TOKEN_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

/* A token as it was after a change. version 0: it is gone. Of project 0 are the management tokens: their version is when they were
 * refreshed. */
struct token_mark {
	int64_t project_id, token_id;
	int64_t version, refreshed_us;
};

/* The mark of a token's row; a row that is not there gives version 0. */
int token_mark_read(struct db *db, int64_t project_id, int64_t token_id, struct token_mark *ret, struct err *e);
/* One call for every token of a user. */
typedef int token_mark_each(void *arg, const struct token_mark *mark, struct err *e);
int token_mark_list_admin(struct db *db, int64_t admin_id, token_mark_each *each, void *arg, struct err *e);

/* Inside a write, for a row that is older than the mark: a token that was removed goes, with the membership that it was the master
 * token of; a string that was replaced, and every master token's, opens nothing any more; others are disabled. 1 when the row
 * was older, 0 when there was nothing to do. */
int token_mark_apply(struct db *db, const struct token_mark *mark, struct err *e);
/* Ids up to those of this mark are not given again to its kind of token. */
int token_ids_skip(struct db *db, const struct token_mark *mark, struct err *e);

#endif
