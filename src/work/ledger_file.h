/* The ledger's file, line by line: "<batch> <project> <token> <version> <refreshed_us>" before a commit, "<batch> done" after it. */
#ifndef WORK_LEDGER_FILE_H
#define WORK_LEDGER_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/token_ledger.h"

struct ledger_entry {
	struct token_mark mark;
	int64_t batch; /* 0: of a file that was tidied up */
	bool done;
};
/* Oldest first. */
struct ledger_list {
	struct ledger_entry *entries;
	size_t count, size;
	int64_t last_batch;
	int64_t lines;
};

/* Reads a file; one that is not there gives an empty list. A last line that was cut off by a crash is passed over. */
int ledger_read(const char *path, struct ledger_list *ret, struct err *e);
/* Leaves the newest of what is done for each token. */
void ledger_merge(struct ledger_list *list);
/* Writes a merged list as a new file in the old one's place. */
int ledger_write(const char *path, const struct ledger_list *list, struct err *e);
void ledger_list_done(struct ledger_list *list);

#endif
