/* What the files of the Management API share. */
#include "api/manage.h"

#include <stdio.h>

#include "base/own.h"
#include "base/str.h"
#include "work/invitations.h"

struct origin manage_origin(struct req *rq, const struct project *project)
{
	struct origin origin = rq->origin;
	origin.project_id = project->id;
	origin.branch_id = project->default_branch_id;
	origin.token_description = rq->who->user_email;
	origin.via = rq->who->session_id ? "session" : "manage";
	return origin;
}

int manage_record(struct req *rq, const struct project *project, struct manage_note note, struct err *e)
{
	char id[24];
	own(own_json) json_t *params = note.params ? note.params : json_object();
	struct origin origin = manage_origin(rq, project);
	struct event_object object = { .id = id, .name = note.name, .params = params };
	snprintf(id, sizeof(id), "%lld", (long long)note.id);
	json_object_set_new(params, "admin", person_json(rq->who->user_id, rq->who->user_name, rq->who->user_email));
	return emit(rq->db, &origin, note.type, &object, e);
}

int manage_project(struct req *rq, enum project_need need, struct project **ret, struct err *e)
{
	struct project_claim claim = { .id = req_path_id(rq, 0, e), .need = need };
	return claim.id ? permit_project(rq->db, rq->arena, rq->who, &claim, ret, e) : -ERR_ROUTE_NOT_FOUND;
}

int manage_role(struct req *rq, const char *standard, const char **ret, struct err *e)
{
	const char *role = arg_text(rq, "role", standard);
	if (role && role_from_name(role) != ROLE_NONE) {
		*ret = role;
		return 0;
	}
	int rc = fail(e, ERR_MANAGE_VALIDATION,
		"Invalid request:\n - role: \"This value should be one of admin, share, guest, readOnly.\"");
	err_field(e, "role", "This value should be one of admin, share, guest, readOnly.");
	return rc;
}

int manage_expiration(struct req *rq, int64_t *ret_seconds, struct err *e)
{
	int64_t seconds = arg_int(rq, "expirationSeconds", 0);
	if (seconds < 0 || (seconds == 0 && arg_given(rq, "expirationSeconds")) || seconds > INT64_C(3155760000))
		return fail(e, ERR_MANAGE_VALIDATION, "Minimal expiration must be greater or equal to 1 second(s)");
	*ret_seconds = seconds;
	return 0;
}

int manage_check_email(const char *email, struct err *e)
{
	if (str_is_email(email ? email : ""))
		return 0;
	int rc = fail(e, ERR_MANAGE_UNPROCESSABLE, "Invalid request:\n - email: \"This value is not a valid email address.\"");
	err_field(e, "email", "This value is not a valid email address.");
	return rc;
}

static int user_make(struct req *rq, const char *email, struct user **ret, struct err *e)
{
	struct user *user = arena_new_of(rq->arena, struct user);
	if (!user)
		return fail_internal(e, ERR_INTERNAL, "no memory for a user");
	user->email = arena_strdup(rq->arena, email);
	user->name = user->email;
	int rc = user_insert(rq->db, user, e);
	*ret = user;
	return rc < 0 ? rc : account_link_send(rq->app, rq->db, rq->arena, user, "activate", e);
}

static int refuse_disabled(const struct user *user, struct err *e)
{
	return user->is_disabled ? fail(e, ERR_MANAGE_VALIDATION, "The account of %s is disabled.", user->email) : 0;
}

int manage_named_user(struct req *rq, struct user **ret, struct err *e)
{
	const char *email = arg_text(rq, "email", NULL);
	int rc;
	if (arg_given(rq, "id")) {
		rc = user_find(rq->db, rq->arena, arg_int(rq, "id", 0), ret, e);
		if (rc == 0 || (rc > 0 && user_is_erased(*ret)))
			return fail(e, ERR_MANAGE_VALIDATION, "There is no user with this id.");
		return rc < 0 ? rc : refuse_disabled(*ret, e);
	}
	if ((rc = manage_check_email(email, e)) < 0)
		return rc;
	rc = user_find_email(rq->db, rq->arena, email, ret, e);
	if (rc == 0)
		return user_make(rq, email, ret, e);
	return rc < 0 ? rc : refuse_disabled(*ret, e);
}

int manage_path_user(struct req *rq, int n, struct user **ret, struct err *e)
{
	int64_t id = req_path_id(rq, n, e);
	int rc = id ? user_find(rq->db, rq->arena, id, ret, e) : -ERR_ROUTE_NOT_FOUND;
	return rc == 0 ? fail(e, ERR_MANAGE_NOT_FOUND, "User %lld was not found.", (long long)id) : rc;
}
