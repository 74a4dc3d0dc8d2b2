/* A row of the table files as a struct: what file.c and file_list.c share. */
#ifndef STORE_FILE_ROW_H
#define STORE_FILE_ROW_H

#include "store/file.h"

#define FILE_COLUMNS                                                                                                             \
	"project_id, id, branch_id, name, container, blob, created_us, expires_us, max_age_days, size_bytes, is_sliced, "        \
	"is_public,"                                                                                                             \
	" is_encrypted, notify, file_type, source_bucket_id, creator_token_id, creator_description, run_id, run_ids, tags"

/* The current row of a query for FILE_COLUMNS, copied into the arena. */
struct file *file_row(struct db_rows *rows, struct arena *arena);

#endif
