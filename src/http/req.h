/* One request as its handler sees it: arguments in, one reply out. */
#ifndef HTTP_REQ_H
#define HTTP_REQ_H

#include <jansson.h>

#include "auth/caller.h"
#include "base/arena.h"
#include "base/buf.h"
#include "http/route.h"
#include "work/app.h"

struct req {
	struct app *app;
	struct arena *arena; /* ends with the request */
	struct db *db;       /* see enum run */
	const struct route *route;
	struct caller *who;             /* never NULL; kind CALLER_NOBODY on public routes */
	struct origin origin;           /* what events of this request record */
	int64_t branch_id;              /* the branch of the path, or the project's default one */
	json_t *args;                   /* declared arguments of query and body together, normalised; borrowed */
	struct http_exchange *exchange; /* private to http/ */
};

/* --- input ------------------------------------------------------------------------------------------------------------- */

/* What stands for the n-th {placeholder} of the row's path, from 0, decoded; {branch} is not counted (see branch_id). */
const char *req_path(struct req *rq, int n);
/* The same as a positive number; 0 with ERR_ROUTE_NOT_FOUND (404) recorded when it is none. */
int64_t req_path_id(struct req *rq, int n, struct err *e);

/* Was the argument given (not null)? */
bool arg_given(struct req *rq, const char *name);
/* Its value, or standard when it is absent. Types are already checked by the declaration. */
const char *arg_text(struct req *rq, const char *name, const char *standard);
int64_t arg_int(struct req *rq, const char *name, int64_t standard);
bool arg_bool(struct req *rq, const char *name, bool standard);
json_t *arg_json(
	struct req *rq, const char *name); /* borrowed; NULL when absent. P_TEXTS, P_COMMA, P_LIST: array; P_MAP: object */
/* Fails with ERR_VALIDATION naming the key when it is absent or an empty text. */
int arg_required(struct req *rq, const char *name, const char **ret, struct err *e);
/* What is given, which is not empty, or the standard when it is absent. */
int arg_filled(struct req *rq, const char *name, const char *standard, const char **ret, struct err *e);
/* limit and offset arguments within bounds: limit > most is a 400. */
int arg_page(struct req *rq, int64_t standard, int64_t most, int64_t *ret_limit, int64_t *ret_offset, struct err *e);

/* A request header, or NULL. */
const char *req_header(struct req *rq, const char *name);
const char *req_address(struct req *rq); /* the client's address as text */
bool req_is_first(struct req *rq);       /* nothing came on this connection before it */
const char *req_method(struct req *rq);
const char *req_token(struct req *rq); /* the storage token as sent (R07: for hashing only), or NULL */
/* Fingerprint of method, path, query and body; false: no memory. */
bool req_body_hash(struct req *rq, uint8_t ret[SECRET_HASH_SIZE]);
const char *req_raw_path(struct req *rq);
const char *req_raw_query(struct req *rq, const char *name); /* query argument, undeclared (signed URLs), or NULL */

/* An uploaded part of a multipart body (sync table create and import): spooled to a file under data/tmp that goes with the
 * request. False when there is none of that name. */
bool req_upload(struct req *rq, const char *name, const char **ret_path, const char **ret_filename, int64_t *ret_size);

/* raw_body routes: the body as it streams, spooled to a new file under data/tmp in the given folder-less name; the file goes with the request
 * unless renamed away. Size is limited by upload_max_bytes. NULL when the body was empty. */
const char *req_body_file(struct req *rq, int64_t *ret_size);

/* --- the reply: exactly one of these, its result is the handler's result -------------------------------------------------- */

int reply_json(struct req *rq, int status, json_t *stolen);
int reply_none(struct req *rq, int status); /* empty body */
int reply_text(struct req *rq, int status, const char *content_type, struct buf *stolen);
/* Sends part of a file by sendfile; the descriptor is taken. */
int reply_file(struct req *rq, int status, int fd, int64_t offset, int64_t length);
int reply_redirect(struct req *rq, int status, const char *location);
/* Before or after the reply function, until the handler returns. */
void reply_header(struct req *rq, const char *name, const char *value);

/* The body is borrowed until the request ends (and the caller's identity is held so long): nothing is copied. */
int reply_shared(struct req *rq, int status, const char *content_type, const struct buf *borrowed);

/* RUN_WRITE: called on a worker after the write is durable and before the reply is sent, for what may wait (starting a cheap job and
 * waiting for it). It may reply anew. fail() there is the answer, the write stays. */
void req_after_commit(struct req *rq, handler *after);
/* Inside a write: call(rq, arg) once when it is durable and before the reply is sent, on a thread that must not wait. For what is to stay
 * in memory: a write that fails, or is run again (db/db.h), must leave nothing there. The last one given counts; arg is the caller's, and
 * lives as long as the request. */
void req_when_durable(struct req *rq, void (*call)(struct req *rq, void *arg), void *arg);

/* Inside a write of a RUN_WORK handler, or of one after a commit: is the caller still who was admitted (R13)? RUN_WRITE asks by itself. */
int req_recheck(struct req *rq, struct db *db, struct err *e);

/* --- the event of the route ----------------------------------------------------------------------------------------------- */

/* For handlers that hand something from the handler to their after-commit function. */
void req_keep(struct req *rq, void *pointer);
void *req_kept(struct req *rq);

/* What this request's event is about. The event of the row is written after the handler succeeds, in its transaction
 * (RUN_WRITE) or in one of its own before the reply is sent (RUN_LOOP, RUN_WORK). Texts are copied, params is stolen. */
void req_object(struct req *rq, const char *id, const char *name, json_t *stolen_params);
void req_results(struct req *rq, json_t *stolen_results);
/* The handler found that nothing changed, or records by itself: the row's event is not written. */
void req_no_event(struct req *rq);
/* Another event type than the row's (a job was started instead...). */
void req_event(struct req *rq, enum event_type type);

/* "https://host" that clients see, without a trailing slash. */
const char *req_public_url(struct req *rq);

#endif
