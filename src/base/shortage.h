/* Memory that was short: who got none notes it, who answers for a piece of work asks at its end, and refuses all of it.
 *
 * A list that could not be copied looks like an empty one, a time of expiry that was not read like none: what was made while memory was
 * short may say anything, and thousands of calls would each have to be looked at. One note of the thread needs no such care. */
#ifndef BASE_SHORTAGE_H
#define BASE_SHORTAGE_H

#include <stdbool.h>

#include "base/err.h"

void shortage_note(void);
/* A new piece of work begins on this thread. */
void shortage_forget(void);
/* Was memory short since then? */
bool shortage_seen(void);

/* Some of the work was committed: what is short afterwards can't be told as a refusal any more. */
void shortage_note_commit(void);
bool shortage_seen_after_commit(void);

/* rc, or a refusal in e when memory was short. */
int shortage_check(int rc, struct err *e);

#endif
