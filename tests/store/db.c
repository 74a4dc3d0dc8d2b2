/* The SQL layer: transactions, what a failed write leaves, what observers hear, look-ups; on SQLite, and on PostgreSQL when
 * TEST_PG_URL names a cluster. */
#include "../unit/test.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "db/db.h"
#include "db/migrate.h"

static struct err e;

static int make_table(struct db *db, void *arg, struct err *err)
{
	(void)arg;
	int rc = db_exec_text(db, "DROP TABLE IF EXISTS proof", DB_NONE, NULL, err);
	if (rc < 0)
		return rc;
	return db_exec_text(db,
		"CREATE TABLE proof (project_id BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT, data BYTEA, weight DOUBLE "
		"PRECISION, "
		"PRIMARY KEY (project_id, id))",
		DB_NONE, NULL, err);
}

static int insert(struct db *db, int64_t id, const char *name, struct err *err)
{
	static const struct sql INSERT = { "INSERT INTO proof (project_id, id, name, data, weight) VALUES ($1, $2, $3, $4, $5)",
		NULL };
	return db_exec(db, &INSERT, DB_ARGS(db_i(1), db_i(id), db_s(name), db_blob("a\0b\\", 4), db_f(0.1)), err);
}

static int64_t count(struct database *database)
{
	static const struct sql COUNT = { "SELECT COUNT(*) FROM proof WHERE project_id = $1", NULL };
	struct db *db;
	struct db_rows *rows;
	if (db_reader_take(database, &db, &e) < 0)
		return -1;
	int64_t n = db_find(db, &COUNT, DB_ARGS(db_i(1)), &rows, &e) > 0 ? db_col_int(rows, 0) : -1;
	db_rows_close(rows);
	db_reader_give(db);
	return n;
}

/* --- transactions ------------------------------------------------------------------------------------------------------ */

struct told {
	int count;
	int64_t sum;
};

static void observe(void *arg, enum db_topic topic, int64_t project_id, int64_t id)
{
	struct told *told = arg;
	if (topic == DB_CHANGED_TOKEN && project_id == 1) {
		__atomic_add_fetch(&told->count, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&told->sum, id, __ATOMIC_SEQ_CST);
	}
}

static int insert_one(struct db *db, void *arg, struct err *err)
{
	int64_t id = *(int64_t *)arg;
	int rc = insert(db, id, "one", err);
	if (rc < 0)
		return rc;
	db_changed(db, DB_CHANGED_TOKEN, 1, id);
	return 0;
}

static int insert_and_fail(struct db *db, void *arg, struct err *err)
{
	int rc = insert_one(db, arg, err);
	return rc < 0 ? rc : fail(err, ERR_TOKEN_NOT_FOUND, "not this time");
}

static void test_transact(struct database *database, struct told *told)
{
	int64_t id = 1;
	CHECK(database_transact(database, insert_one, &id, &e) == 0);
	CHECK(count(database) == 1);
	CHECK(told->count == 1 && told->sum == 1);
	id = 2;
	CHECK(database_transact(database, insert_and_fail, &id, &e) == -ERR_TOKEN_NOT_FOUND);
	CHECK_TEXT(err_text(&e), "not this time");
	err_done(&e);
	CHECK(count(database) == 1);
	CHECK(told->count == 1);
}

/* --- many at once ------------------------------------------------------------------------------------------------------ */

#define MANY 500

struct many {
	struct db_write writes[MANY];
	int64_t ids[MANY];
	struct database *database;
	struct told *told;
	sem_t finished;
	int succeeded, failed, told_late, wrong;
};

static int many_run(struct db *db, struct db_write *write, struct err *err)
{
	int64_t id = *(int64_t *)write->arg;
	return id % 5 ? insert_one(db, &id, err) : insert_and_fail(db, &id, err);
}

static struct many many;

static void many_done(struct db_write *write, int rc)
{
	int64_t id = *(int64_t *)write->arg;
	if (rc == 0 && !__atomic_load_n(&many.told->count, __ATOMIC_SEQ_CST))
		__atomic_add_fetch(&many.told_late, 1, __ATOMIC_SEQ_CST);
	if (rc != (id % 5 ? 0 : -ERR_TOKEN_NOT_FOUND))
		__atomic_add_fetch(&many.wrong, 1, __ATOMIC_SEQ_CST);
	err_done(&write->err);
	__atomic_add_fetch(rc < 0 ? &many.failed : &many.succeeded, 1, __ATOMIC_SEQ_CST);
	sem_post(&many.finished);
}

static void test_many(struct database *database, struct told *told)
{
	memset(&many, 0, sizeof(many));
	many.database = database;
	many.told = told;
	*told = (struct told){ 0 };
	sem_init(&many.finished, 0, 0);
	int64_t before = count(database), sum = 0;
	for (int i = 0; i < MANY; i++) {
		many.ids[i] = 1000 + i;
		many.writes[i] = (struct db_write){ .run = many_run, .done = many_done, .arg = &many.ids[i] };
		sum += many.ids[i] % 5 ? many.ids[i] : 0;
		database_submit(database, &many.writes[i]);
	}
	for (int i = 0; i < MANY; i++)
		sem_wait(&many.finished);
	CHECK(many.succeeded == MANY * 4 / 5 && many.failed == MANY / 5);
	CHECK(many.told_late == 0 && many.wrong == 0);
	CHECK(told->count == MANY * 4 / 5 && told->sum == sum);
	CHECK(count(database) == before + MANY * 4 / 5);
	sem_destroy(&many.finished);
}

/* --- values ------------------------------------------------------------------------------------------------------------ */

static void test_values(struct database *database)
{
	static const struct sql FIND = { "SELECT id, name, data, weight, NULL FROM proof WHERE id = $2 AND project_id = $1",
		NULL };
	struct db *db;
	struct db_rows *rows;
	size_t length;
	CHECK(db_reader_take(database, &db, &e) == 0);
	CHECK(db_find(db, &FIND, DB_ARGS(db_i(1), db_i(1)), &rows, &e) == 1);
	CHECK(db_col_count(rows) == 5);
	CHECK(db_col_int(rows, 0) == 1);
	CHECK_TEXT(db_col_text(rows, 1), "one");
	const void *data = db_col_blob(rows, 2, &length);
	CHECK(length == 4 && memcmp(data, "a\0b\\", 4) == 0);
	CHECK(db_col_real(rows, 3) == 0.1);
	CHECK(db_col_null(rows, 4) && !db_col_text(rows, 4) && !db_col_null(rows, 0));
	/* the same statement while its rows are being read */
	struct db_rows *inner;
	CHECK(db_find(db, &FIND, DB_ARGS(db_i(1), db_i(1001)), &inner, &e) == 1);
	CHECK(db_col_int(inner, 0) == 1001 && db_col_int(rows, 0) == 1);
	db_rows_close(inner);
	CHECK(db_next(rows, &e) == 0);
	db_rows_close(rows);
	CHECK(db_find(db, &FIND, DB_ARGS(db_i(1), db_i(-1)), &rows, &e) == 0 && !rows);
	CHECK(db_query_text(db, "SELECT id FROM proof ORDER BY id DESC", DB_NONE, &rows, &e) == 0);
	int64_t last = INT64_MAX;
	int n = 0;
	for (; db_next(rows, &e) > 0; n++) {
		CHECK(db_col_int(rows, 0) < last);
		last = db_col_int(rows, 0);
	}
	CHECK(n == count(database));
	db_rows_close(rows);
	CHECK(insert(db, 77, "a reader changes nothing", NULL) < 0);
	db_reader_give(db);
}

static int next_ids(struct db *db, void *arg, struct err *err)
{
	int64_t *ids = arg;
	int rc = db_next_id(db, "ticket", &ids[0], err);
	return rc < 0 ? rc : db_next_id(db, "ticket", &ids[1], err);
}

static int no_sequence(struct db *db, void *arg, struct err *err)
{
	return db_next_id(db, "no such thing", arg, err);
}

/* Every engine knows the small letters of every script, those of other lengths and beyond the first plane too. */
static void test_lower(struct database *database)
{
	static const struct sql LOWER = { "SELECT lower(CAST($1 AS TEXT))", NULL };
	static const char *const PAIRS[][2] = { { "", "" }, { "AZ-[09]@`z", "az-[09]@`z" }, { "ŽLUŤOUČKÝ", "žluťoučký" },
		{ "ГОРОД ΑΘΗΝΑ", "город αθηνα" }, { "Ⱥ", "ⱥ" }, { "𐐀€", "𐐨€" } };
	struct db *db;
	struct db_rows *rows;
	CHECK(db_reader_take(database, &db, &e) == 0);
	for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
		CHECK(db_find(db, &LOWER, DB_ARGS(db_s(PAIRS[i][0])), &rows, &e) == 1);
		CHECK_TEXT(db_col_text(rows, 0), PAIRS[i][1]);
		db_rows_close(rows);
	}
	CHECK(db_find(db, &LOWER, DB_ARGS(db_null()), &rows, &e) == 1 && db_col_null(rows, 0));
	db_rows_close(rows);
	db_reader_give(db);
}

static void test_sequences(struct database *database)
{
	int64_t first[2], second[2];
	CHECK(database_transact(database, next_ids, first, &e) == 0);
	CHECK(database_transact(database, next_ids, second, &e) == 0);
	CHECK(first[0] > 1000 && first[1] > first[0] && second[0] > first[1] && second[1] > second[0]);
	CHECK(database_transact(database, no_sequence, first, NULL) == -ERR_INTERNAL);
}

/* --- look-ups ---------------------------------------------------------------------------------------------------------- */

static sem_t looked_up;

static void lookup_done(struct db_lookup *lookup, struct db_rows *rows, int rc)
{
	int64_t *ret = lookup->arg;
	struct err err = { 0 };
	*ret = rc < 0 ? rc : db_next(rows, &err) > 0 ? db_col_int(rows, 0) : 0;
	err_done(&lookup->err);
	sem_post(&looked_up);
}

/* More than fit into one round trip; many ask the same. */
static void test_many_lookups(struct database *database)
{
	static const struct sql FIND = { "SELECT id FROM proof WHERE project_id = $1 AND id = $2", NULL };
	static struct db_lookup lookups[MANY];
	static struct db_arg args[MANY][2];
	static int64_t results[MANY];
	int right = 0;
	sem_init(&looked_up, 0, 0);
	for (int i = 0; i < MANY; i++) {
		args[i][0] = db_i(1);
		args[i][1] = db_i(1000 + (i % 300));
		lookups[i] = (struct db_lookup){ .sql = &FIND, .args = { args[i], 2 }, .done = lookup_done, .arg = &results[i] };
		database_lookup_submit(database, &lookups[i]);
	}
	for (int i = 0; i < MANY; i++)
		sem_wait(&looked_up);
	for (int i = 0; i < MANY; i++)
		right += results[i] == (i % 300 % 5 ? 1000 + i % 300 : 0);
	CHECK(right == MANY);
	sem_destroy(&looked_up);
}

static void test_lookups(struct database *database)
{
	static const struct sql FIND = { "SELECT id FROM proof WHERE project_id = $1 AND id = $2", NULL };
	static const struct sql WRONG = { "SELECT id FROM no_such_table WHERE id = $1", NULL };
	static const struct db_arg args[3][2] = { { { DB_INT, 1, 0, NULL, 0 }, { DB_INT, 1001, 0, NULL, 0 } },
		{ { DB_INT, 1, 0, NULL, 0 }, { DB_INT, 999999, 0, NULL, 0 } },
		{ { DB_INT, 1, 0, NULL, 0 }, { DB_INT, 1, 0, NULL, 0 } } };
	int64_t results[3] = { 7, 7, 7 }, wrong = 0;
	struct db_lookup lookups[4];
	sem_init(&looked_up, 0, 0);
	for (int i = 0; i < 3; i++)
		lookups[i] = (struct db_lookup){ .sql = &FIND, .args = { args[i], 2 }, .done = lookup_done, .arg = &results[i] };
	lookups[3] = (struct db_lookup){ .sql = &WRONG, .args = { args[0], 1 }, .done = lookup_done, .arg = &wrong };
	database_lookup_submit(database, &lookups[0]);
	database_lookup_submit(database, &lookups[3]);
	database_lookup_submit(database, &lookups[1]);
	database_lookup_submit(database, &lookups[2]);
	for (int i = 0; i < 4; i++)
		sem_wait(&looked_up);
	CHECK(results[0] == 1001 && results[1] == 0 && results[2] == 1);
	CHECK(wrong == -ERR_INTERNAL);
	sem_destroy(&looked_up);
}

/* --- opening ----------------------------------------------------------------------------------------------------------- */

static int pretend_newer(struct db *db, void *arg, struct err *err)
{
	(void)arg;
	return db_exec_text(db, "INSERT INTO schema_migrations (number, name, applied_us) VALUES (9999, 'from the future', 0)",
		DB_NONE, NULL, err);
}

static int pretend_no_more(struct db *db, void *arg, struct err *err)
{
	(void)arg;
	return db_exec_text(db, "DELETE FROM schema_migrations WHERE number = 9999", DB_NONE, NULL, err);
}

static void test_engine(struct conf *conf)
{
	struct database *database, *second;
	struct told told = { 0 };
	CHECK(database_open(conf, true, &database, &e) == 0);
	if (e.code) {
		fprintf(stderr, "%s\n", err_text(&e));
		return;
	}
	database_observe(database, observe, &told);
	CHECK(database_ping(database, &e) == 0);
	CHECK(database_transact(database, make_table, NULL, &e) == 0);
	test_transact(database, &told);
	test_many(database, &told);
	test_values(database);
	test_lower(database);
	test_sequences(database);
	test_lookups(database);
	test_many_lookups(database);
	CHECK(database_transact(database, pretend_newer, NULL, &e) == 0);
	CHECK(database_open(conf, false, &second, &e) == -ERR_SCHEMA_NEWER);
	err_done(&e);
	CHECK(database_transact(database, pretend_no_more, NULL, &e) == 0);
	database_close(database);
	CHECK(database_open(conf, false, &database, &e) == 0);
	CHECK(count(database) == 1 + MANY * 4 / 5);
	database_close(database);
}

int main(void)
{
	char folder[] = "/tmp/chatelaine-db-XXXXXX";
	struct conf conf;
	struct database *database;
	CHECK(mkdtemp(folder) != NULL);
	conf_init(&conf, &e);
	CHECK(conf_set(&conf, "data", folder, &e) == 0);
	CHECK(database_open(&conf, false, &database, &e) == -ERR_VALIDATION);
	err_done(&e);
	test_engine(&conf);
	const char *url = getenv("TEST_PG_URL");
	if (!str_empty(url)) {
		CHECK(conf_set(&conf, "engine", url, &e) == 0);
		test_engine(&conf);
	}
	conf_done(&conf);
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	CHECK(system(command) == 0);
	return test_end();
}
