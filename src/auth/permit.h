/* The only place that decides what a caller may do. Routes name the coarse rule (enum allow); handlers ask the fine ones for
 * the objects named. Every function answers 0 or fails with ERR_ACCESS_DENIED (or the error said) and adds what was missing:
 * "missing": [{"object", "need", "have"}], naming only objects that the caller named (the same for absent and forbidden). */
#ifndef AUTH_PERMIT_H
#define AUTH_PERMIT_H

#include "auth/caller.h"
#include "base/err.h"

/* What a route requires. Zero is nobody: a row that forgets it answers 403 to all and the server does not start (R01). */
enum allow {
	ALLOW_NOBODY = 0,
	ALLOW_PUBLIC,         /* the closed list of R01 */
	ALLOW_SIGNED_URL,     /* blob endpoint: the handler checks the signature */
	ALLOW_TOKEN,          /* any living token of the project */
	ALLOW_WRITER,         /* any living token except a readOnly master */
	ALLOW_MASTER,         /* any master token */
	ALLOW_MASTER_WRITER,  /* a master token that is not readOnly (branches: guest may create) */
	ALLOW_TOKEN_CREATOR,  /* master, not readOnly (R05): guest is limited by the handler */
	ALLOW_TOKEN_MANAGER,  /* canManageTokens */
	ALLOW_BUCKET_MANAGER, /* canManageBuckets */
	ALLOW_SESSION,        /* a signed-in browser */
	ALLOW_USER,           /* management token or session (R03) */
	ALLOW_SUPER,          /* management token or session of a super admin */
	ALLOW_COUNT
};
const char *allow_name(enum allow allow);

/* The coarse rule, for the caller found. 401 errors are the caller finder's; this one answers 403. */
int permit_route(const struct caller *who, enum allow allow, struct err *e);

/* The level the caller has on a bucket, BUCKET_NONE when none. */
enum bucket_level permit_bucket_level(const struct caller *who, const char *bucket_id);
/* Fails unless the level is at least need (R09). */
int permit_bucket(const struct caller *who, const char *bucket_id, enum bucket_level need, struct err *e);
/* The same for a bucket that the caller did not name: the refusal speaks of object ("snapshot 7"), which they did name. */
int permit_bucket_behind(
	const struct caller *who, const char *bucket_id, enum bucket_level need, const char *object, struct err *e);
/* Reading, changing, running configurations of a component (R10). write: not for readOnly masters. */
int permit_component(const struct caller *who, const char *component_id, bool write, struct err *e);
bool permit_sees_component(const struct caller *who, const char *component_id);
/* Listing configurations: of any component at all. */
int permit_some_component(const struct caller *who, struct err *e);
/* A file made by creator_token_id: own, or canReadAllFileUploads. write: changing or deleting it. */
int permit_file(const struct caller *who, int64_t creator_token_id, bool write, struct err *e);
/* Another token's detail, events: itself, or canManageTokens. Asked before the token is looked up: the same for absent and forbidden. */
int permit_token_read(const struct caller *who, int64_t token_id, struct err *e);
/* Giving a new string: itself, or canManageTokens; a master token only itself: nobody gets another's powers or name (R04, R05). */
int permit_token_refresh(const struct caller *who, const struct token *target, struct err *e);
/* Changing, deleting, sharing: as reading, and never a master token (R04). */
int permit_token_change(const struct caller *who, const struct token *target, struct err *e);
/* Sees every event of the project (R15). */
bool permit_sees_all_events(const struct caller *who);
/* Emptying the trash. */
int permit_purge(const struct caller *who, struct err *e);

#endif
