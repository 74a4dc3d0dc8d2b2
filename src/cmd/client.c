/* The client side: reads the call, finds address and token, runs the verb, says what went wrong. */
#include "cmd/client.h"

#include <stdio.h>
#include <string.h>

#include "base/fetch.h"
#include "base/own.h"
#include "base/str.h"
#include "cmd/profile.h"

const struct verb_group *const CLIENT_GROUPS[] = { &TOKEN_GROUP, &BUCKET_GROUP, &TABLE_GROUP, &FILE_GROUP, &EVENT_GROUP,
	&JOB_GROUP, &PROJECT_GROUP, NULL };

const struct verb_option CLIENT_OPTIONS[] = {
	{ "url", "URL", "address of the server (else CHATELAINE_URL, else the profile)" },
	{ "token", "TOKEN", "storage token (else CHATELAINE_TOKEN, else the profile)" },
	{ "profile", "NAME", "section of ~/.config/chatelaine/profiles (else CHATELAINE_PROFILE, else default)" },
	{ "ca-file", "FILE", "certificate authority of the server's certificate, PEM (else CHATELAINE_CA_FILE)" },
	{ "json", NULL, "print the server's JSON" },
	{ "help", NULL, "say how to call it" },
	{ NULL, NULL, NULL },
};

/* --- help ------------------------------------------------------------------------------------------------------------------ */

static void print_options(FILE *out, const struct verb_option *options)
{
	for (const struct verb_option *option = options; option && option->name; option++) {
		own(own_free) char *left = NULL;
		if (asprintf(&left, "--%s %s", option->name, option->metavar ? option->metavar : "") >= 0)
			fprintf(out, "  %-28s %s\n", left, option->help);
	}
}

static void print_group(FILE *out, const struct verb_group *group)
{
	fprintf(out, "chatelaine %s: %s\n\n", group->name, group->help);
	for (const struct verb *verb = group->verbs; verb->name; verb++) {
		own(own_free) char *left = NULL;
		if (asprintf(&left, "%s %s", verb->name, verb->arguments) >= 0)
			fprintf(out, "  %-36s %s\n", left, verb->help);
	}
	fprintf(out, "\nOptions of all:\n");
	print_options(out, CLIENT_OPTIONS);
}

static void print_verb(FILE *out, const struct verb_group *group, const struct verb *verb)
{
	fprintf(out, "chatelaine %s %s %s\n%s\n\n", group->name, verb->name, verb->arguments, verb->help);
	print_options(out, verb->options);
	print_options(out, CLIENT_OPTIONS);
}

/* --- reading the call -------------------------------------------------------------------------------------------------------- */

static const struct verb_option *option_find(const struct verb_option *options, const char *name, size_t length)
{
	for (const struct verb_option *option = options; option && option->name; option++)
		if (strlen(option->name) == length && strncmp(option->name, name, length) == 0)
			return option;
	return NULL;
}

static void option_keep(struct client *client, const char *name, const char *value)
{
	json_t *values = json_object_get(client->options, name);
	if (!values) {
		values = json_array();
		json_object_set_new(client->options, name, values);
	}
	json_array_append_new(values, json_string(value));
}

/* argv[*at] begins with "--"; steps over its value. */
static int read_option(struct client *client, int argc, char **argv, int *at, struct err *e)
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct verb_option *option = option_find(client->verb->options, name, length);
	if (!option)
		option = option_find(CLIENT_OPTIONS, name, length);
	if (!option)
		return fail(e, ERR_VALIDATION, "\"--%.*s\" is no option of %s %s", (int)length, name, client->group->name,
			client->verb->name);
	const char *value = equals ? equals + 1 : "";
	if (!option->metavar && equals)
		return fail(e, ERR_VALIDATION, "--%s takes no value", option->name);
	if (option->metavar && !equals) {
		if (++*at >= argc)
			return fail(e, ERR_VALIDATION, "--%s wants a value", option->name);
		value = argv[*at];
	}
	if (!utf8_valid(value, strlen(value)))
		return fail(e, ERR_VALIDATION, "the value of --%s is not UTF-8", option->name);
	option_keep(client, option->name, value);
	return 0;
}

/* "A B [C]" wants two or three words; "[NAME...]" any number. */
static int check_words(const struct client *client, struct err *e)
{
	size_t least = 0, most = 0;
	for (const char *c = client->verb->arguments; *c;) {
		size_t length = strcspn(c, " ");
		least += *c != '[';
		most += 1;
		c += length + strspn(c + length, " ");
	}
	if (client->word_count >= least && client->word_count <= most)
		return 0;
	return fail(e, ERR_VALIDATION, "call it as: chatelaine %s %s %s", client->group->name, client->verb->name,
		client->verb->arguments);
}

static int read_call(struct client *client, int argc, char **argv, struct err *e)
{
	bool words_only = false;
	client->words = arena_array(client->arena, const char *, (size_t)argc + 1);
	for (int i = 2; i < argc; i++) {
		if (!words_only && str_eq(argv[i], "--"))
			words_only = true;
		else if (words_only || !str_starts(argv[i], "--"))
			client->words[client->word_count++] = argv[i];
		else if (read_option(client, argc, argv, &i, e) < 0)
			return -ERR_VALIDATION;
	}
	return client_flag(client, "help") ? 0 : check_words(client, e);
}

/* --- what was given ------------------------------------------------------------------------------------------------------------ */

const char *client_word(const struct client *client, size_t n)
{
	return n < client->word_count ? client->words[n] : NULL;
}

json_t *client_values(const struct client *client, const char *name)
{
	return json_object_get(client->options, name);
}

const char *client_option(const struct client *client, const char *name)
{
	json_t *values = client_values(client, name);
	return values ? json_string_value(json_array_get(values, json_array_size(values) - 1)) : NULL;
}

bool client_flag(const struct client *client, const char *name)
{
	return client_values(client, name) != NULL;
}

void client_put_text(const struct client *client, const char *option, json_t *body, const char *key)
{
	const char *value = client_option(client, option);
	if (value)
		json_object_set_new(body, key, json_string(value));
}

int client_put_number(const struct client *client, const char *option, json_t *body, const char *key, struct err *e)
{
	int64_t number;
	const char *value = client_option(client, option);
	if (!value)
		return 0;
	if (!str_to_i64(value, &number))
		return fail(e, ERR_VALIDATION, "--%s wants a number", option);
	json_object_set_new(body, key, json_integer(number));
	return 0;
}

void client_put_flag(const struct client *client, const char *option, json_t *body, const char *key)
{
	if (client_flag(client, option))
		json_object_set_new(body, key, json_true());
}

/* --- running ------------------------------------------------------------------------------------------------------------------- */

/* What kind of failure the text tells of. */
static int status_of(const struct err *e)
{
	switch (err_status(e)) {
	case 401:
	case 403:
		return EXIT_REFUSED;
	case 404:
		return EXIT_NOT_FOUND;
	case 503:
		return EXIT_UNREACHABLE;
	default:
		return e->code == ERR_VALIDATION ? EXIT_WRONG_CALL : EXIT_FAILED;
	}
}

static int run(struct client *client, int argc, char **argv)
{
	struct err e = { 0 };
	int rc = read_call(client, argc, argv, &e);
	if (rc == 0 && client_flag(client, "help")) {
		print_verb(stdout, client->group, client->verb);
		return EXIT_FINE;
	}
	client->json = client_flag(client, "json");
	if (rc == 0)
		rc = profile_find(client, &e);
	if (rc == 0)
		rc = client->verb->run(client, &e);
	if (rc == 0 && fflush(stdout) != 0)
		rc = fail(&e, ERR_INTERNAL, "standard output cannot be written");
	int status = rc < 0 ? status_of(&e) : EXIT_FINE;
	if (rc < 0)
		fprintf(stderr, "chatelaine %s %s: %s\n", client->group->name, client->verb->name, err_text(&e));
	err_done(&e);
	return status;
}

int client_main(const struct verb_group *group, int argc, char **argv)
{
	bool asks_help = argc > 1 && (str_eq(argv[1], "--help") || str_eq(argv[1], "help"));
	if (argc < 2 || asks_help) {
		print_group(asks_help ? stdout : stderr, group);
		return asks_help ? EXIT_FINE : EXIT_WRONG_CALL;
	}
	for (const struct verb *verb = group->verbs; verb->name; verb++) {
		if (!str_eq(verb->name, argv[1]))
			continue;
		struct client client = { .group = group, .verb = verb, .arena = arena_new(), .options = json_object() };
		fetch_init();
		int status = run(&client, argc, argv);
		json_decref(client.options);
		arena_free(client.arena);
		return status;
	}
	fprintf(stderr, "chatelaine %s: there is no \"%.40s\"; see chatelaine %s --help\n", group->name, argv[1], group->name);
	return EXIT_WRONG_CALL;
}
