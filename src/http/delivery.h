/* Was a reply delivered? Needed where a lost reply costs its reader something that is shown once (create and refresh of tokens). */
#ifndef HTTP_DELIVERY_H
#define HTTP_DELIVERY_H

struct req;
struct delivery;

enum delivery_state {
	DELIVERY_PENDING, /* not sent yet, or sent and nothing heard since: it may still turn out either way */
	DELIVERY_LOST, /* the connection was reset, or broke while the reply was being written, before anything else came on it */
	DELIVERY_ENDED, /* another request came on the connection, or it was closed in an orderly way: not provably lost */
};

/* Watches the reply of this request; call it once, when the reply is certain (req_when_durable). ended(arg, state) is called once, with
 * DELIVERY_LOST or DELIVERY_ENDED, on a thread that must not wait (database_submit() is fine), also when the request fails or the server
 * stops (then DELIVERY_ENDED). ended may be NULL. The result is a reference: delivery_give() it. NULL when memory is short (ended is not
 * called).
 *
 * What is guaranteed: LOST is answered only when the client's side reset the connection (RST) without having sent one more byte on it
 * since the request (an orderly end sends a FIN, over TLS also a closing record), or when the reply could not be written completely.
 * A client that read the reply and then resets is LOST as well: TCP can't tell. A client that vanishes without a word stays PENDING until
 * the connection's idle time is over, then ENDED. */
struct delivery *reply_watch(struct req *rq, void (*ended)(void *arg, enum delivery_state state), void *arg);

/* The state now, asking the socket itself: right also in the moments before the server noticed the reset. Any thread, never waits. */
enum delivery_state delivery_state(struct delivery *delivery);
/* What the server has noticed so far, without asking. */
enum delivery_state delivery_settled(struct delivery *delivery);
void delivery_keep(struct delivery *delivery);
void delivery_give(struct delivery *delivery); /* NULL is fine */

#endif
