/* The client side of the program: talks HTTP like any other client. One file per group of calls (token.c, bucket.c...), which
 * ends with the table of its verbs; the table is the parser, the help, the completion and the man page. */
#ifndef CMD_CLIENT_H
#define CMD_CLIENT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Exit statuses, also in docs/chatelaine.1. */
enum exit_status {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,     /* the call was refused as wrong, a job failed, a local file could not be read... */
	EXIT_WRONG_CALL = 2, /* of this program */
	EXIT_REFUSED = 3,    /* the token is not accepted, or may not do this */
	EXIT_NOT_FOUND = 4,
	EXIT_UNREACHABLE = 5, /* no server, or it can't answer now */
};

/* One option of a verb: "--name VALUE", or without value when metavar is NULL. Ends with a row whose name is NULL. */
struct verb_option {
	const char *name, *metavar, *help;
};

struct client;
struct verb {
	const char *name;      /* "create" */
	const char *arguments; /* "BUCKET NAME [FILE]" */
	const char *help;
	const struct verb_option *options; /* NULL: none */
	int (*run)(struct client *client, struct err *e);
};
struct verb_group {
	const char *name; /* "token" */
	const char *help;
	const struct verb *verbs; /* ends with a row whose name is NULL */
};
extern const struct verb_group TOKEN_GROUP, BUCKET_GROUP, TABLE_GROUP, FILE_GROUP, EVENT_GROUP, JOB_GROUP, PROJECT_GROUP;
/* All of them, ended by NULL. */
extern const struct verb_group *const CLIENT_GROUPS[];
/* The options that every verb takes. */
extern const struct verb_option CLIENT_OPTIONS[];

/* One run of the program. */
struct client {
	const struct verb_group *group;
	const struct verb *verb;
	struct arena *arena;
	const char *url, *token; /* url without a trailing slash */
	const char *ca_file;     /* NULL: the system's */
	bool json;
	const char **words; /* what is no option */
	size_t word_count;
	json_t *options; /* name -> array of values */
};

/* chatelaine <group> <verb> ...: the exit status. */
int client_main(const struct verb_group *group, int argc, char **argv);

/* --- what was given ------------------------------------------------------------------------------------------------------ */

/* The word at that place, or NULL. */
const char *client_word(const struct client *client, size_t n);
/* The last value of an option, or NULL. */
const char *client_option(const struct client *client, const char *name);
bool client_flag(const struct client *client, const char *name);
/* All values of an option: borrowed array, NULL when it was not given. */
json_t *client_values(const struct client *client, const char *name);
/* Puts an option into a body, when it was given: as a text, a number (refused when it is none), true. */
void client_put_text(const struct client *client, const char *option, json_t *body, const char *key);
int client_put_number(const struct client *client, const char *option, json_t *body, const char *key, struct err *e);
void client_put_flag(const struct client *client, const char *option, json_t *body, const char *key);

/* --- calls ----------------------------------------------------------------------------------------------------------------- */

/* "/v2/storage/" and the pieces of the path, each escaped, joined by '/'; ended by NULL. */
char *client_path(struct client *client, ...) __attribute__((sentinel));
/* Adds "?key=value", or "&key=value" to what client_path() made; value NULL: unchanged. */
char *client_query(struct client *client, const char *path, const char *key, const char *value);
/* One call; body (stolen) may be NULL. *ret (may be NULL) is the answer, the caller's to decref; NULL for an empty one. Errors of the
 * server become e, with the server's words. */
int client_call(struct client *client, const char *method, const char *path, json_t *stolen_body, json_t **ret, struct err *e);
int client_get(struct client *client, const char *path, json_t **ret, struct err *e);
/* The same for an answer that is no JSON. */
int client_get_text(struct client *client, const char *path, struct buf *ret, struct err *e);
/* A call that starts a job: waits for its end, with a sign of life on a terminal. *ret are its results. */
int client_job(struct client *client, const char *method, const char *path, json_t *stolen_body, json_t **ret, struct err *e);
int client_job_wait(struct client *client, const char *id, json_t **ret, struct err *e);

/* --- what is shown ----------------------------------------------------------------------------------------------------------- */

/* A column of a table: its title and the path of the value ("creatorToken.id"). Ends with a row whose title is NULL. */
struct column_of {
	const char *title, *path;
};
/* The list, as a table or (--json) as it came. */
void client_show_list(const struct client *client, json_t *list, const struct column_of *columns);
/* One object: a row for each column that it has, or (--json) as it came. */
void client_show(const struct client *client, json_t *object, const struct column_of *columns);
/* A sentence, left out with --json when an object (may be NULL) is there to show instead. */
void client_say(const struct client *client, json_t *object, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
