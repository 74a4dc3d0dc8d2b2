/* The mailer: one thread that takes mails from the queue and sends them. */
#include "work/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "base/log.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/mail.h"
#include "work/mail_text.h"

#define LOOK_EVERY_S 1
#define TAKEN_FOR_US (300 * US_PER_S) /* longer than a sending takes: a server that died leaves its mails to the others */
#define FIRST_PAUSE_S 30
#define LONGEST_PAUSE_S 3600
#define TRIES_MAX 30

struct mailer {
	struct app *app;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool is_woken, is_stopping;
};

int mail_queue(struct db *db, const struct mail *mail, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct mail_row row = {
		.project_id = mail->project_id, .recipient = mail->to, .subject = mail->subject, .created_us = now_us()
	};
	if (!str_is_email(mail->to))
		return fail(e, ERR_VALIDATION, "\"%s\" is no e-mail address.", mail->to);
	int rc = mail_row_next_id(db, &row.id, e);
	if (rc < 0)
		return rc;
	own(own_free) char *sealed = secret_seal(mail->text, mail_row_context(arena, &row));
	if (!sealed)
		return fail(e, ERR_INTERNAL, NULL);
	row.sealed = sealed;
	return mail_row_insert(db, &row, e);
}

/* --- sending one -------------------------------------------------------------------------------------------------------------- */

/* Complete under its name or not there at all. */
static int outbox_write(const struct app *app, const struct mail_row *row, const struct buf *message, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	char *folder = arena_printf(arena, "%s/outbox", app->conf.data);
	char *path = arena_printf(arena, "%s/%" PRId64 "-%" PRId64 ".eml", folder, row->created_us, row->id);
	char *part = arena_printf(arena, "%s.part", path);
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return fail(e, ERR_UNAVAILABLE, "the outbox folder cannot be made: %s", strerror(errno));
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(e, ERR_UNAVAILABLE, "the outbox cannot be written: %s", strerror(errno));
	bool ok = write(fd, message->data, message->length) == (ssize_t)message->length && fsync(fd) == 0;
	ok = close(fd) == 0 && ok && rename(part, path) == 0;
	return ok ? 0 : fail(e, ERR_UNAVAILABLE, "the outbox cannot be written: %s", strerror(errno));
}

static int mail_send(const struct app *app, const struct mail_row *row, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	own(own_secret) char *text = secret_open(row->sealed, mail_row_context(arena, row));
	own(buf_done) struct buf message = { 0 };
	if (!text)
		return fail(e, ERR_INTERNAL, "its text was sealed with another key");
	struct mail_text mail = {
		.from = app->conf.mail_from,
		.to = row->recipient,
		.subject = row->subject,
		.text = text,
		.id = arena_printf(arena, "%" PRId64 ".%" PRId64, row->created_us, row->id),
		.time_us = row->created_us,
	};
	mail_text_write(&mail, &message);
	if (message.failed)
		return fail(e, ERR_INTERNAL, NULL);
	if (str_empty(app->conf.smtp))
		return outbox_write(app, row, &message, e);
	struct fetch_mail fetch = { app->conf.smtp, app->conf.mail_from, row->recipient, message.data, message.length };
	return fetch_mail_send(&fetch, e);
}

/* --- the queue ---------------------------------------------------------------------------------------------------------------- */

struct round {
	struct arena *arena;
	struct mail_row *row;
	bool taken, sent;
};

static int take_in(struct db *db, void *arg, struct err *e)
{
	struct round *round = arg;
	int64_t now = now_us();
	int rc = mail_row_take(db, round->arena, now, now + TAKEN_FOR_US, &round->row, e);
	round->taken = rc == 1;
	return rc < 0 ? rc : 0;
}

static int end_in(struct db *db, void *arg, struct err *e)
{
	struct round *round = arg;
	if (round->sent || round->row->tries + 1 >= TRIES_MAX)
		return mail_row_remove(db, round->row, e);
	int64_t pause_s = FIRST_PAUSE_S << (round->row->tries < 10 ? round->row->tries : 10);
	return mail_row_delay(db, round->row, now_us() + (pause_s < LONGEST_PAUSE_S ? pause_s : LONGEST_PAUSE_S) * US_PER_S, e);
}

static void log_failure(const struct mail_row *row, const struct err *e)
{
	char id[24], tries[24];
	snprintf(id, sizeof id, "%" PRId64, row->id);
	snprintf(tries, sizeof tries, "%" PRId64, row->tries + 1);
	log_line(row->tries + 1 >= TRIES_MAX ? LOG_ERROR : LOG_WARN,
		row->tries + 1 >= TRIES_MAX ? "a mail was given up" : "a mail could not be sent yet", "mail", id, "tries", tries,
		"cause", err_text(e), NULL);
}

/* 1: one was taken, there may be more. */
static int mailer_round(const struct app *app, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct round round = { .arena = arena };
	struct db *db;
	int rc = db_reader_take(app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = mail_row_due(db, now_us(), e);
	db_reader_give(db);
	if (rc <= 0 || (rc = database_transact(app->database, take_in, &round, e)) < 0 || !round.taken)
		return rc < 0 ? rc : 0;
	own(err_done) struct err cause = { 0 };
	round.sent = mail_send(app, round.row, &cause) == 0;
	if (!round.sent)
		log_failure(round.row, &cause);
	rc = database_transact(app->database, end_in, &round, e);
	return rc < 0 ? rc : 1;
}

/* False when the mailer ends. */
static bool mailer_rest(struct mailer *mailer)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LOOK_EVERY_S;
	pthread_mutex_lock(&mailer->lock);
	while (!mailer->is_stopping && !mailer->is_woken && pthread_cond_timedwait(&mailer->woken, &mailer->lock, &until) == 0)
		;
	mailer->is_woken = false;
	bool goes_on = !mailer->is_stopping;
	pthread_mutex_unlock(&mailer->lock);
	return goes_on;
}

static void *mailer_run(void *arg)
{
	struct mailer *mailer = arg;
	int rc = 0;
	while (rc == 1 || mailer_rest(mailer)) {
		own(err_done) struct err e = { 0 };
		rc = mailer_round(mailer->app, &e);
		if (rc < 0)
			log_line(LOG_WARN, "the queue of mails could not be read", "cause", err_text(&e), NULL);
		pthread_mutex_lock(&mailer->lock);
		if (mailer->is_stopping)
			rc = 0;
		pthread_mutex_unlock(&mailer->lock);
	}
	return NULL;
}

int mailer_start(struct app *app, struct mailer **ret, struct err *e)
{
	struct mailer *mailer = calloc(1, sizeof *mailer);
	if (!mailer)
		return fail(e, ERR_INTERNAL, NULL);
	mailer->app = app;
	pthread_mutex_init(&mailer->lock, NULL);
	pthread_cond_init(&mailer->woken, NULL);
	if (pthread_create(&mailer->thread, NULL, mailer_run, mailer) != 0) {
		free(mailer);
		return fail_internal(e, ERR_INTERNAL, "no thread for the mailer");
	}
	*ret = mailer;
	return 0;
}

void mailer_wake(struct mailer *mailer)
{
	pthread_mutex_lock(&mailer->lock);
	mailer->is_woken = true;
	pthread_cond_signal(&mailer->woken);
	pthread_mutex_unlock(&mailer->lock);
}

void mailer_stop(struct mailer *mailer)
{
	if (!mailer)
		return;
	pthread_mutex_lock(&mailer->lock);
	mailer->is_stopping = true;
	pthread_cond_signal(&mailer->woken);
	pthread_mutex_unlock(&mailer->lock);
	pthread_join(mailer->thread, NULL);
	pthread_cond_destroy(&mailer->woken);
	pthread_mutex_destroy(&mailer->lock);
	free(mailer);
}
