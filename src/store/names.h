/* Names that callers choose: cleaned (webalized) and judged by the rules of behaviour.md §6.1, §6.7, §10.3. */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <stdbool.h>

#include "base/arena.h"

#define COLUMN_NAME_MAX 64
#define TABLE_NAME_MAX 96

/* A header's field as a column's name: letters without accents, everything else that is not a letter, a digit or "_" becomes "_"
 * (a run of them one), "_" at the ends go, cut at 64. May be "". */
char *name_webalize_column(struct arena *arena, const char *raw);
/* The name that a column gets in a table: webalized, and a system name of databases (oid, xmin, ctid...) gets "_" appended. */
char *name_of_column(struct arena *arena, const char *raw);
/* "Môj 1$ bucket $" -> "Moj-1-bucket". May be "". */
char *name_webalize_display(struct arena *arena, const char *raw);
/* Only letters, digits, "_" and "-", not empty. */
bool name_is_plain(const char *name);
/* oid, tableoid, xmin, cmin, xmax, cmax, ctid in any case. */
bool name_is_system(const char *name);

#endif
