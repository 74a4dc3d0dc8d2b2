/* Tokens: the rows, never the strings. A string is kept as its keyed hash and, sealed, for the retrieval link (R06, R07). */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/secret.h"
#include "db/db.h"

enum bucket_level { BUCKET_NONE, BUCKET_READ, BUCKET_WRITE, BUCKET_MANAGE };

struct bucket_permission {
	char *bucket_id; /* "in.c-main" */
	enum bucket_level level;
};

/* All memory belongs to the arena that it was read into. Dates 0: never. */
struct token {
	int64_t project_id;
	int64_t id;
	int64_t version; /* grows with every change that must be seen at once (R13) */
	uint8_t hash[SECRET_HASH_SIZE];
	char *description;
	int64_t created_us, refreshed_us, expires_us;
	int64_t creator_token_id; /* 0: none */
	char *creator_description;
	int64_t admin_id; /* master token: its user; else the user who (transitively) made it */
	bool is_master;
	bool is_disabled;
	bool can_manage_buckets, can_read_all_files, can_purge_trash, can_create_jobs;
	struct bucket_permission *buckets; /* sorted by bucket_id */
	size_t bucket_count;
	char **components; /* sorted */
	size_t component_count;
	char **addresses; /* CIDR texts; count 0: any address */
	size_t address_count;
	int64_t requests_per_minute; /* 0: no limit */
	int64_t last_used_us;
	char *last_used_address;
};

/* What stands around a token: its project and, for master tokens, the user's role. */
struct token_setting {
	int64_t project_version;
	int64_t default_branch_id;
	char *project_name;
	int64_t organization_id;
	bool project_gone, project_disabled;         /* gone: deleted */
	int64_t project_expires_us, role_expires_us; /* 0: never */
	char *project_disabled_reason;
	char *role;                     /* "admin"...; NULL when the user is no member (any more) or the token is no master */
	char *admin_name, *admin_email; /* of token.admin_id, or NULL */
	bool admin_disabled;
	bool replay_open; /* an answer that showed its string may still be repeated: until the string's first use */
};

/* 1 found, 0 not found, negative failed. */
int token_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct token **ret, struct err *e);
/* As token_find(), not found is ERR_TOKEN_NOT_FOUND. */
int token_get(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct token **ret, struct err *e);
/* As token_find(), with its setting: one statement. */
int token_find_whole(struct db *db, struct arena *arena, const int64_t key[2] /* project, token */, struct token **ret,
	struct token_setting **ret_setting, struct err *e);
/* Inside a write: versions of token and project now, and on PostgreSQL nobody changes the token before this write ends. change: this
 * write itself is going to. */
int token_find_versions(struct db *db, const int64_t key[2], bool change, int64_t ret_versions[2], struct err *e);
/* Tokens of a project by id, each with its setting, handed to one() as they come; a negative result of one() ends it. */
struct token_listing {
	int64_t project_id, limit, offset;
	int (*one)(const struct token *token, const struct token_setting *setting, void *arg, struct err *e);
	void *arg;
};
int token_list(struct db *db, const struct token_listing *listing, struct err *e);
int token_count(struct db *db, int64_t project_id, int64_t *ret_count, struct err *e);

/* A new id of the sequence, needed before the string can be made. Inside a write. */
int token_next_id(struct db *db, int64_t *ret_id, struct err *e);
/* Inserts every member as it is; sealed is the string sealed with token_seal_context(). Nobody can have it cached: tells nobody. */
int token_insert(struct db *db, const struct token *token, const char *sealed, struct err *e);
/* Writes description, flags, permissions, addresses, rate, is_disabled; version + 1, db_changed(). */
int token_update(struct db *db, struct token *token, struct err *e);
/* A new string: hash, sealed, refreshed_us = now; version + 1, db_changed(). */
int token_set_string(struct db *db, struct token *token, const char *sealed, struct err *e);
/* The row with its links and replays; db_changed(). 1 removed, 0 it was not there, negative failed. */
int token_remove(struct db *db, int64_t project_id, int64_t id, struct err *e);
/* For a write after which the token must not go: on PostgreSQL one of the two is done again, and sees what the other did. */
int token_hold(struct db *db, int64_t project_id, int64_t id, struct err *e);
/* Version + 1 and db_changed() for every token of a user: after a change of the user's name or when they were disabled (R13). */
int token_touch_admin(struct db *db, int64_t admin_id, struct err *e);
/* Version + 1 and db_changed(DB_CHANGED_PROJECT): after a change of anything that a rendered token shows of it (R13). */
int token_touch_project(struct db *db, int64_t project_id, struct err *e);
/* Takes a bucket that is gone out of every token's permissions; version + 1, db_changed() for each that had it (token_bucket.c). */
int token_forget_bucket(struct db *db, int64_t project_id, const char *bucket_id, struct err *e);
/* The string of a token sealed, or NULL; 1, 0, negative. */
int token_sealed(struct db *db, struct arena *arena, int64_t project_id, int64_t id, char **ret, struct err *e);
/* One that is sealed, the oldest, to try a key with. Members set: project_id, id. 1 found, 0 there is none. */
int token_sealed_first(struct db *db, struct arena *arena, struct token *ret, char **ret_sealed, struct err *e);
/* "token:<project>:<id>"; in the arena. */
char *token_seal_context(struct arena *arena, int64_t project_id, int64_t id);

/* Latest uses, many at a time; a version does not grow by it. */
struct token_use {
	int64_t project_id, token_id, time_us;
	char address[48];
};
int token_write_uses(struct db *db, const struct token_use *uses, size_t count, struct err *e);

/* Ids (project, token) of at most limit tokens that expired before now; what the sweeper deletes. */
int token_list_expired(struct db *db, int64_t now_us, int64_t limit, int64_t (*ret)[2], size_t *ret_count, struct err *e);

/* Permissions as text in the database: {"in.c-a":"read"}, ["component"]. */
const char *bucket_level_name(enum bucket_level level); /* "read", "write", "manage"; NULL for none */

#endif
