/* One request and its reply as the server sees them; private to http/.
 *
 * Phases: headers are there (exchange_begin) -> body comes (exchange_feed) -> caller found, admitted, handled, recorded -> reply sent.
 * Until the connection is suspended all happens on its loop; afterwards on whichever thread has the exchange, one at a time, until
 * exchange_finish() hands it back to the loop. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "auth/index.h"
#include "base/id.h"
#include "http/body.h"
#include "http/delivery.h"
#include "http/link.h"
#include "http/pool.h"
#include "http/req.h"
#include "http/router.h"

struct metrics;

#define SPARE_ARENAS 64

struct http_server {
	struct app *app;
	struct router *router;
	struct pool *pool;
	struct MHD_Daemon *daemon;
	struct links *links;
	char *tmp;                                   /* folder of bodies on their way */
	int pages;                                   /* folder of the built pages, -1: none */
	bool loop_reads;                             /* the database answers small questions on a loop (embedded engine) */
	_Atomic(struct http_exchange *) returned;    /* finished in a batch, to be resumed by the next loop that comes by */
	_Atomic(struct arena *) spare[SPARE_ARENAS]; /* memory of requests that ended, for the next on the same slot */
	atomic_bool ending;                          /* replies ask clients to leave */
	atomic_bool closed;                          /* no request is begun any more */
	atomic_size_t in_flight;
	atomic_size_t connections;
	int64_t connections_most;
	atomic_uint_fast64_t events; /* recorded for requests since the start */
};

enum phase { PHASE_HEADERS, PHASE_READY, PHASE_ADMITTED, PHASE_BODY, PHASE_WORK, PHASE_REPLY, PHASE_SENT };

struct reply_header {
	const char *name, *value;
	struct reply_header *next;
};

struct reply {
	int status; /* 0: none yet */
	const char *content_type;
	json_t *json;
	struct buf text;
	const struct buf *shared;
	int fd; /* -1: none */
	int64_t offset, length;
	struct reply_header *headers;
};

struct http_exchange {
	struct req rq;
	struct caller who;
	struct http_server *server;
	struct link *link;
	struct MHD_Connection *connection;
	enum phase phase;
	bool suspended;       /* of whoever has the exchange now */
	unsigned suspensions; /* of the loop alone: after one it must not look at the rest */
	bool refused;         /* err is the answer; what is left of the body is thrown away */
	const char *method;
	char *path, *query; /* raw; query NULL: none */
	json_t *query_json; /* decoded, NULL: none, or not yet */
	struct route_match match;
	handler *handle; /* the row's, or its `stale` */
	struct body body;
	struct index_lookup lookup;
	struct db_write write;
	struct pool_work work;
	struct err err;
	struct reply reply;
	handler *after;                             /* req_after_commit() */
	void (*durable)(struct req *rq, void *arg); /* req_when_durable() */
	void *durable_arg;
	void *kept;
	enum event_type event;
	struct event_object object;
	struct delivery *delivery;
	struct http_exchange *next; /* of those that go back to their loops together */
	int64_t begun_us;
	char id[UUID_TEXT_SIZE]; /* "" until somebody needs it */
};

struct http_exchange *exchange_new(
	struct http_server *server, struct MHD_Connection *connection, struct link *link, const char *uri);
void exchange_free(struct http_exchange *x);

/* On the loop: the headers are complete, and a body follows (PHASE_BODY next) or there is none. */
bool exchange_has_body(const struct http_exchange *x);
void exchange_begin(struct http_exchange *x, const char *method);
/* On the loop: the caller was found on another thread, before the body was let in. */
void exchange_admitted(struct http_exchange *x);
/* On the loop: some of the body; too much of a refused one; all of it. */
void exchange_feed(struct http_exchange *x, const char *data, size_t length);
bool exchange_body_is_endless(const struct http_exchange *x);
void exchange_body_done(struct http_exchange *x);

/* The caller was found (who is set), or x->err says why not. */
void exchange_caller_found(struct http_exchange *x, int rc);

/* handling.c: all of the request is there and its caller is admitted. On the loop, or wherever the exchange is. */
void exchange_dispatch(struct http_exchange *x);
/* x->err is the answer; a known token that was refused is recorded before it is told. */
void exchange_refuse(struct http_exchange *x);
/* The reply is complete: back to the loop with it. */
void exchange_finish(struct http_exchange *x);
/* In done() of a write or a look-up that has exchange_batch_end(): what finishes from here on goes back together at the batch's end. */
void exchange_in_batch(void);
struct db_batch_end exchange_batch_end(struct http_server *server);
/* On a loop: resumes those of a batch whose first one woke it. */
void exchange_resume_returned(struct http_server *server);
/* The query's arguments, decoded into query_json. */
int exchange_parse_query(struct http_exchange *x);

/* Takes the connection off its loop, before the exchange is given to another thread. */
void exchange_suspend(struct http_exchange *x);
/* The request's id: exceptionId of its errors, in the log. */
const char *exchange_id(struct http_exchange *x);
const char *exchange_header(const struct http_exchange *x, const char *name);
/* Is it about a storage token's project (else about accounts)? */
bool allow_is_storage(enum allow allow);

/* callers.c: finds who calls, for the row's `allow`; ends in exchange_caller_found(), now or later. */
void caller_find(struct http_exchange *x);
/* Inside a write: does what admitted the caller still hold (R13)? */
int caller_recheck(struct http_exchange *x, struct db *db, struct err *e);
void caller_give(struct http_exchange *x);
/* The same, when the request goes on without it: what is refused then is recorded as whose it was. */
void caller_drop(struct http_exchange *x);

/* reply.c */
void reply_reset(struct http_exchange *x);
/* Whatever the answer was, the connection ends without it. */
void reply_lose(struct http_exchange *x);
/* The envelope of x->err becomes the reply. */
void reply_error(struct http_exchange *x);
/* Hands the reply to libmicrohttpd. */
enum MHD_Result reply_send(struct http_exchange *x);

#endif
