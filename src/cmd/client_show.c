/* What the command line shows: tables for people, JSON for programs. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "cmd/client.h"

#define CELL_MAX 60
#define COLUMNS_MAX 16

static json_t *value_at(json_t *object, const char *path)
{
	while (object) {
		size_t length = strcspn(path, ".");
		own(own_free) char *key = strndup(path, length);
		object = key ? json_object_get(object, key) : NULL;
		if (!path[length])
			return object;
		path += length + 1;
	}
	return NULL;
}

static void add_scalar(struct buf *text, json_t *value)
{
	if (json_is_string(value))
		buf_puts(text, json_string_value(value));
	else if (json_is_boolean(value))
		buf_puts(text, json_is_true(value) ? "yes" : "no");
	else if (value && !json_is_null(value)) {
		own(own_free) char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		buf_puts(text, json ? json : "");
	}
}

/* "a, b" for a list, "a=b, c=d" for a map; what is deeper stays JSON. */
static void add_value(struct buf *text, json_t *value)
{
	size_t i;
	const char *key;
	json_t *item;
	if (!json_is_array(value) && !json_is_object(value))
		add_scalar(text, value);
	json_array_foreach(value, i, item) {
		buf_puts(text, i ? ", " : "");
		add_scalar(text, item);
	}
	json_object_foreach(value, key, item) {
		buf_printf(text, "%s%s=", text->length ? ", " : "", key);
		add_scalar(text, item);
	}
}

/* One line of letters that a terminal only shows, never obeys; cut to most letters (0: whole). */
static char *cell_text(json_t *value, size_t most)
{
	struct buf text = { 0 };
	add_value(&text, value);
	if (!text.data)
		buf_puts(&text, "");
	for (char *c = text.data; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = ' ';
	if (text.data && most && utf8_length(text.data) > most) {
		size_t letters = 0, at = 0;
		for (; letters < most - 1; at++)
			letters += (text.data[at + 1] & 0xc0) != 0x80;
		text.data[at] = '\0';
		text.length = at;
		buf_puts(&text, "…");
	}
	return buf_take(&text);
}

static void print_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

static void print_padded(const char *text, size_t width, bool is_last)
{
	fputs(text, stdout);
	for (size_t n = utf8_length(text); !is_last && n < width + 2; n++)
		putchar(' ');
}

static void print_row(json_t *item, const struct column_of *columns, const size_t *widths)
{
	for (size_t i = 0; columns[i].title; i++) {
		own(own_free) char *text = item ? cell_text(value_at(item, columns[i].path), CELL_MAX) : NULL;
		print_padded(item ? (text ? text : "") : columns[i].title, widths[i], !columns[i + 1].title);
	}
	putchar('\n');
}

void client_show_list(const struct client *client, json_t *list, const struct column_of *columns)
{
	size_t widths[COLUMNS_MAX] = { 0 }, i;
	json_t *item;
	if (client->json) {
		print_json(list);
		return;
	}
	for (size_t c = 0; columns[c].title; c++)
		widths[c] = strlen(columns[c].title);
	json_array_foreach(list, i, item)
		for (size_t c = 0; columns[c].title; c++) {
			own(own_free) char *text = cell_text(value_at(item, columns[c].path), CELL_MAX);
			size_t width = text ? utf8_length(text) : 0;
			widths[c] = width > widths[c] ? width : widths[c];
		}
	print_row(NULL, columns, widths);
	json_array_foreach(list, i, item) {
		print_row(item, columns, widths);
	}
}

void client_show(const struct client *client, json_t *object, const struct column_of *columns)
{
	size_t width = 0;
	if (client->json) {
		print_json(object);
		return;
	}
	for (const struct column_of *column = columns; column->title; column++)
		width = strlen(column->title) > width ? strlen(column->title) : width;
	for (const struct column_of *column = columns; column->title; column++) {
		json_t *value = value_at(object, column->path);
		own(own_free) char *text = value && !json_is_null(value) ? cell_text(value, 0) : NULL;
		if (str_empty(text))
			continue;
		print_padded(column->title, width, false);
		printf("%s\n", text);
	}
}

void client_say(const struct client *client, json_t *object, const char *format, ...)
{
	va_list list;
	if (client->json && object) {
		print_json(object);
		return;
	}
	if (client->json)
		return;
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
}
