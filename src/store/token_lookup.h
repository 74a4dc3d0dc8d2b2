/* Questions about one token whose answer may come later (db_lookup): those that arrive together travel together. */
#ifndef STORE_TOKEN_LOOKUP_H
#define STORE_TOKEN_LOOKUP_H

#include "store/token.h"

/* Zero-initialise, set key, done and arg. Yours until done(), which must not block. */
struct token_lookup {
	int64_t key[2]; /* project, token */
	/* found: 1, 0 there is none, negative failed (err) */
	void (*done)(struct token_lookup *lookup, int found);
	void *arg;
	struct err err; /* yours to err_done() */
	struct db_batch_end batch_end;
	/* answers */
	int64_t versions[2]; /* token, project */
	struct arena *arena; /* whole: what token and setting live in; yours to give, made when NULL */
	struct token *token;
	struct token_setting *setting;
	/* private */
	struct db_lookup db;
	struct db_arg args[2];
};
/* Only the versions. */
void token_lookup_versions(struct database *database, struct token_lookup *lookup);
/* Everything, as token_find_whole(). */
void token_lookup_whole(struct database *database, struct token_lookup *lookup);

#endif
