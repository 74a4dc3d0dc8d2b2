/* chatelaine backup: the database, table rows and contents of files as a folder, while the server runs. Never the key, unless asked for. */
#include "cmd/backup.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/tree.h"
#include "db/copy.h"
#include "db/migrate.h"

#define NAME_PREFIX "chatelaine-"
#define NAME_SIZE 64

struct backup {
	struct conf conf;
	const char *to;
	bool with_key, rotate, as_json;
	char folder[PATH_MAX], partial[PATH_MAX];
	struct tree_sum sum;
};

void house_path(const struct conf *conf, const char *name, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%.*s/%.*s", PATH_MAX - NAME_SIZE - 2, conf->data, NAME_SIZE, name);
}

void folder_path(const char *folder, const char *name, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%.*s/%.*s", PATH_MAX - NAME_SIZE - 2, folder, NAME_SIZE, name);
}

/* With --rotate the folder given holds many, each named by its time to the millisecond, all digits written: their order is that
 * of their names, and remove_old goes by it. */
static int choose_folder(struct backup *backup, struct err *e)
{
	char time[TIME_TEXT_SIZE], name[NAME_SIZE];
	if (str_empty(backup->to))
		return fail(e, ERR_VALIDATION, "--to wants the folder of the backup");
	snprintf(backup->folder, sizeof(backup->folder), "%s", backup->to);
	if (backup->rotate) {
		if (mkdir(backup->to, 0700) < 0 && errno != EEXIST)
			return fail(e, ERR_VALIDATION, "%s: %s", backup->to, strerror(errno));
		const int64_t now = now_us();
		snprintf(name, sizeof(name), NAME_PREFIX "%.19s-%03d", time_text(now, time), (int)(now % US_PER_S / 1000));
		folder_path(backup->to, name, backup->folder);
	}
	if (!folder_is_empty(backup->folder))
		return fail(e, ERR_VALIDATION, "%s is not empty", backup->folder);
	snprintf(backup->partial, sizeof(backup->partial), "%.*s.partial", PATH_MAX - NAME_SIZE, backup->folder);
	if (mkdir(backup->partial, 0700) < 0)
		return fail(e, ERR_VALIDATION, "%s: %s", backup->partial, strerror(errno));
	return 0;
}

static int copy_folder(struct backup *backup, const char *name, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	house_path(&backup->conf, name, from);
	folder_path(backup->partial, name, to);
	return tree_copy(from, to, &backup->sum, e);
}

static int copy_key(struct backup *backup, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	house_path(&backup->conf, "secret.key", from);
	folder_path(backup->partial, "secret.key", to);
	return file_copy(str_empty(backup->conf.key_file) ? from : backup->conf.key_file, to, &backup->sum, e);
}

/* Written last: a folder without it is no backup. key_check tells later whether a key is the one that sealed what is in it. */
static int write_manifest(const struct backup *backup, struct err *e)
{
	char path[PATH_MAX], time[TIME_TEXT_SIZE], check[44];
	time_text(now_us(), time);
	secret_sign("backup", time, check);
	own(own_json) json_t *manifest = json_pack("{s:s, s:s, s:s, s:i, s:b, s:s}", "program", VERSION, "created", time,
		"engine", str_eq(backup->conf.engine, "sqlite") ? "sqlite" : "postgresql", "migration", migrate_newest(),
		"withKey", (int)backup->with_key, "keyCheck", check);
	folder_path(backup->partial, BACKUP_MANIFEST, path);
	if (!manifest || json_dump_file(manifest, path, JSON_INDENT(2)) < 0)
		return fail(e, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
	return 0;
}

/* The database before the rest: what it names was there before it. */
static int fill(struct backup *backup, struct err *e)
{
	int rc = database_dump(&backup->conf, backup->partial, e);
	if (rc == 0)
		rc = copy_folder(backup, "rows", e);
	if (rc == 0)
		rc = copy_folder(backup, "blobs", e);
	if (rc == 0 && backup->with_key)
		rc = copy_key(backup, e);
	if (rc == 0)
		rc = write_manifest(backup, e);
	if (rc == 0)
		rc = tree_sync(backup->partial, e);
	if (rc == 0) {
		rmdir(backup->folder);
		if (rename(backup->partial, backup->folder) < 0)
			rc = fail(e, ERR_UNAVAILABLE, "%s: %s", backup->folder, strerror(errno));
	}
	return rc == 0 ? tree_sync(backup->folder, e) : rc;
}

static int is_backup(const struct dirent *entry)
{
	return str_starts(entry->d_name, NAME_PREFIX) && !str_ends(entry->d_name, ".partial");
}

static int remove_old(const struct backup *backup, struct err *e)
{
	struct dirent **list;
	int count = scandir(backup->to, &list, is_backup, alphasort), rc = 0;
	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];
		folder_path(backup->to, list[i]->d_name, path);
		if (rc == 0 && i < count - (int)backup->conf.backup_keep)
			rc = tree_remove(path, e);
		free(list[i]);
	}
	if (count >= 0)
		free(list);
	return rc;
}

static int run(struct backup *backup, struct err *e)
{
	int rc = house_key(&backup->conf, false, e);
	if (rc == 0)
		rc = choose_folder(backup, e);
	if (rc < 0)
		return rc;
	rc = fill(backup, e);
	if (rc < 0) {
		tree_remove(backup->partial, NULL);
		return rc;
	}
	return backup->rotate ? remove_old(backup, e) : 0;
}

static void print_done(const struct backup *backup)
{
	if (backup->as_json) {
		own(own_json) json_t *json = json_pack("{s:s, s:I, s:I}", "folder", backup->folder, "files",
			(json_int_t)backup->sum.files, "bytes", (json_int_t)backup->sum.bytes);
		json_dumpf(json, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	printf("Backup written: %s (the database, %lld files beside it, %lld bytes)\n", backup->folder,
		(long long)backup->sum.files, (long long)backup->sum.bytes);
	if (!backup->with_key)
		puts("The key is not in it: keep secret.key in another place. Without the key the backup opens nothing.");
}

int cmd_backup(int argc, char **argv)
{
	struct backup backup = { .to = NULL };
	own(err_done) struct err e = { 0 };
	const struct option_row rows[] = { { .name = "to", .text = &backup.to }, { .name = "with-key", .flag = &backup.with_key },
		{ .name = "rotate", .flag = &backup.rotate }, { .name = "json", .flag = &backup.as_json }, { 0 } };
	int rc = options_read(argc, argv, rows, &backup.conf, &e);
	if (rc == 0)
		rc = run(&backup, &e);
	if (rc == 0)
		print_done(&backup);
	int status = rc < 0 ? options_refuse("backup", &e) : 0;
	conf_done(&backup.conf);
	return status;
}
