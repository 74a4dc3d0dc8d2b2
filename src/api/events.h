/* Events as JSON, for whoever shows one. */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include <jansson.h>

#include "store/event.h"

json_t *event_json(const char *public_url, const struct event *event);

#endif
