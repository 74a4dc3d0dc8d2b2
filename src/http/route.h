/* The one routing table: each row says method, path, who may call, what is recorded, where it runs, who handles it, which
 * arguments it takes. Everything about a route is in its row: authorization, events, OpenAPI, metrics, 405, OPTIONS. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/permit.h"
#include "work/events.h"

struct req;

/* Where the handler runs. */
enum run {
	RUN_LOOP, /* on the event loop: reads memory or a few rows, never waits; rq->db is a reader. (PostgreSQL: the same as RUN_WORK) */
	RUN_MEMORY, /* on the event loop: touches memory only; rq->db is NULL. Answers while the database is away */
	RUN_WORK,   /* on a worker: may take long; rq->db is a reader; may call database_transact() */
	RUN_WRITE,  /* inside a write: rq->db is the transaction; rolled back when the handler fails; answered after the commit */
};

enum param_type {
	P_TEXT, /* string; numbers and booleans are taken as their text */
	P_INT,  /* integer, or its text */
	P_NUMBER,
	P_BOOL,  /* every spelling of clients.md §0.6 */
	P_TEXTS, /* array of strings: tags[]=a, tags[0]=a, tags=a&tags=b, JSON array; P_COMMA: also "a,b" */
	P_COMMA, /* "a,b", or an array */
	P_MAP,   /* object of anything; an empty array is an empty object */
	P_LIST,  /* array of anything */
	P_JSON, /* a JSON value, or a string that holds one (clients.md §0.7); bad JSON is left a string for the handler to judge */
	P_ANY,  /* as it came */
	P_BODY, /* the whole body, whatever its kind, under this name; a body that is text is a string */
};

/* One declared argument of a body or query. The list ends with a row whose name is NULL. What is not declared never reaches
 * the handler; null is absent; a wrong type is a 400 (`validation.failed`, naming the key). */
struct param {
	const char *name;
	enum param_type type;
	size_t max;       /* longest text in bytes, or most items; 0: the standard limit (PARAM_TEXT_MAX, PARAM_ITEMS_MAX) */
	const char *help; /* for OpenAPI; may be NULL */
};
#define PARAM_TEXT_MAX 65536
#define PARAM_ITEMS_MAX 10000

typedef int handler(struct req *rq, struct err *e);

struct route {
	const char *method;
	const char *path; /* "/v2/storage/tokens/{id}/events"; {x} matches one segment, {x*} the rest. Trailing slash optional */
	enum allow allow;
	enum event_type event;
	enum run run;
	handler *handle;
	const struct param *params; /* NULL: takes none */
	const char *summary;        /* one line for OpenAPI; may be NULL */
	bool branched;              /* also under /v2/storage/branch/{branch}/... */
	bool raw_body;              /* the handler reads the body itself, streamed (uploads): see req.h */

	/* Rarely set. */

	/* Errors leave as a blob service's XML, with the headers that the handler set (clients.md §3.4). */
	bool xml_errors;
	/* Tried first, after the caller is admitted, with no database and no arguments parsed: true when it replied (reply_shared),
	 * false: go the row's way. For answers kept rendered. No event. */
	bool (*quick)(struct req *rq);
	/* Asked when only the headers are there (no rq->args, no rq->db): a failure refuses the body. */
	handler *before_body;
	/* Asked, as RUN_WRITE with rq->who nobody, when the caller's token is refused as ERR_TOKEN_INVALID: may still reply (a
	 * repeated refresh whose reply was lost), or fails with the same error. The string sent: req_token(). */
	handler *stale;
};

/* A resource file ends with its table: const struct route TOKEN_ROUTES[] = {..., {0}}; api/routes.c lists the tables. */
extern const struct route *const ROUTE_TABLES[];

#endif
