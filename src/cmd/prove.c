/* chatelaine prove: checks the recorded events against their signed checkpoints; the server need not run. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/signature.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "store/event_keep.h"
#include "work/checkpoints.h"

struct proof {
	struct conf conf;
	const char *project, *known, *public_key;
	int64_t project_id; /* 0: all */
	int projects;
	char own_key[SIGNATURE_KEY_TEXT_SIZE];
};

static int prove_project(struct proof *proof, struct db *db, const struct event_keeping *keeping, struct err *e)
{
	int64_t days = keeping->keep_days ? keeping->keep_days : proof->conf.events_keep_days;
	struct history history = {
		.project_id = keeping->project_id,
		.public_key = proof->public_key,
		.known_hash = proof->known,
		.keep_from_us = now_us() - days * US_PER_DAY,
	};
	int rc = checkpoints_check(db, &history, e);
	if (rc < 0)
		return rc;
	proof->projects++;
	printf("project %" PRId64 ": %" PRId64 " events in %" PRId64 " checkpoints are what they were; %" PRId64
	       " later ones wait for a checkpoint; %" PRId64 " checkpoints are past keeping\n",
		history.project_id, history.events, history.checkpoints, history.open_events, history.expired);
	return 0;
}

static int prove(struct proof *proof, struct database *database, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct event_keeping *keepings = NULL;
	size_t count = 0;
	struct db *db;
	int rc = db_reader_take(database, &db, e);
	if (rc < 0)
		return rc;
	rc = event_keepings(db, arena, &keepings, &count, e);
	for (size_t i = 0; i < count && rc >= 0; i++)
		if (!proof->project_id || proof->project_id == keepings[i].project_id)
			rc = prove_project(proof, db, &keepings[i], e);
	db_reader_give(db);
	if (rc >= 0 && proof->project_id && !proof->projects)
		return fail(e, ERR_VALIDATION, "There is no project %s.", proof->project);
	return rc;
}

/* With the public key of whoever made the checkpoints no secret key is needed: a copy of the database proves itself anywhere. */
static int open_history(struct proof *proof, struct database **ret, struct err *e)
{
	if (proof->public_key)
		return database_open(&proof->conf, false, ret, e);
	int rc = house_open(&proof->conf, false, ret, e);
	if (rc < 0)
		return rc;
	signature_public_key(proof->own_key);
	proof->public_key = proof->own_key;
	return 0;
}

int cmd_prove(int argc, char **argv)
{
	struct proof proof = { 0 };
	struct database *database = NULL;
	own(err_done) struct err e = { 0 };
	const struct option_row rows[] = {
		{ .name = "project", .text = &proof.project },
		{ .name = "known", .text = &proof.known },
		{ .name = "public-key", .text = &proof.public_key },
		{ 0 },
	};
	int rc = options_read(argc, argv, rows, &proof.conf, &e);
	if (rc >= 0 && proof.project && !str_to_i64(proof.project, &proof.project_id))
		rc = fail(&e, ERR_VALIDATION, "--project wants the number of a project.");
	if (rc >= 0)
		rc = open_history(&proof, &database, &e);
	if (rc >= 0)
		rc = prove(&proof, database, &e);
	if (database)
		database_close(database);
	conf_done(&proof.conf);
	return rc < 0 ? options_refuse("prove", &e) : 0;
}
