/* HTTP calls of the command line, and the errors that come back. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "base/id.h"
#include "base/own.h"
#include "base/str.h"
#include "cmd/client.h"
#include "cmd/progress.h"

#define TRIES 3
#define TRY_PAUSE_US 300000
#define POLL_FIRST_US 50000
#define POLL_LONGEST_US 2000000

static const char USER_AGENT[] = "User-Agent: chatelaine/" VERSION;

static void escape(struct buf *buf, const char *text)
{
	for (; *text; text++) {
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", *text))
			buf_putc(buf, *text);
		else
			buf_printf(buf, "%%%02X", (unsigned char)*text);
	}
}

static char *taken(struct client *client, struct buf *buf)
{
	char *text = arena_strdup(client->arena, buf->data);
	buf_done(buf);
	return text;
}

char *client_path(struct client *client, ...)
{
	struct buf path = { 0 };
	va_list list;
	buf_puts(&path, "/v2/storage");
	va_start(list, client);
	for (const char *piece; (piece = va_arg(list, const char *));) {
		buf_putc(&path, '/');
		escape(&path, piece);
	}
	va_end(list);
	return taken(client, &path);
}

char *client_query(struct client *client, const char *path, const char *key, const char *value)
{
	struct buf longer = { 0 };
	buf_puts(&longer, path);
	if (value) {
		buf_putc(&longer, strchr(path, '?') ? '&' : '?');
		escape(&longer, key);
		buf_putc(&longer, '=');
		escape(&longer, value);
	}
	return taken(client, &longer);
}

/* --- errors ---------------------------------------------------------------------------------------------------------------- */

/* The code that gives the exit status which fits the answer's status. */
static enum err_code kind_of(int status)
{
	if (status == 401 || status == 403)
		return ERR_ACCESS_DENIED;
	if (status == 404)
		return ERR_NOT_FOUND;
	return status >= 500 && status != 501 ? ERR_UNAVAILABLE : ERR_DATA_INVALID;
}

static void add_missing(struct buf *text, json_t *missing)
{
	size_t i;
	json_t *item;
	json_array_foreach(missing, i, item) {
		const char *object = json_string_value(json_object_get(item, "object"));
		const char *need = json_string_value(json_object_get(item, "need"));
		const char *have = json_string_value(json_object_get(item, "have"));
		buf_printf(text, "\n  %s: needs %s, has %s", object ? object : "-", need ? need : "-", have ? have : "nothing");
	}
}

/* The server's words: the sentence, its code, what was missing. */
static int fail_answer(const struct fetch *fetch, struct err *e)
{
	own(own_json) json_t *answer = fetch->answer.data ? json_loads(fetch->answer.data, 0, NULL) : NULL;
	const char *sentence = json_string_value(json_object_get(answer, "error"));
	const char *code = json_string_value(json_object_get(answer, "code"));
	struct buf text = { 0 };
	buf_puts(&text, sentence ? sentence : "the server's answer is none of a Chatelaine");
	buf_printf(&text, " (%d%s%s)", fetch->status, code ? " " : "", code ? code : "");
	add_missing(&text, json_object_get(answer, "missing"));
	int rc = fail(e, kind_of(fetch->status), "%s", text.data ? text.data : "");
	buf_done(&text);
	return rc;
}

/* --- calls ----------------------------------------------------------------------------------------------------------------- */

/* The key makes the server answer a repeated create or refresh with the same new string; NULL: the call is not to be repeated. */
static const char *repeat_key(struct client *client, const char *method, const char *path)
{
	char uuid[UUID_TEXT_SIZE];
	bool is_reading = str_eq(method, "GET"), makes_string = str_eq(method, "POST") && str_starts(path, "/v2/storage/tokens");
	return is_reading || makes_string ? arena_printf(client->arena, "Idempotency-Key: %s", uuid_v7(now_us(), uuid)) : NULL;
}

static int call_once(struct client *client, const char *method, const char *path, json_t *body, const char *key,
	struct fetch *fetch, struct err *e)
{
	const char *token = arena_printf(client->arena, "X-StorageApi-Token: %s", client->token);
	const char *headers[] = { token, USER_AGENT, body ? "Content-Type: application/json" : "Accept: */*", key, NULL };
	own(own_free) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	*fetch = (struct fetch){ .method = method,
		.headers = headers,
		.url = arena_printf(client->arena, "%s%s", client->url, path),
		.body = text,
		.body_length = text ? strlen(text) : 0,
		.ca_file = client->ca_file };
	int rc = fetch_run(fetch, e);
	fetch->headers = NULL;
	fetch->body = NULL;
	return rc == 0 && fetch->status >= 300 ? fail_answer(fetch, e) : rc;
}

static int call(struct client *client, const char *method, const char *path, json_t *body, struct fetch *fetch, struct err *e)
{
	const char *key = repeat_key(client, method, path);
	int rc = call_once(client, method, path, body, key, fetch, e);
	for (int try = 1; rc == -ERR_UNAVAILABLE && key && try < TRIES; try++) {
		usleep(TRY_PAUSE_US);
		fetch_done(fetch);
		rc = call_once(client, method, path, body, key, fetch, e);
	}
	return rc;
}

int client_call(struct client *client, const char *method, const char *path, json_t *stolen_body, json_t **ret, struct err *e)
{
	struct fetch fetch;
	json_t *answer = NULL;
	int rc = call(client, method, path, stolen_body, &fetch, e);
	json_decref(stolen_body);
	if (rc == 0 && fetch.answer.length) {
		answer = json_loads(fetch.answer.data, JSON_DECODE_ANY, NULL);
		rc = answer ? 0 : fail(e, ERR_DATA_INVALID, "the server's answer is no JSON");
	}
	fetch_done(&fetch);
	if (rc == 0 && ret)
		*ret = answer;
	else
		json_decref(answer);
	return rc;
}

int client_get(struct client *client, const char *path, json_t **ret, struct err *e)
{
	return client_call(client, "GET", path, NULL, ret, e);
}

int client_get_text(struct client *client, const char *path, struct buf *ret, struct err *e)
{
	struct fetch fetch;
	int rc = call(client, "GET", path, NULL, &fetch, e);
	if (rc == 0) {
		*ret = fetch.answer;
		fetch.answer = (struct buf){ 0 };
	}
	fetch_done(&fetch);
	return rc;
}

/* --- jobs ------------------------------------------------------------------------------------------------------------------ */

static bool has_ended(json_t *job)
{
	const char *status = json_string_value(json_object_get(job, "status"));
	return str_eq(status, "success") || str_eq(status, "error");
}

static int fail_job(json_t *job, struct err *e)
{
	json_t *error = json_object_get(job, "error");
	const char *message = json_string_value(json_object_get(error, "message"));
	const char *code = json_string_value(json_object_get(error, "code"));
	return fail(e, str_eq(code, "accessDenied") ? ERR_ACCESS_DENIED : ERR_DATA_INVALID, "the job failed: %s%s%s%s",
		message ? message : "it does not say why", code ? " (" : "", code ? code : "", code ? ")" : "");
}

int client_job_wait(struct client *client, const char *id, json_t **ret, struct err *e)
{
	useconds_t pause_us = POLL_FIRST_US;
	struct progress progress;
	json_t *job = NULL;
	progress_begin(&progress, "job");
	int rc = client_get(client, client_path(client, "jobs", id, NULL), &job, e);
	while (rc == 0 && !has_ended(job)) {
		progress_wait(&progress, json_string_value(json_object_get(job, "status")));
		usleep(pause_us);
		pause_us = pause_us * 2 > POLL_LONGEST_US ? POLL_LONGEST_US : pause_us * 2;
		json_decref(job);
		job = NULL;
		rc = client_get(client, client_path(client, "jobs", id, NULL), &job, e);
	}
	progress_end(&progress);
	if (rc == 0)
		*ret = job;
	return rc;
}

int client_job(struct client *client, const char *method, const char *path, json_t *stolen_body, json_t **ret, struct err *e)
{
	own(own_json) json_t *started = NULL;
	own(own_json) json_t *job = NULL;
	int rc = client_call(client, method, path, stolen_body, &started, e);
	if (rc < 0)
		return rc;
	json_int_t id = json_integer_value(json_object_get(started, "id"));
	if (has_ended(started))
		job = json_incref(started);
	else
		rc = client_job_wait(client, arena_printf(client->arena, "%lld", (long long)id), &job, e);
	if (rc == 0 && str_eq(json_string_value(json_object_get(job, "status")), "error"))
		rc = fail_job(job, e);
	if (rc == 0 && ret)
		*ret = json_incref(json_object_get(job, "results"));
	return rc;
}
