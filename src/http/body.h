/* The body of a request as it comes in: kept in memory, taken apart (multipart), spooled to a file, or thrown away. Limits are enforced
 * while it comes. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/form.h"

enum body_kind { BODY_NONE, BODY_MEMORY, BODY_MULTIPART, BODY_SPOOL, BODY_DISCARD };

/* Each takes a file of the system's while its part comes, on the loop: nobody sends more than one. */
#define BODY_UPLOADS_MAX 16

/* A file that came as a part; removed with the request unless it was renamed away. */
struct upload {
	const char *name, *filename;
	char *path;
	int fd;
	int64_t size;
	struct upload *next;
};

struct body {
	enum body_kind kind;
	struct arena *arena;
	const char *tmp;
	const char *content_type; /* "" when none was sent */
	int64_t most;             /* bytes allowed */
	int64_t received;
	int64_t text_most, text; /* of BODY_MULTIPART: bytes allowed in memory, and those that are there */
	bool complete, is_json;  /* is_json: body_json() read it as such */
	struct buf memory;       /* BODY_MEMORY; of BODY_MULTIPART the text part being read */
	struct form form;
	struct multipart *multipart;
	const char *part_name;
	struct upload *uploads; /* the newest first; BODY_SPOOL: the only one */
	int upload_count;
};

/* What the headers promise: kind is chosen by raw (BODY_SPOOL) and content_type. */
struct body_plan {
	struct arena *arena;
	const char *tmp;
	const char *content_type;
	bool raw;
	int64_t memory_most, upload_most;
};
int body_begin(struct body *body, const struct body_plan *plan, struct err *e);
int body_feed(struct body *body, const char *data, size_t length, struct err *e);
/* Complete. */
int body_end(struct body *body, struct err *e);
/* What is still to come does not matter. */
void body_discard(struct body *body);
/* Frees, removes files. */
void body_done(struct body *body);

/* The arguments in it: an object for forms, multipart and JSON objects, {} when it is empty, other JSON or a string as it is. New. */
int body_json(struct body *body, json_t **ret, struct err *e);
/* As body_json() from bytes, for a content type ("" to find out): pure, for tests and the fuzzer. */
int body_parse(const char *content_type, const char *data, size_t length, json_t **ret, struct err *e);

#endif
