/* The built pages, served as files: hashed assets for ever, everything else freshly checked, under a strict content policy. */
#ifndef HTTP_PAGES_H
#define HTTP_PAGES_H

#include <stdbool.h>

struct http_exchange;

/* A GET that no route knows: true when it was answered with a page or one of its files, false when it is none of ours. */
bool pages_answer(struct http_exchange *x);

#endif
