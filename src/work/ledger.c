/* The ledger of revocations. */
#include "work/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "store/session.h"
#include "work/ledger_file.h"

/* Newest entries that are compared with the database at start: one that is older than any of them is older than the last. */
#define CHECK_MOST 5000
/* Tokens of one transaction when the ledger is applied. */
#define APPLY_MOST 1000
/* A file of this many lines is tidied up at start when most of them are of no use any more. */
#define TIDY_LINES 10000
/* A running server tidies up when so many lines have come, or twice what tidying left. */
#define TIDY_RUNNING_LINES 200000
#define RETRY_AFTER_S 5

struct ledger {
	int fd, lock_fd;
	char *path;
	bool alone;           /* nobody else writes to the file: the one writer of the embedded engine */
	pthread_mutex_t lock; /* of all below */
	int64_t lines, tidy_at;
	int64_t last_batch;
	bool is_torn;     /* the last line may be half there */
	bool sync_failed; /* what was written may never reach the disk: asking again would not tell (as in db/db_writer.c) */
};

/* --- applying ---------------------------------------------------------------------------------------------------------- */

struct applying {
	const struct ledger_list *list;
	size_t from;
	int64_t revoked; /* of these */
};

static int apply_some(struct db *db, void *arg, struct err *e)
{
	struct applying *applying = arg;
	struct token_mark highest[2] = { { .project_id = 0 }, { .project_id = 1 } }; /* of management tokens, of all others */
	applying->revoked = 0;
	for (size_t i = applying->from; i < applying->list->count && i < applying->from + APPLY_MOST; i++) {
		const struct token_mark *mark = &applying->list->entries[i].mark;
		int rc = token_mark_apply(db, mark, e);
		if (rc < 0)
			return rc;
		applying->revoked += rc;
		struct token_mark *of_kind = &highest[mark->project_id != 0];
		of_kind->token_id = mark->token_id > of_kind->token_id ? mark->token_id : of_kind->token_id;
	}
	int rc = token_ids_skip(db, &highest[0], e);
	return rc < 0 ? rc : token_ids_skip(db, &highest[1], e);
}

/* Which of them ended since nobody wrote down. */
static int forget_sessions(struct db *db, void *arg, struct err *e)
{
	(void)arg;
	return session_remove_all(db, e);
}

static int apply_all(struct database *database, const struct ledger_list *merged, int64_t *ret_revoked, struct err *e)
{
	struct applying applying = { .list = merged };
	int64_t revoked = 0;
	int rc = database_transact(database, forget_sessions, NULL, e);
	if (rc < 0)
		return rc;
	for (; applying.from < merged->count; applying.from += APPLY_MOST) {
		if ((rc = database_transact(database, apply_some, &applying, e)) < 0)
			return rc;
		revoked += applying.revoked;
	}
	*ret_revoked = revoked;
	return 0;
}

int ledger_apply(struct database *database, const char *path, int64_t *ret_revoked, struct err *e)
{
	own(ledger_list_done) struct ledger_list list = { .count = 0 };
	int rc = ledger_read(path, &list, e);
	if (rc < 0)
		return rc;
	/* a commit whose mark was lost with its server counts: here the safe side is the revoked one */
	for (size_t i = 0; i < list.count; i++)
		list.entries[i].done = true;
	ledger_merge(&list);
	return apply_all(database, &list, ret_revoked, e);
}

/* --- at start ---------------------------------------------------------------------------------------------------------- */

static bool is_older(const struct token_mark *row, const struct token_mark *mark)
{
	return mark->version ? row->version && row->version < mark->version : row->version != 0;
}

/* Entries without their "done" are of a server that died before or after its commit: the database tells which. One with it that
 * the database does not know says that the database is older. */
static int compare_with_database(struct database *database, struct ledger_list *list, bool *ret_older, struct err *e)
{
	struct db *db;
	int rc = db_reader_take(database, &db, e);
	if (rc < 0)
		return rc;
	*ret_older = false;
	for (size_t i = 0; i < list->count && rc == 0; i++) {
		struct ledger_entry *entry = &list->entries[i];
		struct token_mark row;
		if (entry->done && i + CHECK_MOST < list->count)
			continue;
		rc = token_mark_read(db, entry->mark.project_id, entry->mark.token_id, &row, e);
		bool older = rc == 0 && is_older(&row, &entry->mark);
		*ret_older = *ret_older || (older && entry->done);
		entry->done = entry->done || (rc == 0 && !older);
	}
	db_reader_give(db);
	return rc;
}

static int open_file(struct ledger *ledger, const char *path, struct err *e)
{
	ledger->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (ledger->fd < 0)
		return fail(e, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	/* a line that was cut off must not swallow the next one */
	char last = '\n';
	off_t size = lseek(ledger->fd, 0, SEEK_END);
	if (size > 0 && pread(ledger->fd, &last, 1, size - 1) == 1 && last != '\n' && write(ledger->fd, "\n", 1) != 1)
		return fail(e, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
	return 0;
}

/* alone: no other server writes to the file. */
static int settle(struct database *database, const char *path, struct ledger_list *list, bool alone, struct err *e)
{
	bool older;
	int64_t lines = list->lines, revoked = 0;
	size_t open = 0;
	for (size_t i = 0; i < list->count; i++)
		open += !list->entries[i].done;
	int rc = compare_with_database(database, list, &older, e);
	if (rc < 0)
		return rc;
	ledger_merge(list);
	if (older && (rc = apply_all(database, list, &revoked, e)) < 0)
		return rc;
	if (older) {
		char text[24];
		snprintf(text, sizeof(text), "%" PRId64, revoked);
		log_line(LOG_WARN, "the database is older than the ledger of revocations: what it brought back is revoked",
			"tokens", text, NULL);
	}
	bool untidy = lines > TIDY_LINES && (size_t)lines > 2 * list->count;
	return alone && (open || untidy) ? ledger_write(path, list, e) : 0;
}

/* --- during the server's life ------------------------------------------------------------------------------------------- */

struct writing {
	struct buf text;
	int64_t batch;
};

static void writing_done(struct writing *writing)
{
	buf_done(&writing->text);
}

static int add_mark(void *arg, const struct token_mark *mark, struct err *e)
{
	struct writing *writing = arg;
	(void)e;
	buf_printf(&writing->text, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", writing->batch,
		mark->project_id, mark->token_id, mark->version, mark->refreshed_us);
	return 0;
}

static int add_change(struct db *db, const struct db_change *change, struct writing *writing, struct err *e)
{
	struct token_mark mark;
	if (change->topic == DB_CHANGED_USER)
		return token_mark_list_admin(db, change->id, add_mark, writing, e);
	if (change->topic != DB_CHANGED_TOKEN && change->topic != DB_CHANGED_MANAGE_TOKEN)
		return 0;
	int rc = token_mark_read(db, change->project_id, change->id, &mark, e);
	return rc < 0 ? rc : add_mark(writing, &mark, e);
}

static bool write_all(struct ledger *ledger, const struct buf *text)
{
	if (ledger->is_torn && write(ledger->fd, "\n", 1) != 1)
		return false;
	ledger->is_torn = write(ledger->fd, text->data, text->length) != (ssize_t)text->length;
	return !ledger->is_torn;
}

/* The file anew, with the newest line of each token; on failure the old one goes on. */
static void tidy(struct ledger *ledger)
{
	own(ledger_list_done) struct ledger_list list = { .count = 0 };
	own(err_done) struct err e = { 0 };
	int rc = ledger_read(ledger->path, &list, &e);
	if (rc == 0) {
		ledger_merge(&list);
		rc = ledger_write(ledger->path, &list, &e);
	}
	int fd = rc == 0 ? open(ledger->path, O_RDWR | O_APPEND | O_CLOEXEC) : -1;
	if (fd >= 0) {
		close(ledger->fd);
		ledger->fd = fd;
		ledger->lines = (int64_t)list.count;
	} else {
		log_line(LOG_WARN, "the ledger of revocations was not tidied up", "detail", e.text, NULL);
		/* the new file is there and can't be opened: what is written to the old one would be lost */
		ledger->sync_failed = ledger->sync_failed || rc == 0;
	}
	ledger->tidy_at = 2 * ledger->lines > TIDY_RUNNING_LINES ? 2 * ledger->lines : TIDY_RUNNING_LINES;
}

static int append(struct ledger *ledger, const struct buf *text, struct err *e)
{
	pthread_mutex_lock(&ledger->lock);
	bool good = !ledger->sync_failed && !text->failed && write_all(ledger, text);
	if (good && fdatasync(ledger->fd) < 0) {
		good = false;
		ledger->sync_failed = errno != ENOSPC && errno != EDQUOT;
	}
	int why = ledger->sync_failed ? EIO : errno;
	pthread_mutex_unlock(&ledger->lock);
	if (good)
		return 0;
	log_line(LOG_ERROR, "the ledger of revocations was not written", "detail", strerror(why), NULL);
	fail(e, ERR_UNAVAILABLE,
		why == ENOSPC ? "The server's disk is full: nothing can be changed until there is room."
			      : "The server's disk failed: no token can be changed until the server is restarted.");
	if (e)
		e->retry_after_s = RETRY_AFTER_S;
	return -ERR_UNAVAILABLE;
}

/* Files are not for transactions; this one is, because a revocation must be on the disk twice before anybody hears of it. */
static int before_commit(
	void *arg, struct db *db, const struct db_change *changes, size_t count, int64_t *ret_ticket, struct err *e)
{
	struct ledger *ledger = arg;
	own(writing_done) struct writing writing = { .batch = 0 };
	pthread_mutex_lock(&ledger->lock);
	writing.batch = ++ledger->last_batch;
	pthread_mutex_unlock(&ledger->lock);
	int rc = 0;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = add_change(db, &changes[i], &writing, e);
	if (rc < 0 || !writing.text.length)
		return rc;
	rc = append(ledger, &writing.text, e);
	if (rc == 0)
		*ret_ticket = writing.batch;
	return rc;
}

/* Not synced: when it is lost, the next start asks the database. */
static void after_commit(void *arg, int64_t ticket)
{
	struct ledger *ledger = arg;
	pthread_mutex_lock(&ledger->lock);
	if (dprintf(ledger->fd, "%" PRId64 " done\n", ticket) < 0)
		log_line(LOG_WARN, "the ledger of revocations was not written", NULL);
	ledger->lines += 2; /* or a few more: it need not be exact */
	if (ledger->alone && ledger->lines > ledger->tidy_at)
		tidy(ledger);
	pthread_mutex_unlock(&ledger->lock);
}

/* Servers on a PostgreSQL database may share a folder; only the first may tidy up. On the embedded engine there is one: what a
 * second one changed would not be seen by the first one's index of tokens. */
static int claim(struct ledger *ledger, const struct conf *conf, bool may_share, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/serve.lock", conf->data);
	ledger->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (ledger->lock_fd < 0)
		return fail(e, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	ledger->alone = flock(ledger->lock_fd, LOCK_EX | LOCK_NB) == 0;
	if (!ledger->alone && !may_share)
		return fail(e, ERR_INTERNAL, "Another server is running on %s", conf->data);
	return 0;
}

static int begin(struct ledger *ledger, const struct conf *conf, struct database *database, struct err *e)
{
	bool may_share = database_engine(database) == DB_POSTGRES;
	own(ledger_list_done) struct ledger_list list = { .count = 0 };
	if (asprintf(&ledger->path, "%s/revocations.log", conf->data) < 0) {
		ledger->path = NULL;
		return fail_internal(e, ERR_INTERNAL, "no memory for the ledger");
	}
	int rc = claim(ledger, conf, may_share, e);
	if (rc < 0 || (rc = ledger_read(ledger->path, &list, e)) < 0)
		return rc;
	rc = settle(database, ledger->path, &list, ledger->alone, e);
	if (rc < 0)
		return rc;
	if (may_share && flock(ledger->lock_fd, LOCK_SH) == 0)
		ledger->alone = false; /* from here on others may come */
	/* by the clock: servers that share the file must not share numbers */
	ledger->last_batch = now_us() > list.last_batch ? now_us() : list.last_batch;
	ledger->lines = list.lines;
	ledger->tidy_at = TIDY_RUNNING_LINES;
	return open_file(ledger, ledger->path, e);
}

int ledger_open(const struct conf *conf, struct database *database, struct ledger **ret, struct err *e)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	if (!ledger)
		return fail_internal(e, ERR_INTERNAL, "no memory for the ledger");
	pthread_mutex_init(&ledger->lock, NULL);
	ledger->fd = ledger->lock_fd = -1;
	int rc = begin(ledger, conf, database, e);
	if (rc < 0) {
		ledger_close(ledger);
		return rc;
	}
	database_set_guard(database, &(struct db_guard){ before_commit, after_commit, ledger });
	*ret = ledger;
	return 0;
}

void ledger_close(struct ledger *ledger)
{
	if (!ledger)
		return;
	if (ledger->fd >= 0)
		close(ledger->fd);
	if (ledger->lock_fd >= 0)
		close(ledger->lock_fd);
	pthread_mutex_destroy(&ledger->lock);
	free(ledger->path);
	free(ledger);
}
