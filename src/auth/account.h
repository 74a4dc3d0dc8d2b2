/* Who is calling, when it is not a storage token: a management token, or a browser with its session (R03, R16). Called by the
 * caller finder of http/ on a thread that may wait; db is a reader or a write's connection. All memory is the arena's. */
#ifndef AUTH_ACCOUNT_H
#define AUTH_ACCOUNT_H

#include "auth/caller.h"
#include "base/arena.h"
#include "db/db.h"

/* The user of a management token, as CALLER_MANAGE. ERR_MANAGE_TOKEN_INVALID when it is none, expired, or its user is disabled. */
int account_by_manage_token(struct db *db, struct arena *arena, const char *token, struct caller *ret, struct err *e);

/* What a browser sends: the session's cookie, the X-CSRF-Token header (NULL: none), the project of X-Chatelaine-Project (0: none). */
struct session_claim {
	const char *cookie;
	const char *csrf_token;
	bool changing;          /* the method is not GET, HEAD, OPTIONS: csrf_token must be right, and the page that asks ours: */
	const char *fetch_site; /* Sec-Fetch-Site, or NULL */
	const char *origin, *host; /* Origin and Host, or NULL: looked at when there is no Sec-Fetch-Site */
	int64_t project_id;        /* a call inside this project: the user must be a member */
	int64_t idle_s;            /* conf session_idle_s */
};
/* The user of a session, as CALLER_MANAGE with session_id. With claim->project_id, *ret_token_id is the user's master token there
 * (0 otherwise): the finder then looks its identity up in the token index. ERR_TOKEN_MISSING when the session is over,
 * ERR_ACCESS_DENIED when the CSRF token is wrong or the user is no member. */
int account_by_session(struct db *db, struct arena *arena, const struct session_claim *claim, struct caller *ret,
	int64_t *ret_token_id, struct err *e);
/* Inside a write: is the account that admitted this request still alive (R13)? Same errors. */
int account_recheck(struct db *db, struct arena *arena, const struct caller *who, struct err *e);

/* The CSRF token that belongs to a session; ret holds 44 bytes. */
void account_csrf_token(int64_t session_id, char ret[44]);
/* The id in front of "<id>-<40 characters>", 0 when it is no management token. */
int64_t manage_token_parse(const char *text);

#endif
