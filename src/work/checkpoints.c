/* Making and checking the chain of hashes over events. */
#include "work/checkpoints.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/signature.h"
#include "base/str.h"
#include "store/event_keep.h"

/* An event is written within this time of its id: servers' clocks may differ by as much. */
#define SETTLED_US (120 * US_PER_S)
#define EVENTS_MOST 20000
#define PAGE 500

#define HASH_START "0000000000000000000000000000000000000000000000000000000000000000"

/* --- hashing ---------------------------------------------------------------------------------------------------------------- */

struct chain {
	uint8_t hash[SECRET_HASH_SIZE];
	int64_t count;
	char *last_id; /* the arena's */
	struct arena *arena;
};

static void hex_of(const uint8_t hash[SECRET_HASH_SIZE], char ret[CHECKPOINT_HASH_SIZE])
{
	for (int i = 0; i < SECRET_HASH_SIZE; i++)
		snprintf(ret + 2 * i, 3, "%02x", (unsigned)hash[i]);
}

/* Each text with its length before it, so that nothing can move from one to the next. */
static void add_text(struct buf *bytes, const char *text)
{
	buf_printf(bytes, "%zu:", strlen(text));
	buf_puts(bytes, text);
}

static void add_event(struct buf *bytes, const struct event *event)
{
	const char *const texts[] = { event->id, event->name, event->component, event->configuration_id, event->message,
		event->description, event->level, event->run_id, event->object_type, event->object_id, event->object_name,
		event->token_name, event->operation, event->outcome, event->address, event->user_agent, event->client_agent,
		event->referer, event->via, event->params, event->results, event->attachments };
	buf_printf(bytes, "%lld %lld %lld %lld %d %d %.17g ", (long long)event->project_id, (long long)event->created_us,
		(long long)event->branch_id, (long long)event->token_id, (int)event->is_async, (int)event->has_duration,
		event->has_duration ? event->duration_s : 0.0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add_text(bytes, texts[i]);
}

/* The link's hash and the event make the next link's hash. */
static int chain_event(void *arg, const struct event *event, struct err *e)
{
	struct chain *chain = arg;
	own(buf_done) struct buf bytes = { 0 };
	buf_add(&bytes, chain->hash, sizeof(chain->hash));
	add_event(&bytes, event);
	if (bytes.failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a checkpoint");
	plain_hash(bytes.data, bytes.length, chain->hash);
	chain->count++;
	chain->last_id = arena_strdup(chain->arena, event->id);
	return 0;
}

static void chain_begin(struct chain *chain, struct arena *arena, const char *previous_hash)
{
	*chain = (struct chain){ .arena = arena };
	plain_hash(previous_hash, strlen(previous_hash), chain->hash);
}

const char *checkpoint_text(struct arena *arena, const struct checkpoint *checkpoint)
{
	return arena_printf(arena, "events of project %lld, checkpoint %lld: %lld events from '%s' until '%s', after %s: %s",
		(long long)checkpoint->project_id, (long long)checkpoint->number, (long long)checkpoint->event_count,
		checkpoint->from_id, checkpoint->until_id, checkpoint->previous_hash, checkpoint->hash);
}

/* --- making ------------------------------------------------------------------------------------------------------------------ */

struct making {
	struct arena *arena;
	struct checkpoint next;
	const char *remove_before; /* id */
};

/* The next checkpoint, until bound or until there are enough events. 0: no events. */
static int prepare(struct db *db, struct making *making, const char *bound, struct err *e)
{
	const char *oldest_id = making->next.from_id;
	struct checkpoint *last = NULL, *next = &making->next;
	struct chain chain;
	int rc = checkpoint_last(db, making->arena, next->project_id, &last, e);
	if (rc < 0)
		return rc;
	next->number = last ? last->number + 1 : 1;
	next->from_id = last ? last->until_id : oldest_id;
	next->previous_hash = last ? last->hash : HASH_START;
	next->until_id = bound;
	chain_begin(&chain, making->arena, next->previous_hash);
	rc = checkpoint_events(db, next, EVENTS_MOST, chain_event, &chain, e);
	if (rc < 0 || chain.count == 0)
		return rc;
	if (chain.count == EVENTS_MOST)
		next->until_id = arena_printf(making->arena, "%s+", chain.last_id); /* right after it */
	char *hash = arena_alloc(making->arena, CHECKPOINT_HASH_SIZE),
	     *signature = arena_alloc(making->arena, SIGNATURE_TEXT_SIZE);
	if (!hash || !signature)
		return fail_internal(e, ERR_INTERNAL, "no memory for a checkpoint");
	hex_of(chain.hash, hash);
	next->hash = hash;
	next->event_count = chain.count;
	signature_make(checkpoint_text(making->arena, next), signature);
	next->signature = signature;
	next->created_us = now_us();
	return 1;
}

static int insert(struct db *db, void *arg, struct err *e)
{
	struct making *making = arg;
	int rc = checkpoint_insert(db, &making->next, e);
	return rc < 0 ? rc : checkpoint_remove_before(db, making->next.project_id, making->remove_before, e);
}

static int make_one(struct app *app, struct db *reader, const struct event_keeping *keeping, int64_t now, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	int64_t days = keeping->keep_days ? keeping->keep_days : app->conf.events_keep_days;
	char bound[14], oldest[14];
	struct making making = { .arena = arena, .next.project_id = keeping->project_id, .next.from_id = keeping->oldest_id };
	making.remove_before = event_id_bound(now - days * US_PER_DAY, oldest);
	int rc = prepare(reader, &making, event_id_bound(now - SETTLED_US, bound), e);
	if (rc > 0)
		rc = database_transact(app->database, insert, &making, e);
	return rc < 0 ? rc : making.next.event_count == EVENTS_MOST;
}

int checkpoints_sweep(struct app *app, int64_t now_us, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct event_keeping *keepings = NULL;
	size_t count = 0;
	struct db *reader;
	int rc = db_reader_take(app->database, &reader, e), more = 0;
	if (rc < 0)
		return rc;
	rc = event_keepings(reader, arena, &keepings, &count, e);
	for (size_t i = 0; i < count && rc >= 0; i++) {
		rc = make_one(app, reader, &keepings[i], now_us, e);
		more |= rc > 0;
	}
	db_reader_give(reader);
	return rc < 0 ? rc : more;
}

/* --- checking ---------------------------------------------------------------------------------------------------------------- */

static int wrong(const struct checkpoint *checkpoint, struct err *e, const char *what)
{
	return fail(e, ERR_VALIDATION, "project %lld, checkpoint %lld (events until %s): %s", (long long)checkpoint->project_id,
		(long long)checkpoint->number, checkpoint->until_id, what);
}

static int check_events(
	struct db *db, struct arena *arena, const struct checkpoint *checkpoint, struct history *history, struct err *e)
{
	struct chain chain;
	struct checkpoint range = *checkpoint;
	char hash[CHECKPOINT_HASH_SIZE], bound[14];
	if (strcmp(checkpoint->from_id, event_id_bound(history->keep_from_us, bound)) < 0) {
		history->expired++;
		return 0;
	}
	if (checkpoint->number == 1)
		range.from_id = ""; /* there was nothing before it */
	chain_begin(&chain, arena, checkpoint->previous_hash);
	int rc = checkpoint_events(db, &range, INT32_MAX, chain_event, &chain, e);
	if (rc < 0)
		return rc;
	hex_of(chain.hash, hash);
	if (chain.count != checkpoint->event_count)
		return wrong(checkpoint, e, "events were removed or added");
	if (!str_eq(hash, checkpoint->hash))
		return wrong(checkpoint, e, "events were changed");
	history->checkpoints++;
	history->events += chain.count;
	return 0;
}

/* before: the checkpoint before it, or NULL for the first one that is kept. */
static int check_one(struct db *db, const struct checkpoint *checkpoint, const struct checkpoint *before, struct history *history,
	struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	if (!signature_valid(history->public_key, checkpoint_text(arena, checkpoint), checkpoint->signature))
		return wrong(checkpoint, e, "its signature is not the server's");
	if (before && (checkpoint->number != before->number + 1 || !str_eq(checkpoint->previous_hash, before->hash) ||
			      !str_eq(checkpoint->from_id, before->until_id)))
		return wrong(checkpoint, e, "it does not follow the one before it");
	history->saw_known |= str_eq(checkpoint->hash, history->known_hash);
	return check_events(db, arena, checkpoint, history, e);
}

int checkpoints_check(struct db *db, struct history *history, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct checkpoint_list page = { NULL, 0 };
	const struct checkpoint *before = NULL;
	int rc;
	do {
		rc = checkpoint_list(
			db, arena, history->project_id, (const int64_t[]){ before ? before->number : 0, PAGE }, &page, e);
		for (size_t i = 0; i < page.count && rc >= 0; before = &page.items[i++])
			rc = check_one(db, &page.items[i], before, history, e);
	} while (rc >= 0 && page.count == PAGE);
	if (rc >= 0 && history->known_hash && !history->saw_known)
		rc = fail(e, ERR_VALIDATION,
			"project %lld: the checkpoint %s is not there: the history's end was cut off, or it is another one",
			(long long)history->project_id, history->known_hash);
	return rc < 0 ? rc
		      : checkpoint_count_from(db, history->project_id, before ? before->until_id : "", &history->open_events, e);
}
