/* Calls to other servers: mail by SMTP, and HTTP for the command line and Azure. The only user of libcurl. Blocking: on
 * workers and in commands only, never on a loop, never inside a write. */
#ifndef BASE_FETCH_H
#define BASE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Sends a ready RFC 5322 message to one recipient. server: "smtp://[user:password@]host[:port]", "smtp+starttls://..."
 * (refuses to go on without TLS) or "smtps://...". ERR_UNAVAILABLE with the cause in its text (never the password) when it
 * was not taken. */
struct fetch_mail {
	const char *server;
	const char *from, *to; /* bare addresses */
	const char *message;
	size_t length;
};
int fetch_mail_send(const struct fetch_mail *mail, struct err *e);

/* Bytes moved so far and in all (0: not known); false stops the transfer. */
typedef bool fetch_progress(void *arg, int64_t done, int64_t total);

/* One HTTP call. Zero-initialise, fill, fetch_run(); the answer's members are set by it. fetch_done() frees the answer. */
struct fetch {
	const char *method; /* NULL: GET */
	const char *url;
	const char *const *headers; /* "Name: value", ended by NULL; may be NULL */
	const char *body;           /* from memory ... */
	size_t body_length;
	const char *body_path; /* ... or this part of a file (body_size 0: to its end) */
	int64_t body_offset, body_size;
	const char *answer_path; /* the body of a 2xx answer goes to this new file instead of memory */
	size_t answer_max;       /* longest answer in memory; 0: 64 MiB */
	bool follow;             /* follow redirects (GET only) */
	int timeout_s;           /* without any byte moved; 0: 60 */
	const char *ca_file;     /* certificates to trust instead of the system's; may be NULL */
	fetch_progress *progress;
	void *progress_arg;
	/* the answer */
	int status;
	struct buf answer;
	struct buf answer_headers; /* as received, lines ended by \r\n */
};
/* 0 when an answer came, whatever its status; ERR_UNAVAILABLE with the cause in its text when none did. */
int fetch_run(struct fetch *fetch, struct err *e);
void fetch_done(struct fetch *fetch);
/* A header of the answer (any case) copied into ret; false when absent. */
bool fetch_header(const struct fetch *fetch, const char *name, char *ret, size_t size);

/* Once per process, before threads start. */
void fetch_init(void);

#endif
