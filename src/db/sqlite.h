/* The embedded engine: what its connections and its writer share; private to db/. */
#ifndef DB_SQLITE_H
#define DB_SQLITE_H

#include <sqlite3.h>

#include "db/engine.h"

#define SQLITE_BUSY_TIMEOUT_MS 5000

struct sqlite_rows {
	struct db_rows base;
	sqlite3_stmt *stmt;
	unsigned short *params; /* for each parameter of the engine, from 1: the number after its $ */
	int param_count;
	bool kept; /* belongs to the cache of its connection */
	bool busy; /* kept and in use */
};

struct sqlite_db {
	struct db base;
	sqlite3 *handle;
	struct {
		const struct sql *sql;
		struct sqlite_rows *rows;
	} * kept; /* hash table with open addressing, size a power of two */
	size_t kept_count, kept_size;
	int open_rows;
	int takes;                          /* of db_reader_take() without a give */
	struct sqlite_db *next, **previous; /* readers of the database */
};

struct sqlite_database {
	struct database base;
	char *path;
	pthread_key_t reader_key;
	pthread_mutex_t readers_lock;
	struct sqlite_db *readers;
	struct sqlite_db *writer;
	pthread_t writer_thread;
	int wal_frames; /* in the log after the latest commit */
	int wal_moved;  /* of them, when it was last moved into the database */
	/* An fsync failed: what the system still holds in memory may not be on the disk, and asking again would not tell. */
	bool fsync_failed;
};

int sqlite_connect(struct sqlite_database *database, bool create, struct sqlite_db **ret, struct err *e);
void sqlite_disconnect(struct sqlite_db *db);
/* The error of the connection's latest call, in words for the client and in the log. */
int sqlite_fail(struct sqlite_db *db, struct err *e);
/* A statement without parameters or rows. */
int sqlite_run(struct sqlite_db *db, const char *text, struct err *e);

int sqlite_writer_start(struct sqlite_database *database, struct err *e);
/* Waits for what is queued. */
void sqlite_writer_stop(struct sqlite_database *database);

#endif
