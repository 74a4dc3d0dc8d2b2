/* Branches of a project: the default one, named Main, and development branches. */
#ifndef STORE_BRANCH_H
#define STORE_BRANCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* All memory belongs to the arena that it was read into. */
struct branch {
	int64_t project_id, id;
	char *name, *description;
	int64_t created_us;
	bool is_default;
	int64_t creator_token_id; /* 0: none */
	char *creator_token_name;
};

/* The project's default branch; ERR_BRANCH_NOT_FOUND when the project is not there. A few microseconds: fine on a loop. */
int branch_default_id(struct db *db, int64_t project_id, int64_t *ret_id, struct err *e);
/* 1 found, 0 not found, negative failed. */
int branch_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct branch **ret, struct err *e);
/* As branch_find(), not found is ERR_BRANCH_NOT_FOUND. */
int branch_get(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct branch **ret, struct err *e);
int branch_find_name(
	struct db *db, struct arena *arena, int64_t project_id, const char *name, struct branch **ret, struct err *e);
/* The default one first, then oldest first. */
int branch_list(struct db *db, struct arena *arena, int64_t project_id, struct branch **ret, size_t *ret_count, struct err *e);
/* In: everything but id and created_us. ERR_BRANCH_DUPLICATE when the name is taken. */
int branch_insert(struct db *db, struct branch *branch, struct err *e);
/* Writes name and description. */
int branch_update(struct db *db, const struct branch *branch, struct err *e);
/* Removes it with its metadata. */
int branch_remove(struct db *db, const struct branch *branch, struct err *e);

#endif
