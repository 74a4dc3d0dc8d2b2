/* chatelaine user add: a member of a project, while the server is stopped or while it runs. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "store/project.h"
#include "work/members.h"
#include "work/passwords.h"

struct newcomer {
	const char *project, *email, *password, *role;
	int64_t project_id, user_id;
	char *password_hash;
	struct arena *arena;
	char *master_token;
};

/* The account with this address, made when there is none. An account that is there keeps its password. */
static int account_of(struct db *db, struct newcomer *newcomer, struct user **ret, struct err *e)
{
	int rc = user_find_email(db, newcomer->arena, newcomer->email, ret, e);
	if (rc != 0)
		return rc;
	struct user *user = arena_new_of(newcomer->arena, struct user);
	if (!user)
		return fail_internal(e, ERR_INTERNAL, "no memory for a user");
	user->email = arena_strdup(newcomer->arena, newcomer->email);
	user->name = arena_strdup(newcomer->arena, newcomer->email);
	user->password_hash = newcomer->password_hash;
	*ret = user;
	return user_insert(db, user, e);
}

static int newcomer_add(struct db *db, void *arg, struct err *e)
{
	struct newcomer *newcomer = arg;
	struct project *project = NULL;
	struct user *user = NULL;
	int rc = project_get(db, newcomer->arena, newcomer->project_id, &project, e);
	if (rc < 0 || (rc = account_of(db, newcomer, &user, e)) < 0)
		return rc;
	newcomer->user_id = user->id;
	struct origin origin = {
		.project_id = project->id, .branch_id = project->default_branch_id, .run_id = "", .address = "", .via = "server"
	};
	struct member member = {
		.project_id = project->id, .user_id = user->id, .role = arena_strdup(newcomer->arena, newcomer->role)
	};
	return member_join(db, newcomer->arena, &origin, user, &member, &newcomer->master_token, e);
}

static int check(struct newcomer *newcomer, struct err *e)
{
	if (!str_to_i64(newcomer->project ? newcomer->project : "", &newcomer->project_id) || newcomer->project_id < 1)
		return fail(e, ERR_VALIDATION, "--project wants the number of a project");
	if (!str_is_email(newcomer->email))
		return fail(e, ERR_VALIDATION, "--email wants an e-mail address");
	if (role_from_name(newcomer->role ? newcomer->role : "") == ROLE_NONE)
		return fail(e, ERR_VALIDATION, "--role wants admin, share, guest or readOnly");
	return password_check(newcomer->password, e);
}

static int add(const struct conf *conf, struct newcomer *newcomer, struct err *e)
{
	struct database *database = NULL;
	int rc = house_open(conf, false, &database, e);
	if (rc < 0)
		return rc;
	newcomer->password_hash = password_hash(newcomer->password, e);
	rc = newcomer->password_hash ? database_transact(database, newcomer_add, newcomer, e) : -(int)e->code;
	database_close(database);
	free(newcomer->password_hash);
	return rc;
}

static void print_added(const struct newcomer *newcomer, bool as_json)
{
	if (!as_json) {
		printf("User %lld is a member of project %lld.\nMaster token: %s\nIt is shown this once.\n",
			(long long)newcomer->user_id, (long long)newcomer->project_id, newcomer->master_token);
		return;
	}
	own(own_json) json_t *made =
		json_pack("{s:I, s:s}", "userId", (json_int_t)newcomer->user_id, "masterToken", newcomer->master_token);
	json_dumpf(made, stdout, 0);
	putchar('\n');
}

int cmd_user(int argc, char **argv)
{
	struct conf conf;
	struct newcomer newcomer = { 0 };
	bool as_json = false;
	own(err_done) struct err e = { 0 };
	const struct option_row rows[] = {
		{ "project", &newcomer.project, NULL },
		{ "email", &newcomer.email, NULL },
		{ "password", &newcomer.password, NULL },
		{ "role", &newcomer.role, NULL },
		{ "json", NULL, &as_json },
		{ 0 },
	};
	if (argc < 2 || !str_eq(argv[1], "add")) {
		fputs("chatelaine user: \"add\" is what it can do: chatelaine user add --project ID --email E --password P "
		      "--role R\n",
			stderr);
		return 2;
	}
	own(own_arena) struct arena *arena = arena_new();
	newcomer.arena = arena;
	int rc = options_read(argc - 1, argv + 1, rows, &conf, &e);
	if (rc >= 0 && (rc = check(&newcomer, &e)) >= 0)
		rc = add(&conf, &newcomer, &e);
	if (rc >= 0)
		print_added(&newcomer, as_json);
	conf_done(&conf);
	return rc < 0 ? options_refuse("user add", &e) : 0;
}
