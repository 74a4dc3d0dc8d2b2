/* The table of migrations that scripts/embed-migrations makes from sql/. */
#ifndef DB_MIGRATE_TABLE_H
#define DB_MIGRATE_TABLE_H

#include <stddef.h>

/* Ends with a row whose name is NULL. A name that ends in .sqlite.sql or .pg.sql is for that engine only. */
struct migration {
	int number;
	const char *name;
	const char *text;
};
extern const struct migration MIGRATIONS[];

#endif
