/* Calls to other servers: the only user of libcurl. */
#include "base/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"

#define CONNECT_TIMEOUT_S 15L
#define MAIL_TIMEOUT_S 60L
#define IDLE_TIMEOUT_S 60
#define REDIRECTS_MAX 5L
#define ANSWER_MAX ((size_t)64 << 20)
#define HEADERS_MAX ((size_t)256 << 10)

static void own_curl(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static void own_list(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static void own_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

void fetch_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static CURL *handle_new(char cause[CURL_ERROR_SIZE])
{
	CURL *curl = curl_easy_init();
	if (!curl)
		return NULL;
	cause[0] = 0;
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, cause);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	return curl;
}

static const char *cause_of(CURLcode code, const char *cause)
{
	return *cause ? cause : curl_easy_strerror(code);
}

/* --- mail -------------------------------------------------------------------------------------------------------------- */

struct reading {
	const char *data;
	size_t left;
};

static size_t read_memory(char *to, size_t size, size_t count, void *arg)
{
	struct reading *reading = arg;
	size_t n = size * count < reading->left ? size * count : reading->left;
	memcpy(to, reading->data, n);
	reading->data += n;
	reading->left -= n;
	return n;
}

int fetch_mail_send(const struct fetch_mail *mail, struct err *e)
{
	static const char STARTTLS[] = "smtp+starttls://";
	char cause[CURL_ERROR_SIZE];
	own(own_curl) CURL *curl = handle_new(cause);
	own(own_list) struct curl_slist *recipients = curl_slist_append(NULL, mail->to);
	own(own_secret) char *url = NULL;
	bool starttls = str_starts(mail->server, STARTTLS);
	if (asprintf(&url, "%s%s", starttls ? "smtp://" : "", mail->server + (starttls ? strlen(STARTTLS) : 0)) < 0)
		url = NULL;
	if (!curl || !recipients || !url)
		return fail(e, ERR_UNAVAILABLE, "Out of memory");
	struct reading reading = { mail->message, mail->length };
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_USE_SSL, starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, MAIL_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_memory);
	curl_easy_setopt(curl, CURLOPT_READDATA, &reading);
	CURLcode code = curl_easy_perform(curl);
	return code == CURLE_OK ? 0
				: fail(e, ERR_UNAVAILABLE, "The mail server did not take the mail: %s", cause_of(code, cause));
}

/* --- HTTP -------------------------------------------------------------------------------------------------------------- */

struct transfer {
	struct fetch *fetch;
	CURL *curl;
	FILE *from;
	int64_t from_left;
	FILE *to;
	const char *cause; /* of ours, when we end the transfer */
};

static bool is_good(const struct transfer *t)
{
	long status = 0;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

static bool open_answer(struct transfer *t)
{
	if (!t->to && !(t->to = fopen(t->fetch->answer_path, "we")))
		t->cause = "the file for the answer could not be made";
	return t->to != NULL;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t length = size * count;
	if (t->fetch->answer_path && is_good(t)) {
		if (!open_answer(t))
			return 0;
		if (fwrite(data, 1, length, t->to) == length)
			return length;
		t->cause = "the file for the answer could not be written";
		return 0;
	}
	size_t most = t->fetch->answer_max ? t->fetch->answer_max : ANSWER_MAX;
	if (t->fetch->answer.length + length > most) {
		t->cause = "the answer is too long";
		return 0;
	}
	buf_add(&t->fetch->answer, data, length);
	return t->fetch->answer.failed ? 0 : length;
}

static size_t take_header(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t length = size * count;
	if (length > 5 && memcmp(data, "HTTP/", 5) == 0)
		buf_clear(&t->fetch->answer_headers); /* of a redirect or a 100 before this one */
	if (t->fetch->answer_headers.length + length > HEADERS_MAX)
		return 0;
	buf_add(&t->fetch->answer_headers, data, length);
	return t->fetch->answer_headers.failed ? 0 : length;
}

static size_t read_file(char *to, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t wanted = size * count;
	if ((int64_t)wanted > t->from_left)
		wanted = (size_t)t->from_left;
	size_t n = fread(to, 1, wanted, t->from);
	if (n < wanted && ferror(t->from))
		return CURL_READFUNC_ABORT;
	t->from_left -= (int64_t)n;
	return n;
}

static int tell_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct transfer *t = arg;
	bool uploading = t->from != NULL;
	bool go_on = t->fetch->progress(t->fetch->progress_arg, uploading ? up : down, uploading ? up_total : down_total);
	if (!go_on)
		t->cause = "stopped";
	return go_on ? 0 : 1;
}

static bool has_header(const struct fetch *fetch, const char *name)
{
	size_t length = strlen(name);
	for (const char *const *h = fetch->headers; h && *h; h++)
		if (strncasecmp(*h, name, length) == 0 && (*h)[length] == ':')
			return true;
	return false;
}

static bool make_headers(const struct fetch *fetch, struct curl_slist **ret)
{
	/* libcurl would ask leave to send a body, and would call every body a form */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	if (list && !has_header(fetch, "Content-Type"))
		list = curl_slist_append(list, "Content-Type:");
	for (const char *const *h = fetch->headers; list && h && *h; h++) {
		struct curl_slist *longer = curl_slist_append(list, *h);
		if (!longer) {
			curl_slist_free_all(list);
			return false;
		}
		list = longer;
	}
	*ret = list;
	return list != NULL;
}

static int open_body(struct transfer *t, struct err *e)
{
	const struct fetch *fetch = t->fetch;
	t->from = fopen(fetch->body_path, "re");
	if (!t->from || fseeko(t->from, 0, SEEK_END) < 0)
		return fail(e, ERR_UNAVAILABLE, "%s: %s", fetch->body_path, strerror(errno));
	t->from_left = fetch->body_size ? fetch->body_size : (int64_t)ftello(t->from) - fetch->body_offset;
	if (t->from_left < 0 || fseeko(t->from, fetch->body_offset, SEEK_SET) < 0)
		return fail(e, ERR_UNAVAILABLE, "%s is shorter than what was asked of it", fetch->body_path);
	curl_easy_setopt(t->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(t->curl, CURLOPT_READFUNCTION, read_file);
	curl_easy_setopt(t->curl, CURLOPT_READDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->from_left);
	return 0;
}

static int set_method_and_body(struct transfer *t, struct err *e)
{
	const struct fetch *fetch = t->fetch;
	const char *method = fetch->method ? fetch->method : "GET";
	bool wants_body = str_eq(method, "POST") || str_eq(method, "PUT") || str_eq(method, "PATCH");
	if (fetch->body_path) {
		int rc = open_body(t, e);
		if (rc < 0)
			return rc;
	} else if (fetch->body || wants_body) {
		curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body_length);
		curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, fetch->body ? fetch->body : "");
	}
	if (str_eq(method, "HEAD"))
		curl_easy_setopt(t->curl, CURLOPT_NOBODY, 1L);
	else if (!str_eq(method, "GET") || fetch->body_path || fetch->body)
		curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, method);
	return 0;
}

static void set_rest(struct transfer *t, const struct curl_slist *headers)
{
	const struct fetch *fetch = t->fetch;
	curl_easy_setopt(t->curl, CURLOPT_URL, fetch->url);
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_TIME, (long)(fetch->timeout_s ? fetch->timeout_s : IDLE_TIMEOUT_S));
	if (fetch->follow) {
		curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 1L);
		curl_easy_setopt(t->curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	}
	if (fetch->ca_file)
		curl_easy_setopt(t->curl, CURLOPT_CAINFO, fetch->ca_file);
	if (fetch->progress) {
		curl_easy_setopt(t->curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(t->curl, CURLOPT_XFERINFOFUNCTION, tell_progress);
		curl_easy_setopt(t->curl, CURLOPT_XFERINFODATA, t);
	}
}

/* A 2xx answer without a body still makes its file; what was buffered must reach it. */
static bool finish_file(struct transfer *t)
{
	if (!t->fetch->answer_path || !is_good(t))
		return true;
	if (!open_answer(t))
		return false;
	if (fflush(t->to) == 0)
		return true;
	t->cause = "the file for the answer could not be written";
	return false;
}

int fetch_run(struct fetch *fetch, struct err *e)
{
	char cause[CURL_ERROR_SIZE];
	own(own_list) struct curl_slist *headers = NULL;
	own(own_curl) CURL *curl = handle_new(cause);
	if (!curl || !make_headers(fetch, &headers))
		return fail(e, ERR_UNAVAILABLE, "Out of memory");
	struct transfer t = { .fetch = fetch, .curl = curl };
	int rc = set_method_and_body(&t, e);
	own(own_file) FILE *from = t.from;
	if (rc < 0)
		return rc;
	set_rest(&t, headers);
	CURLcode code = curl_easy_perform(curl);
	bool good = code == CURLE_OK && finish_file(&t);
	own(own_file) FILE *to = t.to;
	if (!good)
		return fail(e, ERR_UNAVAILABLE, "No answer from the server: %s", t.cause ? t.cause : cause_of(code, cause));
	long status = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	fetch->status = (int)status;
	return 0;
}

void fetch_done(struct fetch *fetch)
{
	buf_done(&fetch->answer);
	buf_done(&fetch->answer_headers);
}

bool fetch_header(const struct fetch *fetch, const char *name, char *ret, size_t size)
{
	size_t length = strlen(name);
	for (const char *line = fetch->answer_headers.data; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, name, length) != 0 || line[length] != ':')
			continue;
		const char *value = line + length + 1;
		value += strspn(value, " \t");
		snprintf(ret, size, "%.*s", (int)strcspn(value, "\r\n"), value);
		return true;
	}
	return false;
}
