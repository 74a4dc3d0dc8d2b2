/* The event history that proves itself: every minute the project's events so far become part of a chain of hashes, whose newest link is
 * signed. Whoever has kept one signed checkpoint can show later that nothing before it was changed, removed or added. */
#ifndef WORK_CHECKPOINTS_H
#define WORK_CHECKPOINTS_H

#include "store/checkpoint.h"
#include "work/app.h"

/* A sweep (sweepers.h). */
int checkpoints_sweep(struct app *app, int64_t now_us, struct err *e);

/* The text that is signed; the arena's. */
const char *checkpoint_text(struct arena *arena, const struct checkpoint *checkpoint);

/* What was found when a project's history was checked. */
struct history {
	int64_t project_id;
	const char *public_key; /* in */
	const char *known_hash; /* in: a checkpoint kept elsewhere that must be there, or NULL */
	int64_t keep_from_us;   /* in: events before this time may be gone */
	bool saw_known;
	int64_t checkpoints, events, expired; /* whole ones, the events in them, checkpoints whose events are past keeping */
	int64_t open_events;                  /* after the newest checkpoint */
};
/* 0: whole; ERR_VALIDATION says what is wrong first, in words. */
int checkpoints_check(struct db *db, struct history *history, struct err *e);

#endif
