/* What a sub-command is told: its own options, the settings, and where both come from. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>

#include "base/conf.h"
#include "db/db.h"

/* One option of a sub-command: "--email E" sets *text, "--json" sets *flag. The table ends with a row whose name is NULL. */
struct option_row {
	const char *name;
	const char **text;
	bool *flag;
};

/* Reads argv[1..]; what is no row is a setting (conf.h). Settings come, each over the one before, from <data>/chatelaine.conf (written by
 * init: which engine), the file of --config, the environment, the command line. conf is initialised here, also when it fails: conf_done(). */
int options_read(int argc, char **argv, const struct option_row *rows, struct conf *conf, struct err *e);
/* Says on standard error what is wrong and how to call it; the exit status 2 (a wrong call) or 1 (it did not work). */
int options_refuse(const char *command, const struct err *e);

/* The key alone: for commands that need no database. */
int house_key(const struct conf *conf, bool create, struct err *e);
/* Key and database of the data folder. create: makes the folder (0700), the key and the database, and keeps which engine it is in
 * <data>/chatelaine.conf; without it their absence is an error that says to run init, and so is a key that did not seal what is in the database. */
int house_open(const struct conf *conf, bool create, struct database **ret, struct err *e);

#endif
