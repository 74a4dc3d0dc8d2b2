/* The PostgreSQL engine: what its connections, its pools and its look-ups share; private to db/. */
#ifndef DB_PG_H
#define DB_PG_H

#include <libpq-fe.h>

#include "db/engine.h"

/* Why the latest statement failed, for those who may try again. */
enum pg_trouble {
	PG_FINE,
	PG_BROKEN,   /* the connection is gone */
	PG_COLLIDED, /* with another transaction: this one may succeed when it is run again */
	PG_EXISTS,   /* a key was there: another transaction may have been faster */
};

struct pg_db {
	struct db base;
	PGconn *handle;          /* NULL: not connected */
	const struct sql **kept; /* prepared on this connection: hash table with open addressing, size a power of two */
	size_t kept_count, kept_size;
	enum pg_trouble trouble;
	bool reconnects;    /* a reader: a statement is a transaction and can be asked again */
	struct pg_db *next; /* idle readers */
};

struct pg_rows {
	struct db_rows base;
	PGresult *result;
	int row, count;
	unsigned char **blobs; /* decoded columns of the row, made when one is asked for */
};

struct pg_lookups {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct db_lookup *first, **last;
	bool closed;
	pthread_t thread;
	struct pg_db *db;
	struct db_batch_end batch_end; /* of those that were answered just now */
};

struct pg_database {
	struct database base;
	char *url;
	pthread_mutex_t readers_lock;
	pthread_cond_t reader_given;
	struct pg_db *idle;
	size_t readers_left; /* connections that may still be made */
	pthread_t *writers;
	size_t writer_count;
	struct pg_lookups lookups;
	_Atomic int64_t warned_us; /* the latest line of the log about a connection that was not made */
};

/* Up to this many parameters need no memory of their own. */
#define PG_PARAMS_SMALL 48
#define PG_NUMBER_SIZE 32

/* Arguments as libpq wants them. */
struct pg_params {
	int count;
	const char **values;
	int *lengths, *formats;
	Oid *types;
	void *memory; /* when there are many */
	struct {
		const char *values[PG_PARAMS_SMALL];
		int lengths[PG_PARAMS_SMALL], formats[PG_PARAMS_SMALL];
		Oid types[PG_PARAMS_SMALL];
		char numbers[PG_PARAMS_SMALL][PG_NUMBER_SIZE];
	} small;
};
bool pg_params_init(struct pg_params *params, struct db_args args);
void pg_params_done(struct pg_params *params);

/* Connections (pg_connection.c). A pg_db begins unconnected. */
struct pg_db *pg_db_new(struct pg_database *database);
void pg_db_free(struct pg_db *db);
/* Connects when it is not; one try. */
int pg_connect(struct pg_db *db, struct err *e);
/* As pg_connect(), again and again until since_us + DB_WAIT_US. */
int pg_connect_wait(struct pg_db *db, int64_t since_us, struct err *e);
void pg_disconnect(struct pg_db *db);
/* An idle connection that the server has closed is noticed here and closed. */
void pg_check(struct pg_db *db);
/* Records why result failed, in e and in db->trouble. */
int pg_fail(struct pg_db *db, const PGresult *result, struct err *e);

#define PG_NAME_SIZE 24
/* The name of the statement on a connection; is it prepared there already? pg_kept_add() notes that it is, in the room that
 * pg_kept_reserve() made before. */
void pg_statement_name(const struct sql *sql, char ret[PG_NAME_SIZE]);
bool pg_kept(const struct pg_db *db, const struct sql *sql);
bool pg_kept_reserve(struct pg_db *db);
void pg_kept_add(struct pg_db *db, const struct sql *sql);
const char *pg_statement_text(const struct sql *sql);

extern const struct db_driver PG_DRIVER;
int pg_prepare(struct pg_db *db, const struct sql *sql, struct db_args args, struct err *e);
void pg_forget_blobs(struct pg_rows *rows);

/* pg_pool.c */
int pg_reader_take(struct database *base, struct db **ret, struct err *e);
void pg_reader_give(struct db *base);
int pg_session_open(struct database *base, struct db **ret, struct err *e);
void pg_session_close(struct db *base);
void pg_database_close(struct database *base);

/* pg_lookup.c */
int pg_lookups_start(struct pg_database *database, struct err *e);
void pg_lookups_stop(struct pg_database *database);
void pg_lookup(struct database *base, struct db_lookup *lookup);

#endif
