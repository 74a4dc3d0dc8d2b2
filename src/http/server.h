/* The server: listens, answers by the routing table, ends in good order. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/route.h"
#include "work/app.h"

struct http_server;

/* Listens on conf->listen (port 0: a free one) without answering yet, so that the address is known before anything else is opened.
 * *ret_url is "http://127.0.0.1:8080", the caller's to free(). */
int http_listen(const struct conf *conf, int *ret_fd, int *ret_port, char **ret_url, struct err *e);

/* Compiles the tables and starts to answer; app is borrowed, fd is taken. Makes app->metrics. */
int http_start(struct app *app, const struct route *const *tables, int fd, struct http_server **ret, struct err *e);
/* Lets nobody in any more (who connects is closed), lets requests in flight finish (at most wait_s seconds), ends the threads. True when all finished. */
bool http_stop(struct http_server *server, int wait_s);

#endif
