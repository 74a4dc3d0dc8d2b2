/* The built pages, served as files: hashed assets for ever, everything else freshly checked, under a strict content policy. */
#ifndef HTTP_PAGES_H
#define HTTP_PAGES_H

#include <stdbool.h>

#include "base/conf.h"

struct http_exchange;
struct req;

/* Opens the folder of the pages: conf->web, or what is found beside the program; -1 when there is none. */
int pages_open(const struct conf *conf);

/* A GET or HEAD that no route knows: true when it was answered with a page or one of its files, false when it is none of ours. */
bool pages_answer(struct http_exchange *x);

/* What every HTML answer carries: content policy, no sniffing, no referrer, no frames. */
void pages_headers(struct req *rq);

#endif
