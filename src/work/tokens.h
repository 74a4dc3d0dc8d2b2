/* What changes tokens: made, refreshed, ended, by the API, by the management side and by the sweeper alike. */
#ifndef WORK_TOKENS_H
#define WORK_TOKENS_H

#include "auth/caller.h"
#include "db/db.h"
#include "work/events.h"

/* Makes a token of what is set in it (project_id, description, flags, permissions, expires_us, creator, admin_id, is_master): gives it
 * id, hash, dates and inserts it. *ret_string is the string, shown once (R06): the caller's to secret_free(). Inside a write.
 * For a master token description is the user's e-mail address (R04). Records no event. */
int token_make(struct db *db, struct token *token, char **ret_string, struct err *e);
/* A new string for the token; the old one is dead when the write commits (R13). Records no event. */
int token_renew(struct db *db, struct token *token, char **ret_string, struct err *e);
/* Deletes the token and records it: EVENT_TOKEN_DELETED, or EVENT_TOKEN_EXPIRED from the sweeper. Its history stays. Refused when a trigger
 * runs with it: ERR_TOKEN_USED_BY_TRIGGER. */
int token_end(struct db *db, const struct token *token, const struct origin *origin, enum event_type event, struct err *e);

#endif
