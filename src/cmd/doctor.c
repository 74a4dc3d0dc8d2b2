/* chatelaine doctor: looks for what is wrong with a server's folder, its database and its machine, and says what to do. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "cmd/backup.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "db/copy.h"
#include "db/migrate.h"

#define SPACE_LEAST_BYTES INT64_C(1073741824)
#define FILES_BESIDE_CONNECTIONS 256
#define SYNCS 20
/* 2020-01-01: a clock before it was never set. */
#define CLOCK_LEAST_US (INT64_C(1577836800) * US_PER_S)

enum state { GOOD, WARN, BAD };

struct doctor {
	struct conf conf;
	int counts[3];
};

static void tell(struct doctor *doctor, enum state state, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void tell(struct doctor *doctor, enum state state, const char *format, ...)
{
	static const char *const WORDS[] = { "ok  ", "warn", "bad " };
	va_list args;
	va_start(args, format);
	printf("%s  ", WORDS[state]);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	doctor->counts[state]++;
}

static void tell_finding(const char *text)
{
	printf("bad   the database's own check says: %s\n", text);
}

static void look_at_folder(struct doctor *doctor)
{
	const char *path = doctor->conf.data;
	struct stat info;
	struct statvfs space;
	if (stat(path, &info) < 0 || !S_ISDIR(info.st_mode)) {
		tell(doctor, BAD, "%s is no folder: make one with `chatelaine init`", path);
		return;
	}
	if (info.st_mode & (S_IRWXG | S_IRWXO))
		tell(doctor, WARN, "%s can be read by others than its owner: chmod 700 it", path);
	else
		tell(doctor, GOOD, "%s belongs to its owner alone", path);
	if (statvfs(path, &space) < 0)
		return;
	int64_t left = (int64_t)space.f_bavail * (int64_t)space.f_frsize;
	tell(doctor, left < SPACE_LEAST_BYTES ? WARN : GOOD, "%lld MB of disk are left", (long long)(left / 1000000));
}

static void look_at_key(struct doctor *doctor)
{
	own(err_done) struct err e = { 0 };
	if (house_key(&doctor->conf, false, &e) < 0)
		tell(doctor, BAD, "%s", err_text(&e));
	else
		tell(doctor, GOOD, "the key is there, and its owner's alone");
}

/* What one write costs that waits for the disk. */
static void look_at_syncs(struct doctor *doctor)
{
	char path[PATH_MAX];
	house_path(&doctor->conf, "doctor.tmp", path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		tell(doctor, BAD, "%s cannot be written: %s", path, strerror(errno));
		return;
	}
	int64_t began_us = monotonic_us();
	bool good = true;
	for (int i = 0; i < SYNCS && good; i++)
		good = write(fd, "chatelaine", 10) == 10 && fdatasync(fd) == 0;
	int64_t each_us = (monotonic_us() - began_us) / SYNCS;
	close(fd);
	unlink(path);
	if (!good)
		tell(doctor, BAD, "the disk does not take or sync what is written: %s", strerror(errno));
	else
		tell(doctor, each_us > 50000 ? WARN : GOOD, "a synced write takes %lld microseconds", (long long)each_us);
}

static void look_at_database(struct doctor *doctor)
{
	own(err_done) struct err e = { 0 };
	struct database *database;
	int64_t began_us = monotonic_us();
	if (house_open(&doctor->conf, false, &database, &e) < 0) {
		tell(doctor, BAD, "%s", err_text(&e));
		return;
	}
	tell(doctor, GOOD, "the database opens in %lld ms, at migration %d", (long long)((monotonic_us() - began_us) / 1000),
		migrate_newest());
	int rc = database_check(database, tell_finding, &e);
	if (rc < 0)
		tell(doctor, BAD, "the database could not be checked: %s", err_text(&e));
	else if (rc > 0)
		tell(doctor, BAD, "the database is damaged: restore a backup");
	else
		tell(doctor, GOOD, database_engine(database) == DB_SQLITE ? "the database is whole" : "the database answers");
	database_close(database);
}

static void look_at_machine(struct doctor *doctor)
{
	struct rlimit files;
	int64_t wanted = doctor->conf.connections_max + FILES_BESIDE_CONNECTIONS;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		tell(doctor, (int64_t)files.rlim_max < wanted ? WARN : GOOD,
			"%lld open files are allowed, %lld connections need %lld", (long long)files.rlim_max,
			(long long)doctor->conf.connections_max, (long long)wanted);
	char time[TIME_TEXT_SIZE];
	tell(doctor, now_us() < CLOCK_LEAST_US ? BAD : GOOD, "the clock says %s", time_text(now_us(), time));
	if (str_empty(doctor->conf.smtp))
		tell(doctor, WARN, "no mail server is set (smtp): mails go to the outbox folder");
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor doctor = { .counts = { 0 } };
	own(err_done) struct err e = { 0 };
	const struct option_row rows[] = { { 0 } };
	int rc = options_read(argc, argv, rows, &doctor.conf, &e);
	int status = rc < 0 ? options_refuse("doctor", &e) : 0;
	if (rc == 0) {
		look_at_folder(&doctor);
		look_at_key(&doctor);
		look_at_syncs(&doctor);
		look_at_database(&doctor);
		look_at_machine(&doctor);
		printf("%d good, %d to look at, %d bad\n", doctor.counts[GOOD], doctor.counts[WARN], doctor.counts[BAD]);
		status = doctor.counts[BAD] ? 1 : 0;
	}
	conf_done(&doctor.conf);
	return status;
}
