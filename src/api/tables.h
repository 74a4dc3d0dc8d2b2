/* What the handlers of tables, their columns, aliases and metadata share. */
#ifndef API_TABLES_H
#define API_TABLES_H

#include "http/req.h"
#include "store/table.h"

/* Is the word in the argument "include=metadata,columns"? */
bool includes(struct req *rq, const char *word);

/* The table of the path for whoever has the level on its bucket; absent and forbidden are the same to those who have not (R09). */
int find_table(struct req *rq, enum bucket_level need, struct table **ret, struct err *e);

/* Takes sourceTable out of tables (an array, or one) whose source the caller may not read: they can't learn of it (R09). */
void hide_sources(const struct caller *who, json_t *tables);

/* Leaves in the list what the caller may read: the rest was never there (R09). */
void keep_permitted(const struct caller *who, struct table_list *tables);
/* Answers with tables and the parts that the argument "include" asks for. */
int reply_tables(struct req *rq, struct table_list *tables, struct err *e);

/* For changes of RUN_WORK handlers, inside their write: is the caller still who was admitted, with the level on the bucket (R13)? */
struct still {
	struct req *rq;
	const char *bucket_id;
	enum bucket_level need;
};
int still_permitted(struct db *db, void *still, struct err *e);

#endif
