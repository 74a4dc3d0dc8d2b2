/* The built pages, served as files. A path is walked folder by folder below the one that was opened at the start, without following a
 * symbolic link, so that nothing outside can be named. */
#include "http/pages.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "http/exchange.h"

#define POLICY "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
#define PERMISSIONS "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

static const struct {
	const char *ending, *type;
} TYPES[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".json", "application/json" },
	{ ".woff2", "font/woff2" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".webmanifest", "application/manifest+json" },
};

/* What is never a page, whatever the browser accepts. */
static const char *const NO_PAGES[] = { "/v2/", "/manage/", "/assets/" };

/* --- the folder ------------------------------------------------------------------------------------------------------------- */

static int open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int pages_open(const struct conf *conf)
{
	static const char *const places[] = { "web", "../share/chatelaine/web" };
	char program[PATH_MAX], path[PATH_MAX + 64];
	if (!str_empty(conf->web))
		return open_folder(conf->web);
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (length <= 0)
		return -1;
	program[length] = '\0';
	*strrchr(program, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", program, places[i]);
		int fd = open_folder(path);
		if (fd >= 0 && faccessat(fd, "index.html", R_OK, 0) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

/* A regular file below folder, or -1. path has no leading slash. */
static int open_below(int folder, char *path, struct stat *ret)
{
	int at = dup(folder);
	for (char *slash; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		*slash = '\0';
		bool fine = *path && path[0] != '.';
		int next = fine ? openat(at, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		close(at);
		at = next;
	}
	if (at < 0)
		return -1;
	int fd = *path && path[0] != '.' ? openat(at, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	close(at);
	if (fd >= 0 && (fstat(fd, ret) < 0 || !S_ISREG(ret->st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* --- answers ---------------------------------------------------------------------------------------------------------------- */

void pages_headers(struct req *rq)
{
	reply_header(rq, "Content-Security-Policy", POLICY);
	reply_header(rq, "X-Content-Type-Options", "nosniff");
	reply_header(rq, "Referrer-Policy", "no-referrer");
	reply_header(rq, "Permissions-Policy", PERMISSIONS);
	reply_header(rq, "Cross-Origin-Opener-Policy", "same-origin");
}

static const char *type_of(const char *path)
{
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (str_ends(path, TYPES[i].ending))
			return TYPES[i].type;
	return "application/octet-stream";
}

static bool accepts(const struct http_exchange *x, const char *header, const char *word)
{
	const char *value = exchange_header(x, header);
	return value && strstr(value, word);
}

static int open_variant(struct http_exchange *x, const char *path, struct stat *ret, bool *ret_packed)
{
	struct arena *arena = x->rq.arena;
	*ret_packed = accepts(x, "Accept-Encoding", "gzip");
	int fd = *ret_packed ? open_below(x->server->pages, arena_printf(arena, "%s.gz", path), ret) : -1;
	if (fd >= 0)
		return fd;
	*ret_packed = false;
	return open_below(x->server->pages, arena_strdup(arena, path), ret);
}

/* Sends the file when there is one. path has no leading slash. */
static bool send_file(struct http_exchange *x, const char *path)
{
	struct req *rq = &x->rq;
	struct stat info;
	bool packed;
	int fd = open_variant(x, path, &info, &packed);
	if (fd < 0)
		return false;
	const char *tag = arena_printf(rq->arena, "\"%llx-%llx%s\"", (unsigned long long)info.st_mtim.tv_sec,
		(unsigned long long)info.st_size, packed ? "-gz" : "");
	if (accepts(x, "If-None-Match", tag)) {
		close(fd);
		reply_none(rq, 304);
	} else {
		reply_file(rq, 200, fd, 0, info.st_size);
		reply_header(rq, "Content-Type", type_of(path));
		if (packed)
			reply_header(rq, "Content-Encoding", "gzip");
	}
	reply_header(rq, "ETag", tag);
	reply_header(rq, "Vary", "Accept-Encoding");
	reply_header(rq, "Cache-Control", str_starts(path, "assets/") ? "public, max-age=31536000, immutable" : "no-cache");
	pages_headers(rq);
	return true;
}

static bool may_be_page(const struct http_exchange *x)
{
	for (size_t i = 0; i < sizeof(NO_PAGES) / sizeof(NO_PAGES[0]); i++)
		if (str_starts(x->path, NO_PAGES[i]))
			return false;
	return !strcmp(x->path, "/") || accepts(x, "Accept", "text/html");
}

static bool say_there_are_none(struct http_exchange *x)
{
	static const char text[] =
		"This Chatelaine was built without its pages; the API and the command line work without them.\n"
		"To have them, install Node.js 18 or newer and run \"make\" again. The API is described at /docs.\n";
	struct buf body = { 0 };
	if (strcmp(x->path, "/") != 0)
		return false;
	buf_puts(&body, text);
	reply_text(&x->rq, 200, "text/plain; charset=utf-8", &body);
	return true;
}

bool pages_answer(struct http_exchange *x)
{
	if (strcmp(x->method, "GET") != 0 && strcmp(x->method, "HEAD") != 0)
		return false;
	if (x->server->pages < 0)
		return say_there_are_none(x);
	const char *path = percent_decode(x->rq.arena, x->path, strlen(x->path), false);
	if (!path || path[0] != '/')
		return false;
	return (path[1] && send_file(x, path + 1)) || (may_be_page(x) && send_file(x, "index.html"));
}
