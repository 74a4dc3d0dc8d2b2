/* The contents that an import reads: a file of the project, plain or gzip, in one piece or in the slices of its manifest. */
#ifndef WORK_SOURCE_H
#define WORK_SOURCE_H

#include <jansson.h>

#include "base/arena.h"
#include "store/file.h"
#include "store/rows/csv.h"
#include "work/app.h"

struct source;

/* Opens the first piece. ERR_FILE_NOT_UPLOADED, ERR_FILE_MANIFEST_MISSING, ERR_FILE_SLICE_MISSING; ERR_UNAUTHORIZED_ACCESS when an entry of the
 * manifest is not one of the file's own slices. Reading may fail so too, and with ERR_DATA_INVALID (gzip cut short or damaged). */
int source_open(struct app *app, struct arena *arena, const struct file *file, struct source **ret, struct err *e);
void source_close(struct source *source); /* NULL is fine */
void own_source(struct source **source);
/* The pieces as the streams of a CSV reader. */
struct csv_source source_csv(struct source *source);
/* A job's metrics: what was read so far. */
json_t *source_metrics(const struct source *source);

#endif
