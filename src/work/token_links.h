/* Links that share a token (R12): made and mailed, opened, used, ended. The string itself is never mailed. */
#ifndef WORK_TOKEN_LINKS_H
#define WORK_TOKEN_LINKS_H

#include "auth/caller.h"
#include "db/db.h"
#include "store/token_link.h"
#include "work/app.h"

#define TOKEN_LINK_SECRET_LENGTH 32

struct sharing {
	const struct app *app;
	const struct identity *sender;
	const struct token *token;
	const char *recipient, *message;
};
/* Makes a link and queues its mail. ERR_SHARE_MASTER; ERR_VALIDATION when recipient is no address. Inside a write. */
int token_share(struct db *db, struct arena *arena, const struct sharing *sharing, struct err *e);

enum link_state { LINK_SENT, LINK_OPENED, LINK_RETRIEVED, LINK_EXPIRED, LINK_REVOKED };
const char *share_state_name(enum link_state state);
/* token: the link's, or NULL when it is gone. */
enum link_state share_state(const struct token_link *link, const struct token *token, int64_t now_us);

/* A link as somebody opened it. */
struct opened_link {
	struct token_link *link;
	struct token *token;
	enum link_state state;
	const char *project_name;
	int64_t branch_id;
};
/* By what stands in the link's address: 1 found (whatever its state), 0 there is none such, negative failed. lock: inside a write, so
 * that nobody else uses it meanwhile. */
int share_open(struct db *db, struct arena *arena, const char *code, bool lock, struct opened_link *ret, struct err *e);
/* The link was opened for the first time: recorded. Inside a write. */
int share_note_opened(struct db *db, const struct origin *from, struct opened_link *opened, struct err *e);
/* Somebody typed an address. *ret_string is the token, used up by this (the caller's to secret_free()), or NULL when the address is not
 * the recipient's: counted, and the fifth time the link is dead. Inside a write. */
int share_retrieve(struct db *db, const struct origin *from, struct opened_link *opened, const char *address, char **ret_string,
	struct err *e);
/* Ends a link that was not used. Records no event. */
int share_revoke(struct db *db, struct token_link *link, struct err *e);

#endif
