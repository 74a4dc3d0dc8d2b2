/* What is done from time to time for tokens. */
#include "work/token_sweeps.h"

#include <stdio.h>

#include "auth/index.h"
#include "auth/undelivered.h"
#include "base/clock.h"
#include "base/own.h"
#include "store/project.h"
#include "store/token_link.h"
#include "store/token_notice.h"
#include "store/token_replay.h"
#include "work/mail.h"
#include "work/tokens.h"

#define AT_ONCE 200
#define LINKS_KEPT_US (30 * US_PER_DAY)

int sweep_token_uses(struct app *app, int64_t now_us, struct err *e)
{
	(void)now_us;
	undelivered_sweep(index_undelivered(app->index));
	return index_flush_uses(app->index, e);
}

/* --- expired ------------------------------------------------------------------------------------------------------------------ */

struct expired {
	int64_t now_us;
	int64_t keys[AT_ONCE][2];
	size_t count;
};

static int expired_list(struct app *app, struct expired *expired, struct err *e)
{
	struct db *db;
	int rc = db_reader_take(app->database, &db, e);
	if (rc < 0)
		return rc;
	rc = token_list_expired(db, expired->now_us, AT_ONCE, expired->keys, &expired->count, e);
	db_reader_give(db);
	return rc;
}

/* Looked at again inside the write: another server may have been here. */
static int expired_end(struct db *db, const int64_t key[2], int64_t now_us, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct token *token;
	struct project *project;
	int rc = token_find(db, arena, key[0], key[1], &token, e);
	if (rc <= 0 || !token->expires_us || token->expires_us > now_us)
		return rc < 0 ? rc : 0;
	rc = project_find(db, arena, key[0], &project, e);
	if (rc < 0)
		return rc;
	struct origin origin = {
		.project_id = key[0], .branch_id = rc ? project->default_branch_id : 0, .run_id = "", .via = "server"
	};
	return token_end(db, token, &origin, EVENT_TOKEN_EXPIRED, e);
}

static int expired_end_all(struct db *db, void *arg, struct err *e)
{
	const struct expired *expired = arg;
	int rc = 0;
	for (size_t i = 0; i < expired->count && rc == 0; i++)
		rc = expired_end(db, expired->keys[i], expired->now_us, e);
	return rc;
}

int sweep_expired_tokens(struct app *app, int64_t now_us, struct err *e)
{
	struct expired expired = { .now_us = now_us - app->conf.expired_token_keep_s * US_PER_S };
	int rc = expired_list(app, &expired, e);
	if (rc < 0 || !expired.count)
		return rc;
	rc = database_transact(app->database, expired_end_all, &expired, e);
	return rc < 0 ? rc : expired.count == AT_ONCE;
}

/* --- notices ------------------------------------------------------------------------------------------------------------------ */

struct noticing {
	struct app *app;
	int64_t now_us;
	size_t count;
};

static int notice_mail(struct db *db, const struct noticing *noticing, const struct token_notice *notice, struct err *e)
{
	char expires[TIME_TEXT_SIZE];
	own(buf_done) struct buf subject = { 0 }, text = { 0 };
	buf_printf(&subject, "Token \"%s\" expires in %d day%s", notice->description, notice->days, notice->days == 1 ? "" : "s");
	buf_printf(&text,
		"The token \"%s\" (%lld) of the project \"%s\" expires at %s.\n\n"
		"From that moment on it is refused, and it is deleted. If something still needs it, make a new token in "
		"time:\n%s\n",
		notice->description, (long long)notice->token_id, notice->project_name, time_text(notice->expires_us, expires),
		noticing->app->public_url);
	if (subject.failed || text.failed)
		return fail(e, ERR_INTERNAL, NULL);
	struct mail mail = { .to = notice->email, .subject = subject.data, .text = text.data, .project_id = notice->project_id };
	return mail_queue(db, &mail, e);
}

/* Marked in the same write: once each, whatever happens. */
static int notices_in(struct db *db, void *arg, struct err *e)
{
	struct noticing *noticing = arg;
	own(own_arena) struct arena *arena = arena_new();
	struct token_notice *notices;
	int rc = token_notices(db, arena, noticing->now_us, AT_ONCE, &notices, &noticing->count, e);
	for (size_t i = 0; i < noticing->count && rc == 0; i++) {
		if (notices[i].email)
			rc = notice_mail(db, noticing, &notices[i], e);
		if (rc == 0)
			rc = token_set_notified(db, &notices[i], noticing->now_us, e);
	}
	return rc;
}

int sweep_expiry_notices(struct app *app, int64_t now_us, struct err *e)
{
	struct noticing noticing = { .app = app, .now_us = now_us };
	struct db *db;
	int rc = db_reader_take(app->database, &db, e);
	if (rc < 0)
		return rc;
	own(own_arena) struct arena *arena = arena_new();
	struct token_notice *notices;
	rc = token_notices(db, arena, now_us, 1, &notices, &noticing.count, e);
	db_reader_give(db);
	if (rc < 0 || !noticing.count)
		return rc;
	rc = database_transact(app->database, notices_in, &noticing, e);
	return rc < 0 ? rc : noticing.count == AT_ONCE;
}

/* --- what is over ------------------------------------------------------------------------------------------------------------- */

struct cleaning {
	int64_t now_us, count;
};

static int replays_in(struct db *db, void *arg, struct err *e)
{
	struct cleaning *cleaning = arg;
	return token_replay_sweep(db, cleaning->now_us, AT_ONCE, &cleaning->count, e);
}

int sweep_token_replays(struct app *app, int64_t now_us, struct err *e)
{
	struct cleaning cleaning = { .now_us = now_us };
	int rc = database_transact(app->database, replays_in, &cleaning, e);
	return rc < 0 ? rc : cleaning.count == AT_ONCE;
}

static int links_in(struct db *db, void *arg, struct err *e)
{
	struct cleaning *cleaning = arg;
	return token_link_sweep(db, cleaning->now_us - LINKS_KEPT_US, AT_ONCE, &cleaning->count, e);
}

int sweep_token_links(struct app *app, int64_t now_us, struct err *e)
{
	struct cleaning cleaning = { .now_us = now_us };
	int rc = database_transact(app->database, links_in, &cleaning, e);
	return rc < 0 ? rc : cleaning.count == AT_ONCE;
}
