/* lower() as PostgreSQL has it: SQLite's own knows the letters of ASCII only. */
#ifndef DB_SQLITE_LOWER_H
#define DB_SQLITE_LOWER_H

#include <sqlite3.h>

/* SQLITE_OK, or what the connection says; without the system's table of letters SQLite's own function stays. */
int sqlite_add_lower(sqlite3 *handle);

#endif
