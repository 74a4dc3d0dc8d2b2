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
	int64_t admin_id;       /* master token: its user; else the user who (transitively) made it */
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

#endif
