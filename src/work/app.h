/* What lives as long as the process and is shared by its threads. Made and freed in cmd/serve.c. */
#ifndef WORK_APP_H
#define WORK_APP_H

#include "base/conf.h"
#include "db/db.h"

struct token_index; /* auth/index.h */
struct runner;      /* work/runner.h: jobs */
struct mailer;      /* work/mail.h */
struct blobs;       /* store/blob/blob.h: contents of files */
struct catalogue;   /* work/catalogue.h: component definitions */
struct metrics;     /* http/metrics.h */

struct app {
	struct conf conf;
	char *public_url; /* no trailing slash */
	struct database *database;
	struct token_index *index;
	struct runner *runner;
	struct mailer *mailer;
	struct blobs *blobs;
	struct catalogue *catalogue;
	struct metrics *metrics;
	int64_t started_us;
};

#endif
