/* The index of live tokens.
 *
 * Never stale without searching for what to drop: every token, every project and all users together have counters (tokens and
 * projects share theirs by hash: a collision only costs one look-up). An entry remembers what its three counters said before its
 * row was read, and is good while they say the same. A change adds one between its commit and its answer, so an entry made from
 * the row before it is never good afterwards, even when it is put in late. */
#include "auth/index.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/identity.h"
#include "auth/undelivered.h"
#include "auth/uses.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/shortage.h"
#include "store/token_lookup.h"
#include "store/token_replay.h"

#define SHARDS 32
#define CHAINS 4096 /* of one shard */
#define TOKEN_COUNTERS 65536
#define PROJECT_COUNTERS 4096
#define USES_AT_ONCE 4096

struct shard {
	pthread_mutex_t lock;
	struct held *chains[CHAINS];
	struct held *newest, *oldest; /* by last look-up */
	size_t bytes;
	size_t count;
};

struct token_index {
	struct database *database;
	bool caches; /* the embedded engine tells of every change; PostgreSQL is asked each time */
	size_t shard_max_bytes;
	struct shard shards[SHARDS];
	_Atomic uint64_t token_counters[TOKEN_COUNTERS], project_counters[PROJECT_COUNTERS], user_counter;
	struct uses *uses;
	struct undelivered *undelivered;
};

static uint64_t hash_of(int64_t project_id, int64_t token_id)
{
	uint64_t hash = ((uint64_t)project_id * 0x9E3779B97F4A7C15u) ^ ((uint64_t)token_id * 0xC2B2AE3D27D4EB4Fu);
	return hash ^ hash >> 31;
}

static void counters_read(struct token_index *index, int64_t project_id, int64_t token_id, uint64_t ret[3])
{
	ret[0] = atomic_load(&index->token_counters[hash_of(project_id, token_id) % TOKEN_COUNTERS]);
	ret[1] = atomic_load(&index->project_counters[hash_of(project_id, 0) % PROJECT_COUNTERS]);
	ret[2] = atomic_load(&index->user_counter);
}

static void observe(void *arg, enum db_topic topic, int64_t project_id, int64_t id)
{
	struct token_index *index = arg;
	if (topic == DB_CHANGED_TOKEN)
		atomic_fetch_add(&index->token_counters[hash_of(project_id, id) % TOKEN_COUNTERS], 1);
	else if (topic == DB_CHANGED_PROJECT)
		atomic_fetch_add(&index->project_counters[hash_of(project_id, 0) % PROJECT_COUNTERS], 1);
	else if (topic == DB_CHANGED_USER)
		atomic_fetch_add(&index->user_counter, 1);
}

int index_open(const struct conf *conf, struct database *database, struct token_index **ret, struct err *e)
{
	struct token_index *index = calloc(1, sizeof *index);
	if (!index)
		return fail(e, ERR_INTERNAL, NULL);
	for (int i = 0; i < SHARDS; i++)
		pthread_mutex_init(&index->shards[i].lock, NULL);
	index->database = database;
	index->caches = database_engine(database) == DB_SQLITE;
	index->shard_max_bytes = (size_t)conf->index_max_bytes / SHARDS;
	index->uses = uses_new();
	index->undelivered = undelivered_new();
	if (!index->uses || !index->undelivered) {
		index_close(index);
		return fail(e, ERR_INTERNAL, NULL);
	}
	database_observe(database, observe, index);
	*ret = index;
	return 0;
}

void index_close(struct token_index *index)
{
	for (int i = 0; index && i < SHARDS; i++) {
		struct shard *shard = &index->shards[i];
		for (struct held *held = shard->newest, *older; held; held = older) {
			older = held->older;
			held_give(held);
		}
		pthread_mutex_destroy(&shard->lock);
	}
	if (index) {
		uses_free(index->uses);
		undelivered_free(index->undelivered);
	}
	free(index);
}

void index_size(struct token_index *index, size_t *ret_tokens, size_t *ret_bytes)
{
	*ret_tokens = *ret_bytes = 0;
	for (int i = 0; i < SHARDS; i++) {
		struct shard *shard = &index->shards[i];
		pthread_mutex_lock(&shard->lock);
		*ret_tokens += shard->count;
		*ret_bytes += shard->bytes;
		pthread_mutex_unlock(&shard->lock);
	}
}

struct undelivered *index_undelivered(struct token_index *index)
{
	return index->undelivered;
}

/* --- one shard: a hash map whose entries also stand in the order of their last look-up ---------------------------------------- */

static struct held **find_link(struct shard *shard, int64_t project_id, int64_t token_id)
{
	struct held **link = &shard->chains[hash_of(project_id, token_id) / SHARDS % CHAINS];
	while (*link && ((*link)->identity.token.id != token_id || (*link)->identity.token.project_id != project_id))
		link = &(*link)->chain;
	return link;
}

static void order_remove(struct shard *shard, struct held *held)
{
	*(held->newer ? &held->newer->older : &shard->newest) = held->older;
	*(held->older ? &held->older->newer : &shard->oldest) = held->newer;
}

static void order_add(struct shard *shard, struct held *held)
{
	held->newer = NULL;
	held->older = shard->newest;
	*(shard->newest ? &shard->newest->newer : &shard->oldest) = held;
	shard->newest = held;
}

static void entry_remove(struct shard *shard, struct held **link)
{
	struct held *held = *link;
	assert(held);
	*link = held->chain;
	order_remove(shard, held);
	shard->bytes -= held->bytes;
	shard->count--;
	held->listed = false;
	held_give(held);
}

static void shard_trim(struct token_index *index, struct shard *shard)
{
	while (shard->oldest && shard->bytes > index->shard_max_bytes)
		entry_remove(shard, find_link(shard, shard->oldest->identity.token.project_id, shard->oldest->identity.token.id));
}

static struct shard *shard_of(struct token_index *index, int64_t project_id, int64_t token_id)
{
	return &index->shards[hash_of(project_id, token_id) % SHARDS];
}

/* The entry, with a reference of the caller's, when it is good; PostgreSQL: when there is one, its versions are yet to be asked for. */
static struct held *cached(struct token_index *index, int64_t project_id, int64_t token_id)
{
	struct shard *shard = shard_of(index, project_id, token_id);
	uint64_t now[3];
	counters_read(index, project_id, token_id, now);
	pthread_mutex_lock(&shard->lock);
	struct held **link = find_link(shard, project_id, token_id), *held = *link;
	if (held && index->caches && memcmp(held->generations, now, sizeof now) != 0) {
		entry_remove(shard, link);
		held = NULL;
	}
	if (held) {
		atomic_fetch_add(&held->references, 1);
		order_remove(shard, held);
		order_add(shard, held);
	}
	pthread_mutex_unlock(&shard->lock);
	return held;
}

/* The index takes a reference of its own. */
static void keep(struct token_index *index, struct held *held)
{
	int64_t project_id = held->identity.token.project_id, token_id = held->identity.token.id;
	struct shard *shard = shard_of(index, project_id, token_id);
	pthread_mutex_lock(&shard->lock);
	struct held **link = find_link(shard, project_id, token_id);
	if (*link)
		entry_remove(shard, link);
	link = &shard->chains[hash_of(project_id, token_id) / SHARDS % CHAINS];
	held->chain = *link;
	*link = held;
	held->listed = true;
	order_add(shard, held);
	shard->bytes += held->bytes;
	shard->count++;
	atomic_fetch_add(&held->references, 1);
	shard_trim(index, shard);
	pthread_mutex_unlock(&shard->lock);
}

/* --- look-up ---------------------------------------------------------------------------------------------------------------- */

/* From the database; ERR_TOKEN_INVALID when it is not there. */
static int load_from(struct db *db, const int64_t key[2], struct held **ret, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct token *token;
	struct token_setting *setting;
	int rc = token_find_whole(db, arena, key, &token, &setting, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_TOKEN_INVALID, NULL);
	/* an address or an end that was not copied must not be missing for as long as the entry is kept */
	rc = shortage_check(0, e);
	if (rc < 0)
		return rc;
	*ret = held_new(token, setting);
	return *ret ? 0 : fail(e, ERR_UNAVAILABLE, NULL);
}

/* The counters are read first of all: what changes from here on makes the entry a bad one. */
static int load(struct token_index *index, const int64_t key[2], struct held **ret, struct err *e)
{
	struct db *db;
	uint64_t before[3];
	counters_read(index, key[0], key[1], before);
	int rc = db_reader_take(index->database, &db, e);
	if (rc < 0)
		return rc;
	struct held *held = NULL;
	rc = load_from(db, key, &held, e);
	db_reader_give(db);
	if (rc < 0)
		return rc;
	assert(held);
	memcpy(held->generations, before, sizeof before);
	keep(index, held);
	*ret = held;
	return 0;
}

/* The first use of a new string ends the time in which its answer may be repeated: durable before the use goes on. */
struct spending {
	struct db_write write;
	struct index_lookup *lookup;
};

static int spend_run(struct db *db, struct db_write *write, struct err *e)
{
	const struct index_lookup *lookup = ((struct spending *)write->arg)->lookup;
	return token_replay_spend(db, lookup->project_id, lookup->token_id, e);
}

static void spend_done(struct db_write *write, int rc)
{
	struct spending *spending = write->arg;
	struct index_lookup *lookup = spending->lookup;
	if (rc < 0)
		lookup->rc = fail(&lookup->err, ERR_UNAVAILABLE, NULL);
	else
		atomic_store(&((struct held *)lookup->identity)->is_proven, true);
	err_done(&write->err);
	free(spending);
	lookup->done(lookup);
}

/* False: goes on in spend_done(). */
static bool spend(struct token_index *index, struct index_lookup *lookup)
{
	struct spending *spending = calloc(1, sizeof *spending);
	if (!spending) {
		lookup->rc = fail(&lookup->err, ERR_UNAVAILABLE, NULL);
		return true;
	}
	spending->lookup = lookup;
	if (lookup->waits)
		lookup->waits(lookup);
	spending->write =
		(struct db_write){ .run = spend_run, .done = spend_done, .arg = spending, .batch_end = lookup->batch_end };
	database_submit(index->database, &spending->write);
	return false;
}

/* held is the caller's reference: it goes into the look-up or is given back. */
static bool finish(struct token_index *index, struct index_lookup *lookup, struct held *held)
{
	lookup->rc =
		identity_judge(&held->identity, lookup->by_id ? NULL : lookup->hash, lookup->address, now_us(), &lookup->err);
	if (lookup->rc == -ERR_TOKEN_INVALID || (lookup->rc < 0 && lookup->by_id)) {
		held_give(held);
		return true;
	}
	lookup->identity = &held->identity;
	if (lookup->rc < 0 || lookup->by_id || atomic_load(&held->is_proven))
		return true;
	undelivered_used(index->undelivered, lookup->project_id, lookup->token_id);
	if (held->replay_open)
		return spend(index, lookup);
	atomic_store(&held->is_proven, true);
	return true;
}

/* One look-up on PostgreSQL: first the versions when an entry is there, then the row when they are others (or it is not). */
struct asking {
	struct token_index *index;
	struct index_lookup *lookup;
	struct held *known; /* a reference, or NULL */
	struct token_lookup token;
};

static void asking_end(struct asking *asking, struct held *held)
{
	struct index_lookup *lookup = asking->lookup;
	struct token_index *index = asking->index;
	held_give(asking->known);
	arena_free(asking->token.arena);
	err_done(&asking->token.err);
	free(asking);
	if (!held || finish(index, lookup, held))
		lookup->done(lookup);
}

static void asking_failed(struct asking *asking, int found)
{
	struct index_lookup *lookup = asking->lookup;
	if (found == 0) {
		lookup->rc = fail(&lookup->err, ERR_TOKEN_INVALID, NULL);
	} else {
		lookup->rc = found;
		lookup->err = asking->token.err;
		asking->token.err = (struct err){ 0 };
	}
	asking_end(asking, NULL);
}

static void whole_came(struct token_lookup *token, int found)
{
	struct asking *asking = token->arg;
	struct held *held = found == 1 && !shortage_seen() ? held_new(token->token, token->setting) : NULL;
	if (!held) {
		asking_failed(asking, found == 1 ? fail(&token->err, ERR_UNAVAILABLE, NULL) : found);
		return;
	}
	keep(asking->index, held);
	asking_end(asking, held);
}

static void versions_came(struct token_lookup *token, int found)
{
	struct asking *asking = token->arg;
	const struct identity *known = &asking->known->identity;
	if (found != 1) {
		asking_failed(asking, found);
	} else if (token->versions[0] == known->token.version && token->versions[1] == known->project_version) {
		asking_end(asking, give_ptr(asking->known));
	} else {
		token->done = whole_came;
		token_lookup_whole(asking->index->database, token);
	}
}

static bool ask(struct token_index *index, struct index_lookup *lookup)
{
	struct asking *asking = calloc(1, sizeof *asking);
	if (!asking) {
		lookup->rc = fail(&lookup->err, ERR_UNAVAILABLE, NULL);
		return true;
	}
	if (lookup->waits)
		lookup->waits(lookup);
	*asking =
		(struct asking){ .index = index, .lookup = lookup, .known = cached(index, lookup->project_id, lookup->token_id) };
	asking->token = (struct token_lookup){
		.key = { lookup->project_id, lookup->token_id }, .arg = asking, .batch_end = lookup->batch_end
	};
	asking->token.done = asking->known ? versions_came : whole_came;
	(asking->known ? token_lookup_versions : token_lookup_whole)(index->database, &asking->token);
	return false;
}

bool index_find(struct token_index *index, struct index_lookup *lookup)
{
	lookup->identity = NULL;
	lookup->rc = 0;
	if (!index->caches)
		return ask(index, lookup);
	struct held *held = cached(index, lookup->project_id, lookup->token_id);
	if (!held)
		lookup->rc = load(index, (int64_t[]){ lookup->project_id, lookup->token_id }, &held, &lookup->err);
	return lookup->rc < 0 || finish(index, lookup, held);
}

/* A look-up that somebody waits for. */
struct waiting {
	struct index_lookup lookup;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool is_done;
};

static void waiting_done(struct index_lookup *lookup)
{
	struct waiting *waiting = lookup->arg;
	pthread_mutex_lock(&waiting->lock);
	waiting->is_done = true;
	pthread_cond_signal(&waiting->ended);
	pthread_mutex_unlock(&waiting->lock);
}

int index_find_wait(struct token_index *index, struct index_lookup *lookup)
{
	struct waiting waiting = { *lookup, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	waiting.lookup.waits = NULL;
	waiting.lookup.done = waiting_done;
	waiting.lookup.arg = &waiting;
	bool at_once = index_find(index, &waiting.lookup);
	pthread_mutex_lock(&waiting.lock);
	while (!at_once && !waiting.is_done)
		pthread_cond_wait(&waiting.ended, &waiting.lock);
	pthread_mutex_unlock(&waiting.lock);
	lookup->identity = waiting.lookup.identity;
	lookup->err = waiting.lookup.err;
	lookup->rc = waiting.lookup.rc;
	return lookup->rc;
}

void identity_give(const struct token_index *index, const struct identity *identity)
{
	(void)index;
	held_give((struct held *)identity);
}

int index_recheck(struct db *db, struct caller *who, const char *address, bool change, struct err *e)
{
	const struct identity *identity = who->identity;
	const int64_t key[2] = { identity->token.project_id, identity->token.id };
	int64_t versions[2];
	int rc = token_find_versions(db, key, change, versions, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return fail(e, ERR_TOKEN_INVALID, NULL);
	bool by_id = who->session_id != 0;
	if (versions[0] == identity->token.version && versions[1] == identity->project_version)
		return identity_judge(identity, NULL, NULL, now_us(), e);
	struct held *held = NULL;
	rc = load_from(db, key, &held, e);
	if (rc < 0)
		return rc;
	rc = identity_judge(&held->identity, by_id ? NULL : identity->token.hash, address, now_us(), e);
	if (rc < 0) {
		held_give(held);
		return rc;
	}
	who->identity = &held->identity;
	held_give((struct held *)identity);
	return 1;
}

const struct buf *index_rendered(const struct identity *identity)
{
	return atomic_load_explicit(&((struct held *)identity)->rendered, memory_order_acquire);
}

void index_keep_rendered(struct token_index *index, const struct identity *identity, struct buf *stolen)
{
	struct held *held = (struct held *)identity;
	struct buf *mine = malloc(sizeof *mine), *nobody = NULL;
	if (!mine) {
		buf_done(stolen);
		return;
	}
	*mine = *stolen;
	*stolen = (struct buf){ 0 };
	if (!atomic_compare_exchange_strong(&held->rendered, &nobody, mine)) {
		buf_done(mine);
		free(mine);
		return;
	}
	struct shard *shard = shard_of(index, identity->token.project_id, identity->token.id);
	pthread_mutex_lock(&shard->lock);
	held->bytes += mine->size;
	if (held->listed) {
		shard->bytes += mine->size;
		shard_trim(index, shard);
	}
	pthread_mutex_unlock(&shard->lock);
}

/* --- uses ------------------------------------------------------------------------------------------------------------------- */

int index_use(struct token_index *index, const struct identity *identity, const char *address, struct err *e)
{
	int wait_s;
	if (uses_count(index->uses, &identity->token, address, &wait_s))
		return 0;
	int rc = fail(e, ERR_RATE_LIMITED, "This token may make %lld requests per minute.",
		(long long)identity->token.requests_per_minute);
	if (e)
		e->retry_after_s = wait_s;
	return rc;
}

bool index_latest_use(struct token_index *index, int64_t project_id, int64_t token_id, struct token_use *ret)
{
	return uses_latest(index->uses, project_id, token_id, ret);
}

struct uses_batch {
	struct token_use uses[USES_AT_ONCE];
	size_t count;
};

static int uses_write(struct db *db, void *arg, struct err *e)
{
	struct uses_batch *batch = arg;
	return token_write_uses(db, batch->uses, batch->count, e);
}

int index_flush_uses(struct token_index *index, struct err *e)
{
	own(own_free) struct uses_batch *batch = malloc(sizeof *batch);
	if (!batch)
		return fail(e, ERR_INTERNAL, NULL);
	int rc = 0;
	do {
		batch->count = uses_take(index->uses, batch->uses, USES_AT_ONCE);
		if (batch->count)
			rc = database_transact(index->database, uses_write, batch, e);
	} while (rc == 0 && batch->count == USES_AT_ONCE);
	return rc;
}
