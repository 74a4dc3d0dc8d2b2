/* Settings: everything here walks the one table of settings.h. */
#include "base/conf.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/own.h"
#include "base/str.h"

enum kind { TEXT, NUMBER, SWITCH };

struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *standard_text;
	int64_t standard, lowest, highest;
	const char *help;
};

static const struct setting SETTINGS[] = {
#define SETTING_TEXT(name, standard, help) { #name, TEXT, offsetof(struct conf, name), standard, 0, 0, 0, help },
#define SETTING_NUMBER(name, standard, lowest, highest, help)                                                                    \
	{ #name, NUMBER, offsetof(struct conf, name), NULL, standard, lowest, highest, help },
#define SETTING_SWITCH(name, standard, help) { #name, SWITCH, offsetof(struct conf, name), NULL, standard, 0, 1, help },
#include "base/settings.h"
#undef SETTING_TEXT
#undef SETTING_NUMBER
#undef SETTING_SWITCH
};
#define SETTING_COUNT (sizeof(SETTINGS) / sizeof(SETTINGS[0]))

/* Their values may hold passwords. */
static const char *const SECRET_SETTINGS[] = { "engine", "metrics_token", "smtp" };

#define VALUE_MAX 4096

static void *member(const struct conf *conf, const struct setting *setting)
{
	return (char *)conf + setting->offset;
}

int conf_init(struct conf *conf, struct err *e)
{
	*conf = (struct conf){ 0 };
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &SETTINGS[i];
		if (s->kind == NUMBER)
			*(int64_t *)member(conf, s) = s->standard;
		else if (s->kind == SWITCH)
			*(bool *)member(conf, s) = s->standard;
		else if (!(*(char **)member(conf, s) = strdup(s->standard_text)))
			return fail(e, ERR_INTERNAL, "Out of memory");
	}
	return 0;
}

void conf_done(struct conf *conf)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (SETTINGS[i].kind == TEXT) {
			char **text = member(conf, &SETTINGS[i]);
			free(*text);
			*text = NULL;
		}
}

/* "public-url" is "public_url". */
static bool same_name(const char *given, const char *name)
{
	for (; *given && *name; given++, name++)
		if (*given != *name && !(*given == '-' && *name == '_'))
			return false;
	return *given == *name;
}

static const struct setting *setting_find(const char *name)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (same_name(name, SETTINGS[i].name))
			return &SETTINGS[i];
	return NULL;
}

static int set_text(struct conf *conf, const struct setting *s, const char *value, struct err *e)
{
	if (strlen(value) > VALUE_MAX)
		return fail(e, ERR_VALIDATION, "%s: longer than %d bytes", s->name, VALUE_MAX);
	char *copy = strdup(value);
	if (!copy)
		return fail(e, ERR_INTERNAL, "Out of memory");
	char **text = member(conf, s);
	free(*text);
	*text = copy;
	return 0;
}

static bool read_switch(const char *value, bool *ret)
{
	if (str_eq_nocase(value, "yes") || str_eq_nocase(value, "on")) {
		*ret = true;
		return true;
	}
	if (str_eq_nocase(value, "no") || str_eq_nocase(value, "off")) {
		*ret = false;
		return true;
	}
	return *value && str_to_bool(value, ret);
}

int conf_set(struct conf *conf, const char *name, const char *value, struct err *e)
{
	const struct setting *s = setting_find(name);
	if (!s)
		return fail(e, ERR_VALIDATION, "There is no setting named \"%.64s\"", name);
	if (s->kind == TEXT)
		return set_text(conf, s, value, e);
	if (s->kind == SWITCH) {
		if (!read_switch(value, member(conf, s)))
			return fail(e, ERR_VALIDATION, "%s: \"%.64s\" is neither true nor false", s->name, value);
		return 0;
	}
	int64_t number;
	if (!str_to_i64(value, &number) || number < s->lowest || number > s->highest)
		return fail(e, ERR_VALIDATION, "%s: \"%.64s\" is not a number from %lld to %lld", s->name, value,
			(long long)s->lowest, (long long)s->highest);
	*(int64_t *)member(conf, s) = number;
	return 0;
}

static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	size_t length = strlen(text);
	while (length && strchr(" \t\r", text[length - 1]))
		text[--length] = 0;
	return text;
}

static int parse_line(struct conf *conf, char *line, int number, struct err *e)
{
	line = trim(line);
	if (!*line || *line == '#')
		return 0;
	char *equals = strchr(line, '=');
	if (!equals)
		return fail(e, ERR_VALIDATION, "Line %d is not \"name = value\"", number);
	*equals = 0;
	struct err inner = { 0 };
	int rc = conf_set(conf, trim(line), trim(equals + 1), &inner);
	if (rc < 0)
		fail(e, ERR_VALIDATION, "Line %d: %s", number, err_text(&inner));
	err_done(&inner);
	return rc;
}

int conf_parse(struct conf *conf, const char *text, size_t length, struct err *e)
{
	int number = 1;
	for (size_t at = 0; at < length; number++) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t size = end ? (size_t)(end - text) - at : length - at;
		if (size > 2 * VALUE_MAX || memchr(text + at, 0, size))
			return fail(e, ERR_VALIDATION, "Line %d is too long or not text", number);
		own(own_free) char *line = strndup(text + at, size);
		if (!line)
			return fail(e, ERR_INTERNAL, "Out of memory");
		int rc = parse_line(conf, line, number, e);
		if (rc < 0)
			return rc;
		at += size + 1;
	}
	return 0;
}

int conf_read(struct conf *conf, const char *path, struct err *e)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return fail(e, ERR_VALIDATION, "%s: %s", path, strerror(errno));
	own(buf_done) struct buf text = { 0 };
	char piece[4096];
	for (size_t n; (n = fread(piece, 1, sizeof(piece), file)) > 0 && text.length < 1048576;)
		buf_add(&text, piece, n);
	bool bad = ferror(file) || text.failed;
	fclose(file);
	if (bad)
		return fail(e, ERR_VALIDATION, "%s could not be read", path);
	struct err inner = { 0 };
	int rc = text.length ? conf_parse(conf, text.data, text.length, &inner) : 0;
	if (rc < 0)
		fail(e, ERR_VALIDATION, "%s: %s", path, err_text(&inner));
	err_done(&inner);
	return rc;
}

int conf_environment(struct conf *conf, struct err *e)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		char name[80];
		snprintf(name, sizeof(name), "CHATELAINE_%s", SETTINGS[i].name);
		for (char *p = name; *p; p++)
			if (*p >= 'a' && *p <= 'z')
				*p -= 'a' - 'A';
		const char *value = getenv(name);
		int rc = value ? conf_set(conf, SETTINGS[i].name, value, e) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void print_value(const struct conf *conf, const struct setting *s, FILE *out)
{
	if (s->kind == NUMBER) {
		fprintf(out, "%lld", (long long)*(int64_t *)member(conf, s));
		return;
	}
	if (s->kind == SWITCH) {
		fputs(*(bool *)member(conf, s) ? "true" : "false", out);
		return;
	}
	const char *value = *(char **)member(conf, s);
	for (size_t i = 0; i < sizeof(SECRET_SETTINGS) / sizeof(SECRET_SETTINGS[0]); i++)
		if (str_eq(SECRET_SETTINGS[i], s->name) && !str_eq(value, s->standard_text))
			value = "(set, not shown)";
	fputs(value, out);
}

void conf_print(const struct conf *conf, FILE *out)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &SETTINGS[i];
		fprintf(out, "%s = ", s->name);
		print_value(conf, s, out);
		fprintf(out, "\n\t%s", s->help);
		if (s->kind == NUMBER)
			fprintf(out, "; %lld to %lld, standard %lld", (long long)s->lowest, (long long)s->highest,
				(long long)s->standard);
		else if (s->kind == SWITCH)
			fprintf(out, "; standard %s", s->standard ? "true" : "false");
		else
			fprintf(out, "; standard \"%s\"", s->standard_text);
		fputc('\n', out);
	}
}
