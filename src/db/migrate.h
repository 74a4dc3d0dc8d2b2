/* Numbered migrations: sql/NNN_name.sql for both engines; where an engine needs its own, NNN_name.sqlite.sql and
 * NNN_name.pg.sql. They are compiled into the program. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "db/db.h"

/* Applies what is missing, each migration in one transaction with its row in schema_migrations. On PostgreSQL under an
 * advisory lock, so that servers that start together do not collide. ERR_SCHEMA_NEWER when the database has a number that
 * this program does not know. */
int migrate(struct db *db, struct err *e);
/* The newest number this program knows. */
int migrate_newest(void);

#endif
