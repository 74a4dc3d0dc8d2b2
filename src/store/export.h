/* Exports that can be given again: which file holds the rows that a fingerprint of table state and parameters stands for. */
#ifndef STORE_EXPORT_H
#define STORE_EXPORT_H

#include <stdint.h>

#include "db/db.h"

/* 1 found (the file itself may be gone), 0 not found, negative failed. */
int export_find(struct db *db, int64_t project_id, const char *key, int64_t *ret_file_id, struct err *e);
/* Remembers it, and forgets those made before then. Inside a write. */
int export_keep(struct db *db, int64_t project_id, const char *key, int64_t file_id, int64_t forget_before_us, struct err *e);

#endif
