/* The index of live tokens: who a string belongs to, answered from memory, never stale (R13).
 *
 * Embedded engine: entries are made on demand and dropped by the writer between commit and answer (database_observe).
 * PostgreSQL: each look-up asks the database for the versions of token and project (look-ups that arrive together travel
 * together) and uses the entry only when they are the same.
 */
#ifndef AUTH_INDEX_H
#define AUTH_INDEX_H

#include "auth/caller.h"
#include "base/buf.h"
#include "base/conf.h"
#include "db/db.h"

struct token_index;
struct undelivered; /* auth/undelivered.h */

/* Tokens in memory now, and the bytes they take: for metrics. */
void index_size(struct token_index *index, size_t *ret_tokens, size_t *ret_bytes);

int index_open(const struct conf *conf, struct database *database, struct token_index **ret, struct err *e);
void index_close(struct token_index *index);
/* Answers of create and refresh that may have to be repeated; the index ends them at the new string's first use. */
struct undelivered *index_undelivered(struct token_index *index);

/* One look-up. Fill project_id, token_id and (unless by_id: sessions, jobs, blob signatures) hash of the string; when it is done, rc is 0 and
 * identity is held, or rc is negative and err says ERR_TOKEN_INVALID, _EXPIRED, _DISABLED, ERR_ADDRESS_REFUSED, ERR_PROJECT_DISABLED...
 * identity is held with an error too when a string was the token's own (not with ERR_TOKEN_INVALID, not by_id), so that the refusal can
 * be recorded for it. Give it back whenever it is not NULL. */
struct index_lookup {
	int64_t project_id, token_id;
	bool by_id;
	uint8_t hash[SECRET_HASH_SIZE];
	const char *address; /* of the caller, for its allow-list and last use; NULL: not checked */
	const struct identity *identity;
	struct err err;
	int rc;
	void (*waits)(struct index_lookup
			*lookup); /* called when it can't be answered at once, before anything else happens; NULL for none */
	void (*done)(struct index_lookup *lookup); /* called when index_find() answered false */
	void *arg;
	struct db_batch_end batch_end; /* follows done(), once for all that were answered together */
	struct index_lookup *next;     /* private */
};
/* True: answered at once. False: done() is called on another thread, perhaps before this returns (PostgreSQL; the first use of a new
 * string). Safe on a loop. */
bool index_find(struct token_index *index, struct index_lookup *lookup);
/* The same, waiting. Never on a loop. */
int index_find_wait(struct token_index *index, struct index_lookup *lookup);
/* The same derived values for a token that was read: ret borrows everything. */
void identity_derive(struct identity *ret, const struct token *token, const struct token_setting *setting);
/* May it be used at now_us by somebody who shows hash (NULL: trusted, by id) from address (NULL: not checked)? 0, or the errors
 * of a look-up. */
int identity_judge(const struct identity *identity, const uint8_t *hash, const char *address, int64_t now_us, struct err *e);
void identity_give(const struct token_index *index, const struct identity *identity);

/* Inside a write: is what admitted this caller (CALLER_STORAGE) still what the database says (R13)? 0: it is. 1: something about it
 * changed and it still lives: who->identity is today's, the old one was given back. Judge the route again in both cases: a write may be
 * run again, and 1 is told once. Negative: the errors of a look-up. change: the write is going to change the caller's own token. */
int index_recheck(struct db *db, struct caller *who, const char *address, bool change, struct err *e);

/* The rendered answer of tokens/verify kept beside the identity; NULL when it must be made (index_keep_rendered). Borrowed while the identity is held. */
const struct buf *index_rendered(const struct identity *identity);
void index_keep_rendered(struct token_index *index, const struct identity *identity, struct buf *stolen);

/* Counts one use (time, address; written to the database by a sweeper) and one request of the token's rate: ERR_RATE_LIMITED. */
int index_use(struct token_index *index, const struct identity *identity, const char *address, struct err *e);
/* The latest use that is not written yet; false when there is none. */
bool index_latest_use(struct token_index *index, int64_t project_id, int64_t token_id, struct token_use *ret);
/* Writes the uses since the last call; called every few seconds and at the end. */
int index_flush_uses(struct token_index *index, struct err *e);

#endif
