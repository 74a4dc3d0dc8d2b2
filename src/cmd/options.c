/* What a sub-command is told: its own options, the settings, and where both come from. */
#include "cmd/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/token.h"

static const struct option_row *row_find(const struct option_row *rows, const char *name)
{
	for (const struct option_row *row = rows; row->name; row++)
		if (str_eq(row->name, name))
			return row;
	return NULL;
}

/* The value of an option before all others are read: where the files are. */
static const char *early_value(int argc, char **argv, const char *name)
{
	const char *value = NULL;
	for (int i = 1; i + 1 < argc; i++)
		if (str_starts(argv[i], "--") && str_eq(argv[i] + 2, name))
			value = argv[i + 1];
	return value;
}

static int read_files(int argc, char **argv, struct conf *conf, struct err *e)
{
	char path[PATH_MAX];
	const char *data = early_value(argc, argv, "data");
	const char *config = early_value(argc, argv, "config");
	snprintf(path, sizeof(path), "%s/chatelaine.conf", data ? data : conf->data);
	int rc = access(path, R_OK) == 0 ? conf_read(conf, path, e) : 0;
	if (rc >= 0 && config)
		rc = conf_read(conf, config, e);
	return rc < 0 ? rc : conf_environment(conf, e);
}

int options_read(int argc, char **argv, const struct option_row *rows, struct conf *conf, struct err *e)
{
	int rc = conf_init(conf, e);
	if (rc < 0 || (rc = read_files(argc, argv, conf, e)) < 0)
		return rc;
	for (int i = 1; i < argc; i++) {
		if (!str_starts(argv[i], "--"))
			return fail(e, ERR_VALIDATION, "\"%.64s\" is not an option", argv[i]);
		const char *name = argv[i] + 2;
		const struct option_row *row = row_find(rows, name);
		if (row && row->flag) {
			*row->flag = true;
			continue;
		}
		if (++i == argc)
			return fail(e, ERR_VALIDATION, "--%.64s wants a value", name);
		if (row)
			*row->text = argv[i];
		else if (!str_eq(name, "config") && (rc = conf_set(conf, name, argv[i], e)) < 0)
			return rc;
	}
	return 0;
}

int options_refuse(const char *command, const struct err *e)
{
	fprintf(stderr, "chatelaine %s: %s\n", command, err_text(e));
	return e->code == ERR_VALIDATION ? 2 : 1;
}

/* Which engine the house has, for the commands that come later. */
static int engine_keep(const struct conf *conf, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/chatelaine.conf", conf->data);
	if (str_eq(conf->engine, "sqlite") || access(path, F_OK) == 0)
		return 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(e, ERR_INTERNAL, "%s could not be written: %s", path, strerror(errno));
	bool written = dprintf(fd, "engine = %s\n", conf->engine) > 0 && fsync(fd) == 0;
	close(fd);
	return written ? 0 : fail(e, ERR_INTERNAL, "%s could not be written", path);
}

int house_key(const struct conf *conf, bool create, struct err *e)
{
	char path[PATH_MAX];
	if (str_empty(conf->key_file))
		snprintf(path, sizeof(path), "%s/secret.key", conf->data);
	else
		snprintf(path, sizeof(path), "%s", conf->key_file);
	if (!create && access(path, F_OK) < 0)
		return fail(e, ERR_NOT_FOUND,
			"There is no key at %s: run \"chatelaine init\" first, or name the right folder with --data", path);
	return secret_init(path, create, e);
}

/* With another key no token would be known, and new ones would be known to this key alone. */
static int key_try(struct database *database, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	own(own_secret) char *string = NULL;
	struct token token;
	struct db *db;
	char *sealed;
	int rc = db_reader_take(database, &db, e);
	if (rc < 0)
		return rc;
	rc = token_sealed_first(db, arena, &token, &sealed, e);
	if (rc > 0 && sealed)
		string = secret_open(sealed, token_seal_context(arena, token.project_id, token.id));
	db_reader_give(db);
	if (rc > 0 && !string)
		return fail(e, ERR_DATA_INVALID,
			"The key is not the one of this database: put the secret.key there that made its tokens, or name it with "
			"--key-file");
	return rc < 0 ? rc : 0;
}

int house_open(const struct conf *conf, bool create, struct database **ret, struct err *e)
{
	if (create && mkdir(conf->data, 0700) < 0 && errno != EEXIST)
		return fail(e, ERR_INTERNAL, "The folder %s could not be made: %s", conf->data, strerror(errno));
	int rc = house_key(conf, create, e);
	if (rc < 0 || (rc = database_open(conf, create, ret, e)) < 0)
		return rc;
	rc = create ? engine_keep(conf, e) : key_try(*ret, e);
	if (rc < 0) {
		database_close(*ret);
		*ret = NULL;
	}
	return rc;
}
