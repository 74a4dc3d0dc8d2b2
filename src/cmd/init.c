/* chatelaine init: the key, the database, and the first organization, project, administrator and management token. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "store/maintainer.h"
#include "store/manage_token.h"
#include "store/organization.h"
#include "store/project.h"
#include "work/members.h"
#include "work/passwords.h"

struct first {
	const char *email, *password, *organization, *project;
	char *password_hash;
	struct arena *arena;
	/* made */
	int64_t organization_id, project_id;
	char *manage_token, *master_token;
};

static int refuse_second(struct db *db, struct arena *arena, struct err *e)
{
	struct project_list projects;
	int rc = project_list(db, arena, 0, false, &projects, e);
	if (rc < 0)
		return rc;
	if (projects.count > 0)
		return fail(e, ERR_DATA_INVALID,
			"There is a project here already (%s). Add people with \"chatelaine user add\", projects through "
			"the Management API, or name another folder with --data",
			projects.items[0].name);
	return 0;
}

static int first_organization(struct db *db, struct first *first, int64_t user_id, struct err *e)
{
	char name[] = "Chatelaine";
	struct maintainer maintainer = { .name = name };
	struct organization organization = { .name = arena_strdup(first->arena, first->organization) };
	int rc = maintainer_insert(db, &maintainer, e);
	if (rc < 0 || (rc = maintainer_user_add(db, maintainer.id, user_id, e)) < 0)
		return rc;
	organization.maintainer_id = maintainer.id;
	if ((rc = organization_insert(db, &organization, e)) < 0)
		return rc;
	first->organization_id = organization.id;
	return organization_user_add(db, organization.id, user_id, e);
}

static int first_project(struct db *db, struct first *first, const struct user *user, struct err *e)
{
	char role[] = "admin";
	struct project project = { .organization_id = first->organization_id,
		.name = arena_strdup(first->arena, first->project) };
	int rc = project_insert(db, &project, e);
	if (rc < 0)
		return rc;
	first->project_id = project.id;
	struct origin origin = {
		.project_id = project.id, .branch_id = project.default_branch_id, .run_id = "", .address = "", .via = "server"
	};
	struct member member = { .project_id = project.id, .user_id = user->id, .role = role };
	return member_join(db, first->arena, &origin, user, &member, &first->master_token, e);
}

static int first_make(struct db *db, void *arg, struct err *e)
{
	struct first *first = arg;
	struct user user = {
		.email = arena_strdup(first->arena, first->email),
		.name = arena_strdup(first->arena, first->email),
		.password_hash = first->password_hash,
		.is_super = true,
	};
	char description[] = "Made by init";
	struct manage_token token = { .description = description };
	int rc = refuse_second(db, first->arena, e);
	if (rc < 0 || (rc = user_insert(db, &user, e)) < 0 || (rc = first_organization(db, first, user.id, e)) < 0 ||
		(rc = first_project(db, first, &user, e)) < 0)
		return rc;
	token.user_id = token.creator_id = user.id;
	return manage_token_insert(db, first->arena, &token, &first->manage_token, e);
}

static void print_made(const struct first *first, bool as_json)
{
	if (!as_json) {
		printf("Organization %lld and project %lld are ready.\nManagement token: %s\nMaster token:     %s\n"
		       "Both are shown this once. Start the server with \"chatelaine serve\".\n",
			(long long)first->organization_id, (long long)first->project_id, first->manage_token,
			first->master_token);
		return;
	}
	own(own_json) json_t *made = json_pack("{s:s, s:I, s:I, s:s}", "managementToken", first->manage_token, "organizationId",
		(json_int_t)first->organization_id, "projectId", (json_int_t)first->project_id, "masterToken",
		first->master_token);
	json_dumpf(made, stdout, 0);
	putchar('\n');
}

static int check(struct first *first, struct err *e)
{
	if (!str_is_email(first->email))
		return fail(e, ERR_VALIDATION, "--email wants the e-mail address of the first administrator");
	if (str_empty(first->organization) || str_empty(first->project))
		return fail(e, ERR_VALIDATION, "--organization and --project want names");
	return password_check(first->password, e);
}

static int make(const struct conf *conf, struct first *first, struct err *e)
{
	struct database *database = NULL;
	int rc = house_open(conf, true, &database, e);
	if (rc < 0)
		return rc;
	first->password_hash = password_hash(first->password, e);
	rc = first->password_hash ? database_transact(database, first_make, first, e) : -(int)e->code;
	database_close(database);
	free(first->password_hash);
	return rc;
}

int cmd_init(int argc, char **argv)
{
	struct conf conf;
	struct first first = { 0 };
	bool as_json = false;
	own(err_done) struct err e = { 0 };
	const struct option_row rows[] = {
		{ "email", &first.email, NULL },
		{ "password", &first.password, NULL },
		{ "organization", &first.organization, NULL },
		{ "project", &first.project, NULL },
		{ "json", NULL, &as_json },
		{ 0 },
	};
	own(own_arena) struct arena *arena = arena_new();
	first.arena = arena;
	int rc = options_read(argc, argv, rows, &conf, &e);
	if (rc >= 0 && (rc = check(&first, &e)) >= 0)
		rc = make(&conf, &first, &e);
	if (rc >= 0)
		print_made(&first, as_json);
	conf_done(&conf);
	return rc < 0 ? options_refuse("init", &e) : 0;
}
