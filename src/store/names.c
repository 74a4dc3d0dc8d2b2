/* Names that callers choose: cleaned, and the rules of what is allowed. */
#include "store/names.h"

#include <ctype.h>

#include "base/own.h"
#include "base/str.h"
#include "base/webalize.h"

static const char *const SYSTEM_NAMES[] = { "oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid" };

char *name_webalize_column(struct arena *arena, const char *raw)
{
	own(buf_done) struct buf text = { 0 };
	webalize_column(raw, &text);
	return arena_strndup(arena, text.data ? text.data : "", text.length < COLUMN_NAME_MAX ? text.length : COLUMN_NAME_MAX);
}

char *name_of_column(struct arena *arena, const char *raw)
{
	char *name = name_webalize_column(arena, raw);
	return name && name_is_system(name) ? arena_printf(arena, "%s_", name) : name;
}

char *name_webalize_display(struct arena *arena, const char *raw)
{
	own(buf_done) struct buf text = { 0 };
	webalize_display(raw, &text);
	return arena_strndup(arena, text.data ? text.data : "", text.length);
}

bool name_is_plain(const char *name)
{
	if (str_empty(name))
		return false;
	for (const char *s = name; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_' && *s != '-')
			return false;
	return true;
}

bool name_is_system(const char *name)
{
	for (size_t i = 0; i < sizeof(SYSTEM_NAMES) / sizeof(SYSTEM_NAMES[0]); i++)
		if (str_eq_nocase(name, SYSTEM_NAMES[i]))
			return true;
	return false;
}
