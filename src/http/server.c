/* The server: libmicrohttpd's threads, and their calls back into the life of a request (exchange.c). */
#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "base/shortage.h"
#include "base/str.h"
#include "http/exchange.h"
#include "http/metrics.h"
#include "http/pages.h"
#include "http/tls.h"

enum { OWN_FILES = 1024, CONNECTION_MEMORY = 16384, BODY_S = 60, BODY_BYTES_PER_S = 1024 };

/* --- calls of libmicrohttpd -------------------------------------------------------------------------------------------------- */

/* A server that ends lets nobody in. (Not MHD_quiesce_daemon(): up to version 0.9.75 at least it and a loop both take the listening socket
 * out of the loop's set, and whoever comes second ends the process.) */
static enum MHD_Result on_accept(void *arg, const struct sockaddr *address, socklen_t length)
{
	struct http_server *server = arg;
	(void)address;
	(void)length;
	return atomic_load(&server->ending) ? MHD_NO : MHD_YES;
}

/* Silence is ended by the library after connection_idle_s; headers that come byte by byte have twice that time. */
static void await_headers(struct link *link)
{
	link_await(link, 2 * link->server->app->conf.connection_idle_s);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = arg;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		struct link *link = link_open(server->links, server, connection);
		*context = link;
		atomic_fetch_add(&server->connections, 1);
		if (link)
			await_headers(link);
		return;
	}
	atomic_fetch_sub(&server->connections, 1);
	if (*context)
		link_close(server->links, *context);
	*context = NULL;
}

/* The library would keep each argument in the connection's memory, and lose the request when that is full of them. We read the query
 * ourselves, from our own copy: what the library goes on with is the path. */
static void hide_query(const char *uri)
{
	char *query = strchr(uri, '?');
	if (query)
		query[1] = '\0';
}

/* The request line is there: the raw path, before anything is decoded. */
static void *on_request_line(void *arg, const char *uri, struct MHD_Connection *connection)
{
	struct http_server *server = arg;
	struct link *link = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	if (!link)
		return NULL;
	delivery_next_request(link);
	link->requests++;
	struct http_exchange *x = exchange_new(server, connection, link, uri);
	hide_query(uri);
	return x;
}

/* Paths and queries are decoded by us, where a broken encoding can be refused. */
static size_t leave_encoded(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

/* Never the path as it was sent: it may hold what opens something. */
static void log_answer(const struct http_exchange *x, int64_t duration_us)
{
	char status[12], duration[24];
	snprintf(status, sizeof(status), "%d", x->reply.status);
	snprintf(duration, sizeof(duration), "%lld", (long long)duration_us);
	log_line(LOG_DEBUG, "answered", "method", x->method, "path", x->match.route ? x->match.route->path : "none", "status",
		status, "durationUs", duration, "address", x->rq.origin.address ? x->rq.origin.address : x->link->address, NULL);
}

static enum MHD_Result send_reply(struct http_exchange *x)
{
	if (atomic_load_explicit(&x->server->ending, memory_order_relaxed))
		reply_header(&x->rq, "Connection", "close");
	enum MHD_Result result = reply_send(x);
	int64_t duration_us = monotonic_us() - x->begun_us;
	metrics_count(x->server->app->metrics, x->match.route ? x->match.index : SIZE_MAX, x->reply.status, duration_us);
	if (x->server->app->conf.log_level == LOG_DEBUG)
		log_answer(x, duration_us);
	if (result == MHD_YES)
		x->phase = PHASE_SENT;
	return result;
}

/* A body has a minute, and a second more for each kilobyte that is there. */
static void await_body(struct http_exchange *x)
{
	link_await_until(x->link, x->begun_us / US_PER_S + BODY_S + x->body.received / BODY_BYTES_PER_S);
}

/* False: the server is closed. */
static bool on_headers(struct http_exchange *x, const char *method)
{
	if (x->phase == PHASE_HEADERS && atomic_load(&x->server->closed))
		return false;
	/* Without a body the library wants to be asked once more: a reply to its first call would end the connection. */
	if (x->phase == PHASE_HEADERS && !exchange_has_body(x)) {
		x->phase = PHASE_READY;
		return true;
	}
	link_our_turn(x->link);
	exchange_begin(x, method);
	return true;
}

static void on_body(struct http_exchange *x, const char *data, size_t *length)
{
	if (*length) {
		exchange_feed(x, data, *length);
		*length = 0;
		return;
	}
	link_our_turn(x->link);
	exchange_body_done(x);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *data, size_t *length, void **context)
{
	struct http_exchange *x = *context;
	(void)arg;
	(void)connection;
	(void)url;
	(void)version;
	if (!x)
		return MHD_NO;
	exchange_resume_returned(x->server);
	shortage_forget();
	unsigned suspensions = x->suspensions;
	if (x->phase == PHASE_HEADERS || x->phase == PHASE_READY) {
		if (!on_headers(x, method))
			return MHD_NO;
	} else if (x->phase == PHASE_ADMITTED)
		exchange_admitted(x);
	else if (x->phase == PHASE_BODY)
		on_body(x, data, length);
	/* Another thread has it, or has finished already and the library will call again. */
	if (x->suspensions != suspensions)
		return MHD_YES;
	if (x->phase == PHASE_BODY) {
		await_body(x);
		return exchange_body_is_endless(x) ? MHD_NO : MHD_YES;
	}
	return x->phase == PHASE_REPLY ? send_reply(x) : MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
	struct http_exchange *x = *context;
	(void)arg;
	(void)connection;
	*context = NULL;
	if (!x)
		return;
	exchange_resume_returned(x->server);
	if (x->phase != PHASE_SENT || code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED ||
		code == MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN)
		delivery_not_sent(x);
	else
		delivery_sent(x, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	await_headers(x->link);
	exchange_free(x);
}

static void on_library_message(void *arg, const char *format, va_list args)
{
	char text[512];
	(void)arg;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\r\n")] = '\0';
	log_line(LOG_DEBUG, "libmicrohttpd", "detail", text, NULL);
}

/* --- listening --------------------------------------------------------------------------------------------------------------- */

/* "host:port", "[::1]:port". A number too large is none: the resolver would take what is left of it in 16 bits. */
static bool split_listen(char *text, const char **ret_host, const char **ret_port)
{
	char *colon = strrchr(text, ':');
	if (!colon)
		return false;
	*colon = '\0';
	*ret_port = colon + 1;
	*ret_host = text;
	size_t length = strlen(text);
	if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
		text[length - 1] = '\0';
		*ret_host = text + 1;
	}
	int64_t number;
	return **ret_port != '\0' && (!str_to_i64(*ret_port, &number) || number <= UINT16_MAX);
}

static int listen_on(const struct addrinfo *info)
{
	int one = 1;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	char port[8] = "0";
	if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
		getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	int64_t number = 0;
	return str_to_i64(port, &number) ? (int)number : 0;
}

int http_listen(const struct conf *conf, int *ret_fd, int *ret_port, char **ret_url, struct err *e)
{
	own(own_free) char *text = strdup(conf->listen);
	const char *host, *port;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
	if (!text || !split_listen(text, &host, &port) || getaddrinfo(*host ? host : NULL, port, &hints, &found) != 0 || !found)
		return fail(
			e, ERR_DATA_INVALID, "\"%s\" is no address and port to listen on, like 127.0.0.1:8080.", conf->listen);
	int fd = listen_on(found);
	freeaddrinfo(found);
	if (fd < 0)
		return fail(e, ERR_DATA_INVALID, "Can't listen on %s: %s.", conf->listen, strerror(errno));
	*ret_fd = fd;
	*ret_port = port_of(fd);
	const char *shown = !*host || !strcmp(host, "0.0.0.0") || !strcmp(host, "::") ? "127.0.0.1" : host;
	if (asprintf(ret_url, strchr(shown, ':') ? "%s://[%s]:%d" : "%s://%s:%d", *conf->tls_cert ? "https" : "http", shown,
		    *ret_port) < 0)
		*ret_url = NULL;
	return 0;
}

/* --- start and stop ---------------------------------------------------------------------------------------------------------- */

/* Raises the limit of open files for that many connections and our own files. Returns how many connections fit. */
static int64_t raise_file_limit(int64_t connections)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return connections;
	rlim_t wanted = (rlim_t)connections + OWN_FILES;
	if (limit.rlim_cur >= wanted)
		return connections;
	limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wanted ? wanted : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= wanted)
		return connections;
	int64_t fit = limit.rlim_cur > 2 * OWN_FILES ? (int64_t)limit.rlim_cur - OWN_FILES : (int64_t)limit.rlim_cur / 2;
	char most[24];
	snprintf(most, sizeof(most), "%lld", (long long)fit);
	log_line(LOG_INFO, "the system allows fewer open files than connections_max asks for", "connections", most, NULL);
	return fit;
}

static int daemon_start(struct http_server *server, int fd, struct err *e)
{
	const struct conf *conf = &server->app->conf;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned loops = conf->loops ? (unsigned)conf->loops : processors > 0 ? (unsigned)processors : 1;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
	own(tls_done) struct tls tls = { 0 };
	int rc = tls_read(conf, &tls, e);
	if (rc < 0)
		return rc;
	struct MHD_OptionItem tls_options[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, tls.cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, tls.key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES },
		{ MHD_OPTION_END, 0, NULL },
	};
	if (!tls.cert)
		tls_options[0].option = MHD_OPTION_END;
	else
		flags |= MHD_USE_TLS;
	server->daemon = MHD_start_daemon(flags, 0, on_accept, server, on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
		on_library_message, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, loops > 1 ? loops : 0,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->connections_most, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)conf->connections_per_address_max, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)conf->connection_idle_s,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, on_request_line,
		server, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_ARRAY, tls_options, MHD_OPTION_END);
	return server->daemon
		       ? 0
		       : fail(e, ERR_INTERNAL, "The HTTP server does not start (certificate, key, or limits of the system).");
}

static void server_free(struct http_server *server)
{
	pool_stop(server->pool);
	links_stop(server->links);
	metrics_free(server->app->metrics);
	server->app->metrics = NULL;
	router_free(server->router);
	free(server->tmp);
	for (int i = 0; i < SPARE_ARENAS; i++)
		arena_free(atomic_load(&server->spare[i]));
	if (server->pages >= 0)
		close(server->pages);
	free(server);
}

static int server_parts(struct http_server *server, const struct route *const *tables, struct err *e)
{
	const struct conf *conf = &server->app->conf;
	int rc = router_new(tables, &server->router, e);
	if (rc < 0)
		return rc;
	if (asprintf(&server->tmp, "%s/tmp", conf->data) < 0)
		server->tmp = NULL;
	if (!server->tmp || (mkdir(server->tmp, 0700) < 0 && errno != EEXIST))
		return fail(e, ERR_DATA_INVALID, "The folder %s/tmp can't be made: %s.", conf->data, strerror(errno));
	server->links = links_start();
	server->app->metrics = metrics_new(router_count(server->router));
	if (!server->links || !server->app->metrics)
		return fail(e, ERR_INTERNAL, NULL);
	server->connections_most = raise_file_limit(conf->connections_max);
	return pool_start(conf->workers, &server->pool, e);
}

int http_start(struct app *app, const struct route *const *tables, int fd, struct http_server **ret, struct err *e)
{
	struct http_server *server = calloc(1, sizeof(*server));
	if (!server)
		return fail(e, ERR_INTERNAL, NULL);
	server->app = app;
	server->pages = pages_open(&app->conf);
	server->loop_reads = database_engine(app->database) == DB_SQLITE;
	int rc = server_parts(server, tables, e);
	if (rc == 0)
		rc = daemon_start(server, fd, e);
	if (rc < 0) {
		close(fd);
		server_free(server);
		return rc;
	}
	*ret = server;
	return 0;
}

/* False: there are still some at that time. */
static bool await_last(struct http_server *server, int64_t until)
{
	while (atomic_load(&server->in_flight) && monotonic_us() < until)
		usleep(2000);
	return atomic_load(&server->in_flight) == 0;
}

bool http_stop(struct http_server *server, int wait_s)
{
	int64_t until = monotonic_us() + wait_s * US_PER_S;
	atomic_store(&server->ending, true);
	await_last(server, until);
	/* One that comes on an open connection at this moment finds the server closed, or is waited for. */
	atomic_store(&server->closed, true);
	bool finished = await_last(server, until);
	/* A connection that is still suspended can't be closed by the library: leave it to the end of the process. */
	if (finished) {
		MHD_stop_daemon(server->daemon);
		server_free(server);
	}
	return finished;
}
