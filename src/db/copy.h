/* The database as files of a backup, and back. */
#ifndef DB_COPY_H
#define DB_COPY_H

#include "base/conf.h"
#include "base/err.h"

/* Writes the whole database as it is at one moment into a folder, while servers go on: chatelaine.db, or database.dump
 * (pg_dump's own format). */
int database_dump(const struct conf *conf, const char *folder, struct err *e);
/* The reverse, into an engine that holds nothing yet; refused when it does. Migrations are applied when it is next opened. */
int database_load(const struct conf *conf, const char *folder, struct err *e);
/* Fails with ERR_VALIDATION when the engine holds anything. */
int database_refuse_filled(const struct conf *conf, struct err *e);

/* One SQLite file as it is at one moment, whoever else uses it, as a single file without a log. */
int database_copy_file(const char *from, const char *to, struct err *e);

/* Hands every finding of the engine's own check of its files to found(); 0 findings: whole. Number of findings or negative. */
struct database;
int database_check(struct database *database, void (*found)(const char *text), struct err *e);

#endif
