/* The queue of mails. */
#ifndef STORE_MAIL_H
#define STORE_MAIL_H

#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

struct mail_row {
	int64_t project_id, id;
	const char *recipient, *subject;
	const char *sealed; /* the text, sealed with mail_row_context() */
	int64_t created_us, tries;
};

int mail_row_next_id(struct db *db, int64_t *ret_id, struct err *e);
int mail_row_insert(struct db *db, const struct mail_row *row, struct err *e);
/* Is any due? 1, 0, negative. */
int mail_row_due(struct db *db, int64_t now_us, struct err *e);
/* Takes the one that is due longest, for whoever calls it alone until until_us. 1, 0, negative. */
int mail_row_take(struct db *db, struct arena *arena, int64_t now_us, int64_t until_us, struct mail_row **ret, struct err *e);
int mail_row_remove(struct db *db, const struct mail_row *row, struct err *e);
/* Sending failed: tries + 1, not before next_us. */
int mail_row_delay(struct db *db, const struct mail_row *row, int64_t next_us, struct err *e);
/* What the text is sealed with: "mail:<project>:<id>". */
char *mail_row_context(struct arena *arena, const struct mail_row *row);

#endif
