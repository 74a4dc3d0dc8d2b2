/* Replies: what handlers say, the envelope of errors, and both as libmicrohttpd wants them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "base/shortage.h"
#include "base/str.h"
#include "http/exchange.h"
#include "http/pages.h"

#define JSON_TYPE "application/json" /* exactly: clients compare it (clients.md §0.1) */

void reply_reset(struct http_exchange *x)
{
	json_decref(x->reply.json);
	buf_done(&x->reply.text);
	if (x->reply.status && x->reply.fd >= 0)
		close(x->reply.fd);
	x->reply = (struct reply){ .fd = -1 };
}

void reply_lose(struct http_exchange *x)
{
	reply_reset(x);
	x->reply.status = 500;
	x->reply.text.failed = true;
}

static struct reply *reply_begin(struct req *rq, int status, const char *content_type)
{
	struct http_exchange *x = rq->exchange;
	struct reply_header *headers = x->reply.headers;
	reply_reset(x);
	x->reply = (struct reply){ .status = status, .content_type = content_type, .fd = -1, .headers = headers };
	return &x->reply;
}

/* Written out where the handler ran, so that a long list does not keep a loop busy; inside a write it is left for later. */
static void reply_dump(struct reply *reply)
{
	char *text = json_dumps(reply->json, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(reply->json);
	reply->json = NULL;
	if (text && shortage_seen()) { /* the library leaves out a name that it found no room for, and goes on */
		free(text);
		text = NULL;
	}
	reply->text = (struct buf){ .data = text, .length = text ? strlen(text) : 0, .failed = !text };
}

int reply_json(struct req *rq, int status, json_t *stolen)
{
	struct reply *reply = reply_begin(rq, status, JSON_TYPE);
	reply->json = stolen;
	if (rq->route && rq->route->run == RUN_WORK)
		reply_dump(reply);
	return 0;
}

int reply_none(struct req *rq, int status)
{
	reply_begin(rq, status, NULL);
	return 0;
}

int reply_text(struct req *rq, int status, const char *content_type, struct buf *stolen)
{
	struct reply *reply = reply_begin(rq, status, content_type);
	reply->text = *stolen;
	*stolen = (struct buf){ 0 };
	return 0;
}

int reply_shared(struct req *rq, int status, const char *content_type, const struct buf *borrowed)
{
	reply_begin(rq, status, content_type)->shared = borrowed;
	return 0;
}

int reply_file(struct req *rq, int status, int fd, int64_t offset, int64_t length)
{
	struct reply *reply = reply_begin(rq, status, NULL);
	reply->fd = fd;
	reply->offset = offset;
	reply->length = length;
	return 0;
}

int reply_redirect(struct req *rq, int status, const char *location)
{
	reply_begin(rq, status, NULL);
	reply_header(rq, "Location", location);
	return 0;
}

void reply_header(struct req *rq, const char *name, const char *value)
{
	struct reply_header *header = arena_new_of(rq->arena, struct reply_header);
	if (!header)
		return;
	*header = (struct reply_header){ arena_strdup(rq->arena, name), arena_strdup(rq->arena, value),
		rq->exchange->reply.headers };
	rq->exchange->reply.headers = header;
}

/* --- errors ------------------------------------------------------------------------------------------------------------- */

/* The services beside storage answer a number as code (clients.md §0.4). */
static bool code_is_number(const struct http_exchange *x)
{
	static const char *const services[] = { "/encrypt", "/jobs", "/project-subscriptions", "/schedules", "/search/jobs" };
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (str_starts(x->path, services[i]))
			return true;
	return false;
}

static json_t *envelope(struct http_exchange *x, int status)
{
	const char *code = err_wire_code(&x->err);
	json_t *body = json_pack("{s:s, s:s, s:s}", "error", err_text(&x->err), "exceptionId", exchange_id(x), "status",
		status == 503 ? "maintenance" : "error");
	if (code_is_number(x))
		json_object_set_new(body, "code", json_integer(status));
	else if (code)
		json_object_set_new(body, "code", json_string(code));
	if (status == 503) {
		json_object_set_new(body, "reason", json_string(err_text(&x->err)));
		json_object_set_new(body, "estimatedEndTime", json_null());
	}
	if (x->err.more)
		json_object_update_missing(body, x->err.more);
	return body;
}

/* As blob clients read errors: the code in a header, the sentence in XML. Our sentences have no letter that XML would want escaped. */
static void error_xml(struct http_exchange *x, int status)
{
	const char *code = err_wire_code(&x->err) ? err_wire_code(&x->err) : "InternalError";
	const char *version = exchange_header(x, "x-ms-version"), *client_id = exchange_header(x, "x-ms-client-request-id");
	struct reply reply = { .status = status, .content_type = "application/xml", .fd = -1, .headers = x->reply.headers };
	reply_reset(x);
	x->reply = reply;
	reply_header(&x->rq, "x-ms-error-code", code);
	reply_header(&x->rq, "x-ms-request-id", exchange_id(x));
	reply_header(&x->rq, "x-ms-version", version ? version : "2017-11-09");
	reply_header(&x->rq, "x-ms-client-request-id", client_id);
	buf_printf(&x->reply.text,
		"<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>%s\nRequestId:%s</Message></Error>",
		code, err_text(&x->err), exchange_id(x));
}

static void error_json(struct http_exchange *x, int status)
{
	/* what is said when there is not even memory for saying it */
	static char text[] = "{\"error\":\"The server is short of memory at the moment.\",\"exceptionId\":\"none\","
			     "\"status\":\"maintenance\",\"code\":\"unavailable\"}";
	static const struct buf SHORT = { .data = text, .length = sizeof(text) - 1 };
	struct reply reply = { .status = status, .content_type = JSON_TYPE, .fd = -1 };
	shortage_forget();
	reply.json = envelope(x, status);
	reply_reset(x);
	x->reply = reply;
	reply_dump(&x->reply);
	if (!shortage_seen())
		return;
	buf_done(&x->reply.text);
	x->reply.status = 503;
	x->reply.shared = &SHORT;
}

/* What an exceptionId stands for. Of a refusal the sentence stays out, and the path as it was sent: both may hold what opens something. */
static void log_error(struct http_exchange *x, int status)
{
	char number[12];
	if (status >= 500 && status != 501) {
		log_line(LOG_ERROR, "answered with an error", "exceptionId", exchange_id(x), "method", x->method, "path",
			x->match.route ? x->match.route->path : x->path, "error", err_text(&x->err), NULL);
		return;
	}
	snprintf(number, sizeof(number), "%d", status);
	log_line(LOG_INFO, "refused", "exceptionId", exchange_id(x), "method", x->method, "path",
		x->match.route ? x->match.route->path : "none", "status", number, "code", err_wire_code(&x->err), "address",
		x->rq.origin.address ? x->rq.origin.address : x->link->address, NULL);
}

void reply_error(struct http_exchange *x)
{
	int status = x->err.code ? err_status(&x->err) : 500;
	if (!x->err.code)
		fail(&x->err, ERR_INTERNAL, NULL);
	if (x->match.route && x->match.route->xml_errors)
		error_xml(x, status);
	else
		error_json(x, status);
	int wait_s = x->err.retry_after_s ? x->err.retry_after_s : status == 503 ? 5 : 0;
	if (wait_s)
		reply_header(&x->rq, "Retry-After", arena_printf(x->rq.arena, "%d", wait_s));
	if (status == 405)
		reply_header(&x->rq, "Allow", x->match.allowed);
	log_error(x, status);
}

/* --- for libmicrohttpd ------------------------------------------------------------------------------------------------------ */

static struct MHD_Response *response_make(struct reply *reply)
{
	if (reply->json)
		reply_dump(reply);
	if (reply->fd >= 0) {
		struct MHD_Response *response =
			MHD_create_response_from_fd_at_offset64((uint64_t)reply->length, reply->fd, (uint64_t)reply->offset);
		if (response)
			reply->fd = -1;
		return response;
	}
	if (reply->shared)
		return MHD_create_response_from_buffer(reply->shared->length, reply->shared->data, MHD_RESPMEM_PERSISTENT);
	size_t length = reply->text.length;
	if (!length)
		return reply->text.failed ? NULL : MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	struct MHD_Response *response = MHD_create_response_from_buffer(length, reply->text.data, MHD_RESPMEM_MUST_FREE);
	if (response)
		reply->text = (struct buf){ 0 };
	return response;
}

static bool has_policy(const struct reply *reply)
{
	for (const struct reply_header *header = reply->headers; header; header = header->next)
		if (!strcmp(header->name, "Content-Security-Policy"))
			return true;
	return false;
}

static enum MHD_Result add_headers(struct MHD_Response *response, const struct reply *reply)
{
	if (reply->content_type && !MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type))
		return MHD_NO;
	for (const struct reply_header *header = reply->headers; header; header = header->next)
		if (header->name && header->value && !MHD_add_response_header(response, header->name, header->value))
			return MHD_NO;
	return MHD_YES;
}

static enum MHD_Result send_new(struct http_exchange *x)
{
	if (x->reply.content_type && str_starts(x->reply.content_type, "text/html") && !has_policy(&x->reply))
		pages_headers(&x->rq);
	struct MHD_Response *response = response_make(&x->reply);
	if (!response)
		return MHD_NO;
	/* an answer without one of its headers would be another answer */
	enum MHD_Result result = add_headers(response, &x->reply);
	if (result)
		result = MHD_queue_response(x->connection, (unsigned)x->reply.status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result reply_send(struct http_exchange *x)
{
	bool rendered = x->reply.shared && x->who.identity && index_rendered(x->who.identity) == x->reply.shared;
	if (!rendered || x->reply.headers || x->reply.status != 200)
		return send_new(x);
	struct MHD_Response *response = memo_reply(x);
	return response ? MHD_queue_response(x->connection, MHD_HTTP_OK, response) : MHD_NO;
}
