/* Answers that showed a new token string and whose delivery is not known yet, in memory: as long as their connection is silent, and for
 * a minute when they were lost. Few: at most one for each open connection. Once the string is used the answer is never repeated. */
#ifndef AUTH_UNDELIVERED_H
#define AUTH_UNDELIVERED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"

struct undelivered;
struct undelivered *undelivered_new(void);
void undelivered_free(struct undelivered *list);

/* One call and the token whose new string it showed. Copied in and out. */
struct shown {
	int64_t project_id, caller_token_id, token_id, token_refreshed_us, replay_id /* its row, or 0 */;
	uint8_t caller_hash[SECRET_HASH_SIZE], request_hash[SECRET_HASH_SIZE];
	char address[48];
	void *delivery; /* its end is told by drop() */
};

/* Adds; returns a number that names it. drop(delivery) is called once when the entry goes. */
uint64_t undelivered_add(struct undelivered *list, const struct shown *shown, void (*drop)(void *delivery));
/* The reply turned out to be delivered (or not sent): the entry goes. */
void undelivered_end(struct undelivered *list, uint64_t number);
/* The string of the token was used: all entries that show it go. */
void undelivered_used(struct undelivered *list, int64_t project_id, int64_t token_id);
/* What is known of the answers to the same call: same caller, string, request and address. look() says of one: 1 lost, 0 not known yet,
 * negative delivered; its connection is asked only where ask is true. */
struct undelivered_search {
	const struct shown *like;
	int (*look)(void *delivery, bool ask);
	/* out: */
	bool is_lost; /* there is a lost one: the latest, without its delivery, and the number that names it */
	struct shown shown;
	uint64_t number;
	int pending; /* how many were sent just now and may turn out either way */
};
void undelivered_find(struct undelivered *list, struct undelivered_search *search);
/* Is there any entry of this string of a token that refreshed itself? */
bool undelivered_self(struct undelivered *list, const struct shown *like);
/* Drops what is older than a minute. */
void undelivered_sweep(struct undelivered *list);

#endif
