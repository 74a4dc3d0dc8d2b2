/* Tokens that expire soon, and who is to be told. */
#ifndef STORE_TOKEN_NOTICE_H
#define STORE_TOKEN_NOTICE_H

#include "store/token.h"

/* A token that expires within 30, 7 or 1 days and whose creator was not told of that one yet. email NULL: nobody to tell. */
struct token_notice {
	int64_t project_id, token_id, expires_us;
	const char *description, *project_name, *email;
	int days; /* 30, 7, 1 */
};
int token_notices(struct db *db, struct arena *arena, int64_t now_us, int64_t limit, struct token_notice **ret, size_t *ret_count,
	struct err *e);
int token_set_notified(struct db *db, const struct token_notice *notice, int64_t now_us, struct err *e);

#endif
