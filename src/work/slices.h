/* Rows as the contents of a sliced file: no header, every field enclosed, LF, a manifest that names the slices. */
#ifndef WORK_SLICES_H
#define WORK_SLICES_H

#include <stdbool.h>

#include "store/file.h"
#include "work/app.h"
#include "work/rows_view.h"
#include "work/runner.h"

/* Inside a write: gives the file its id, the same when the job runs again after a crash. slices_claimed() in the write that inserts the file. */
int slices_reserve(struct db *db, struct arena *arena, const struct job *job, struct file *file, struct err *e);
int slices_claimed(struct db *db, const struct job *job, struct err *e);

struct slices_sizes {
	int64_t rows_bytes;   /* before packing */
	int64_t stored_bytes; /* of all slices */
};
/* Writes the rows of the view for a file whose id was reserved (file_reserve); constant memory. An empty table is one empty slice.
 * When it fails nothing of it is left. */
int slices_write(struct app *app, const struct file *file, const struct rows_view *view, bool gzip, struct slices_sizes *ret,
	struct err *e);

#endif
