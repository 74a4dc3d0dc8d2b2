/* Storage tokens made from outside a project, by those who may make tokens inside it. */
#include <stdio.h>

#include "api/manage.h"
#include "api/token_args.h"
#include "api/token_json.h"
#include "base/own.h"
#include "base/secret.h"
#include "work/tokens.h"

/* The member's master token is the creator; a keeper of the organization who is no member makes it in their own name. */
static int creator_of(struct req *rq, const struct project *project, struct token *token, struct err *e)
{
	struct member *member = NULL;
	int rc = member_find(rq->db, rq->arena, project->id, rq->who->user_id, &member, e);
	*token = (struct token){
		.project_id = project->id,
		.description = arena_printf(rq->arena, "Created by %s", rq->who->user_email),
		.creator_token_id = rc > 0 ? member->master_token_id : 0,
		.creator_description = rq->who->user_email,
		.admin_id = rq->who->user_id,
	};
	return rc < 0 ? rc : 0;
}

static int answer(struct req *rq, const struct token *token, const char *string, struct err *e)
{
	struct identity identity;
	struct token_setting setting = { .admin_name = rq->who->user_name, .admin_email = rq->who->user_email };
	struct token_view view = { .public_url = rq->app->public_url, .db = rq->db, .arena = rq->arena, .index = rq->app->index };
	own(buf_done) struct buf body = { 0 };
	identity_derive(&identity, token, &setting);
	int rc = token_json_made(&view, &identity, string, &body, e);
	return rc < 0 ? rc : reply_text(rq, 201, "application/json", &body);
}

static int project_tokens_create(struct req *rq, struct err *e)
{
	struct project *project = NULL;
	struct token token;
	own(own_secret) char *string = NULL;
	int rc = manage_project(rq, PROJECT_MANAGE, &project, e);
	if (rc < 0 || (rc = creator_of(rq, project, &token, e)) < 0 || (rc = token_args_read(rq, &token, false, e)) < 0 ||
		(rc = token_make(rq->db, &token, &string, e)) < 0 ||
		(rc = manage_record(
			 rq, project, (struct manage_note){ EVENT_TOKEN_CREATED, token.id, token.description, NULL }, e)) < 0)
		return rc;
	return answer(rq, &token, string, e);
}

const struct route MANAGE_PROJECT_TOKEN_ROUTES[] = {
	{ "POST", "/manage/projects/{id}/tokens", ALLOW_USER, EVENT_NONE, RUN_WRITE, project_tokens_create, TOKEN_CREATE_PARAMS,
		.summary = "Make a storage token in a project" },
	{ 0 },
};
