/* Calls to other servers, against a server of a few lines in this process. */
#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fetch.h"

struct server {
	int socket;
	const char *const *answers; /* one for each connection; sent once a whole head (and body marker) was read */
	int count;
	char seen[8][4096];
};

static void serve_one(struct server *server, int i, const char *end)
{
	int fd = accept(server->socket, NULL, NULL);
	size_t length = 0;
	while (length < sizeof(server->seen[i]) - 1 && !strstr(server->seen[i], end)) {
		ssize_t n = read(fd, server->seen[i] + length, sizeof(server->seen[i]) - 1 - length);
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	CHECK(write(fd, server->answers[i], strlen(server->answers[i])) > 0);
	close(fd);
}

static void *serve_http(void *arg)
{
	struct server *server = arg;
	for (int i = 0; i < server->count; i++)
		serve_one(server, i, i == 1 ? "END" : "\r\n\r\n");
	return NULL;
}

static void *serve_smtp(void *arg)
{
	struct server *server = arg;
	FILE *in = NULL;
	int fd = accept(server->socket, NULL, NULL);
	char line[512];
	in = fdopen(dup(fd), "r");
	CHECK(write(fd, "220 hello\r\n", 11) == 11);
	bool data = false;
	while (fgets(line, sizeof(line), in)) {
		strncat(server->seen[0], line, sizeof(server->seen[0]) - strlen(server->seen[0]) - 1);
		if (data && strcmp(line, ".\r\n") != 0)
			continue;
		bool begins = !data && strncmp(line, "DATA", 4) == 0;
		const char *answer = begins                                       ? "354 go\r\n"
				     : strncmp(line, "RCPT TO:<refused", 16) == 0 ? "550 no such box\r\n"
										  : "250 ok\r\n";
		data = begins;
		if (write(fd, answer, strlen(answer)) < 0)
			break;
	}
	fclose(in);
	close(fd);
	return NULL;
}

static int listen_somewhere(int *ret_port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	CHECK(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 8) == 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static bool stop(void *arg, int64_t done, int64_t total)
{
	(void)arg;
	(void)total;
	return done == 0;
}

static void test_http(void)
{
	static const char *const ANSWERS[] = { "HTTP/1.1 404 Not Found\r\nX-Thing: some value\r\nContent-Length: 4\r\n\r\nnone",
		"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlarge" };
	int port;
	static struct server server;
	server = (struct server){ .socket = listen_somewhere(&port), .answers = ANSWERS, .count = 4 };
	pthread_t thread;
	pthread_create(&thread, NULL, serve_http, &server);
	char url[64], text[32], path[] = "/tmp/chatelaine-fetch-XXXXXX";
	struct err e = { 0 };
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", port);
	close(mkstemp(path));

	struct fetch get = { .url = url, .headers = (const char *const[]){ "X-Ours: 1", NULL } };
	CHECK(fetch_run(&get, &e) == 0);
	CHECK(get.status == 404);
	CHECK_TEXT(get.answer.data, "none");
	CHECK(fetch_header(&get, "x-thing", text, sizeof(text)));
	CHECK_TEXT(text, "some value");
	CHECK(!fetch_header(&get, "x-other", text, sizeof(text)));
	CHECK(strstr(server.seen[0], "GET /x") && strstr(server.seen[0], "X-Ours: 1\r\n"));
	fetch_done(&get);

	struct fetch post = { .method = "POST", .url = url, .body = "a body END", .body_length = 10, .answer_path = path };
	CHECK(fetch_run(&post, &e) == 0);
	CHECK(post.status == 201 && post.answer.length == 0);
	CHECK(strstr(server.seen[1], "POST /x") && strstr(server.seen[1], "a body END") &&
		!strstr(server.seen[1], "Content-Type"));
	FILE *file = fopen(path, "r");
	CHECK(fgets(text, sizeof(text), file) && strcmp(text, "ok") == 0);
	fclose(file);
	fetch_done(&post);

	struct fetch cut = { .url = url };
	CHECK(fetch_run(&cut, &e) == -ERR_UNAVAILABLE);
	err_done(&e);
	fetch_done(&cut);
	struct fetch stopped = { .url = url, .progress = stop };
	CHECK(fetch_run(&stopped, &e) == -ERR_UNAVAILABLE);
	err_done(&e);
	fetch_done(&stopped);
	pthread_join(thread, NULL);
	close(server.socket);
	struct fetch nobody = { .url = url };
	CHECK(fetch_run(&nobody, &e) == -ERR_UNAVAILABLE);
	err_done(&e);
	fetch_done(&nobody);
	unlink(path);
}

static void test_mail(const char *to, int expected)
{
	int port;
	static struct server server;
	server = (struct server){ .socket = listen_somewhere(&port) };
	pthread_t thread;
	pthread_create(&thread, NULL, serve_smtp, &server);
	char url[64];
	struct err e = { 0 };
	static const char MESSAGE[] = "Subject: keys\r\n\r\nHello\r\n.dot\r\n";
	snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", port);
	struct fetch_mail mail = { url, "from@example.org", to, MESSAGE, sizeof(MESSAGE) - 1 };
	CHECK(fetch_mail_send(&mail, &e) == expected);
	pthread_join(thread, NULL);
	CHECK(strstr(server.seen[0], "MAIL FROM:<from@example.org>") != NULL);
	CHECK((strstr(server.seen[0], "Subject: keys\r\n\r\nHello\r\n..dot\r\n.\r\n") != NULL) == (expected == 0));
	close(server.socket);
	err_done(&e);
}

static void test_starttls_is_not_skipped(void)
{
	int port;
	static struct server server;
	server = (struct server){ .socket = listen_somewhere(&port) };
	pthread_t thread;
	pthread_create(&thread, NULL, serve_smtp, &server);
	char url[80];
	struct err e = { 0 };
	snprintf(url, sizeof(url), "smtp+starttls://user:hidden@127.0.0.1:%d", port);
	struct fetch_mail mail = { url, "from@example.org", "to@example.org", "x\r\n", 3 };
	CHECK(fetch_mail_send(&mail, &e) == -ERR_UNAVAILABLE);
	CHECK(!strstr(err_text(&e), "hidden"));
	pthread_join(thread, NULL);
	CHECK(!strstr(server.seen[0], "MAIL") && !strstr(server.seen[0], "AUTH"));
	close(server.socket);
	err_done(&e);
}

int main(void)
{
	fetch_init();
	test_http();
	test_mail("to@example.org", 0);
	test_mail("refused@example.org", -ERR_UNAVAILABLE);
	test_starttls_is_not_skipped();
	return test_end();
}
