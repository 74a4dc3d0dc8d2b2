/* What db.c and the two engines share; private to db/. */
#ifndef DB_ENGINE_H
#define DB_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "db/db.h"

/* How long a request waits for a database that is away, and what a refused client is told. */
#define DB_WAIT_US (5 * INT64_C(1000000))
#define DB_RETRY_AFTER_S 5

/* An engine at the level of statements. */
struct db_driver {
	int (*exec)(struct db *db, const struct sql *sql, struct db_args args, int64_t *ret_changed, struct err *e);
	int (*query)(struct db *db, const struct sql *sql, struct db_args args, struct db_rows **ret, struct err *e);
	int (*exec_text)(struct db *db, const char *text, struct db_args args, int64_t *ret_changed, struct err *e);
	int (*query_text)(struct db *db, const char *text, struct db_args args, struct db_rows **ret, struct err *e);
	int (*script)(struct db *db, const char *text, struct err *e); /* several statements, no parameters */
	int (*next)(struct db_rows *rows, struct err *e);
	void (*rows_close)(struct db_rows *rows);
	int64_t (*col_int)(struct db_rows *rows, int column);
	double (*col_real)(struct db_rows *rows, int column);
	const char *(*col_text)(struct db_rows *rows, int column);
	const void *(*col_blob)(struct db_rows *rows, int column, size_t *ret_length);
	bool (*col_null)(struct db_rows *rows, int column);
	int (*col_count)(struct db_rows *rows);
	int (*next_id)(struct db *db, const char *sequence, int64_t *ret_id, struct err *e);
	void *(*handle)(struct db *db);
	int (*reader_take)(struct database *database, struct db **ret, struct err *e);
	void (*reader_give)(struct db *db);
	int (*session_open)(struct database *database, struct db **ret, struct err *e);
	void (*session_close)(struct db *db);
	void (*lookup)(struct database *database, struct db_lookup *lookup);
	void (*close)(struct database *database);
};

/* The first member of each engine's connection. */
struct db {
	const struct db_driver *driver;
	struct database *database;
	/* what the writes of the open transaction changed; cut back when one of them is rolled back */
	struct db_change *changes;
	size_t change_count, change_size;
	bool change_lost; /* no memory to note one: the write must not succeed */
};

/* The first member of each engine's result. */
struct db_rows {
	struct db *db;
};

/* Writes that wait, in the order in which they came. */
struct db_queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct db_write *first, **last;
	size_t waiting; /* threads in db_queue_take() */
	bool closed;
	atomic_size_t length;
};
void db_queue_init(struct db_queue *queue);
void db_queue_done(struct db_queue *queue);
void db_queue_put(struct db_queue *queue, struct db_write *write);
/* Up to most writes as a list; waits for the first. NULL: closed and empty. */
struct db_write *db_queue_take(struct db_queue *queue, size_t most);
/* Takes no more: what is queued is still handed out. */
void db_queue_close(struct db_queue *queue);

#define OBSERVERS_MAX 16

/* The first member of each engine. */
struct database {
	const struct db_driver *driver;
	enum db_engine engine;
	struct db_queue queue;
	struct {
		db_observer *call;
		void *arg;
	} observers[OBSERVERS_MAX];
	size_t observer_count;
	struct db_guard guard; /* before NULL: none */
};
void database_init(struct database *database, const struct db_driver *driver, enum db_engine engine);
void database_done(struct database *database);
/* Tells every observer of every change noted on the connection and forgets them. */
void database_tell(struct database *database, struct db *db);
/* Asks the guard, when there is one and anything was changed, right before a commit; and tells it afterwards. */
int database_guard_before(struct db *db, int64_t *ret_ticket, struct err *e);
void database_guard_after(struct db *db, int64_t ticket);
/* Runs one write in the transaction that is open; one that was run while memory was short has failed. Sets rc and err. */
int db_write_run(struct db *db, struct db_write *write);
/* Calls what ends a batch, when there is something, and forgets it. */
void db_batch_ended(struct db_batch_end *end);
/* Calls done() of each write of a list, whose rc are set, and what ends the batch; the writes may be gone afterwards. */
void db_writes_finish(struct db_write *batch);

/* ERR_UNAVAILABLE with Retry-After; the text is for the client, NULL the standard one. */
int db_unavailable(struct err *e, const char *text);
/* As with fail(): whoever reads or analyses the caller sees that the result is negative. */
#define db_unavailable(e, text) ((void)(db_unavailable)(e, text), -(int)ERR_UNAVAILABLE)

int sqlite_open(const struct conf *conf, bool create, struct database **ret, struct err *e);
int pg_open(const struct conf *conf, bool create, struct database **ret, struct err *e);

#endif
