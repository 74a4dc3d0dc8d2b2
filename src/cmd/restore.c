/* chatelaine restore: a server of a backup, in an empty place, without the tokens that were revoked since. */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "cmd/backup.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/tree.h"
#include "db/copy.h"
#include "db/migrate.h"
#include "work/ledger.h"

struct restore {
	struct conf conf;
	const char *from, *ledger;
	bool as_json;
	json_t *manifest;
	struct tree_sum sum;
	int64_t revoked;
};

static const char *told(const struct restore *restore, const char *key)
{
	const char *text = json_string_value(json_object_get(restore->manifest, key));
	return text ? text : "";
}

static int read_manifest(struct restore *restore, struct err *e)
{
	char path[PATH_MAX];
	if (str_empty(restore->from))
		return fail(e, ERR_VALIDATION, "--from wants the folder of a backup");
	folder_path(restore->from, BACKUP_MANIFEST, path);
	restore->manifest = json_load_file(path, 0, NULL);
	if (!json_is_object(restore->manifest))
		return fail(e, ERR_VALIDATION, "%s is not a complete backup: it has no readable " BACKUP_MANIFEST, restore->from);
	const char *engine = str_eq(restore->conf.engine, "sqlite") ? "sqlite" : "postgresql";
	if (!str_eq(told(restore, "engine"), engine))
		return fail(e, ERR_VALIDATION, "The backup is of the engine %s, the target is %s: name it with --engine",
			told(restore, "engine"), engine);
	if (json_integer_value(json_object_get(restore->manifest, "migration")) > migrate_newest())
		return fail(e, ERR_SCHEMA_NEWER, "The backup is of a newer program: %s", told(restore, "program"));
	return 0;
}

static int refuse_filled(const struct restore *restore, struct err *e)
{
	static const char *const FOLDERS[] = { "rows", "blobs" };
	for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++) {
		char path[PATH_MAX];
		house_path(&restore->conf, FOLDERS[i], path);
		if (!folder_is_empty(path))
			return fail(e, ERR_VALIDATION, "The target is not empty: %s", path);
	}
	return database_refuse_filled(&restore->conf, e);
}

/* The key of the target when it has one, else the one in the backup; either must be the one that sealed what is in the backup. */
static int take_key(struct restore *restore, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX], check[44];
	folder_path(restore->from, "secret.key", from);
	house_path(&restore->conf, "secret.key", to);
	if (str_empty(restore->conf.key_file) && access(to, F_OK) < 0) {
		if (access(from, F_OK) < 0)
			return fail(e, ERR_VALIDATION, "The backup has no key: put the server's secret.key at %s first", to);
		int rc = file_copy(from, to, &restore->sum, e);
		if (rc < 0)
			return rc;
	}
	int rc = house_key(&restore->conf, false, e);
	if (rc < 0)
		return rc;
	secret_sign("backup", told(restore, "created"), check);
	return str_eq(check, told(restore, "keyCheck")) ? 0 : fail(e, ERR_VALIDATION, "The key is not the one of this backup");
}

static int copy_folder(struct restore *restore, const char *name, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	folder_path(restore->from, name, from);
	house_path(&restore->conf, name, to);
	return tree_copy(from, to, &restore->sum, e);
}

static int apply_ledgers(struct restore *restore, struct err *e)
{
	char own_ledger[PATH_MAX];
	struct database *database;
	int64_t more = 0;
	house_path(&restore->conf, "revocations.log", own_ledger);
	int rc = house_open(&restore->conf, true, &database, e);
	if (rc < 0)
		return rc;
	rc = ledger_apply(database, own_ledger, &restore->revoked, e);
	if (rc == 0 && restore->ledger)
		rc = ledger_apply(database, restore->ledger, &more, e);
	restore->revoked += more;
	database_close(database);
	return rc;
}

/* The database last: a restore that was broken off leaves none, and is begun again from an empty place. */
static int run(struct restore *restore, struct err *e)
{
	if (restore->ledger && access(restore->ledger, R_OK) < 0)
		return fail(e, ERR_VALIDATION, "%s: %s", restore->ledger, strerror(errno));
	int rc = read_manifest(restore, e);
	if (rc == 0)
		rc = refuse_filled(restore, e);
	if (rc == 0 && mkdir(restore->conf.data, 0700) < 0 && errno != EEXIST)
		rc = fail(e, ERR_VALIDATION, "%s: %s", restore->conf.data, strerror(errno));
	if (rc == 0)
		rc = take_key(restore, e);
	if (rc == 0)
		rc = copy_folder(restore, "rows", e);
	if (rc == 0)
		rc = copy_folder(restore, "blobs", e);
	if (rc == 0)
		rc = database_load(&restore->conf, restore->from, e);
	if (rc == 0)
		rc = tree_sync(restore->conf.data, e);
	return rc < 0 ? rc : apply_ledgers(restore, e);
}

static void print_done(const struct restore *restore)
{
	if (restore->as_json) {
		own(own_json) json_t *json = json_pack("{s:s, s:I, s:I}", "created", told(restore, "created"), "files",
			(json_int_t)restore->sum.files, "revoked", (json_int_t)restore->revoked);
		json_dumpf(json, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	printf("Restored as of %s into %s. Tokens that were revoked or changed since and are closed now: %lld.\n",
		told(restore, "created"), restore->conf.data, (long long)restore->revoked);
}

int cmd_restore(int argc, char **argv)
{
	struct restore restore = { .from = NULL };
	own(err_done) struct err e = { 0 };
	const struct option_row rows[] = { { .name = "from", .text = &restore.from },
		{ .name = "ledger", .text = &restore.ledger }, { .name = "json", .flag = &restore.as_json }, { 0 } };
	int rc = options_read(argc, argv, rows, &restore.conf, &e);
	if (rc == 0)
		rc = run(&restore, &e);
	if (rc == 0)
		print_done(&restore);
	int status = rc < 0 ? options_refuse("restore", &e) : 0;
	json_decref(restore.manifest);
	conf_done(&restore.conf);
	return status;
}
