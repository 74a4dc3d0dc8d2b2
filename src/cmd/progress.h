/* Signs of life on standard error, only when it is a terminal. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *label; /* borrowed */
	int64_t begun_us, shown_us;
	int64_t before; /* bytes done by earlier transfers of the same bar */
	int64_t total;  /* of all of them; 0: each transfer says its own */
	bool shown, is_terminal;
};

void progress_begin(struct progress *progress, const char *label);
/* Bytes of the transfer that runs: a fetch_progress; arg is the struct progress. */
bool progress_bytes(void *arg, int64_t done, int64_t total);
/* Something is waited for; state may be NULL. */
void progress_wait(struct progress *progress, const char *state);
/* Wipes the line. */
void progress_end(struct progress *progress);

#endif
