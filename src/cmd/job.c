/* chatelaine job: long calls that the server works on. */
#include "base/own.h"
#include "base/str.h"
#include "cmd/client.h"

static const struct column_of LIST_COLUMNS[] = { { "ID", "id" }, { "OPERATION", "operationName" }, { "STATUS", "status" },
	{ "TABLE", "tableId" }, { "CREATED", "createdTime" }, { "ENDED", "endTime" }, { "BY", "creatorToken.description" },
	{ NULL, NULL } };
static const struct column_of COLUMNS[] = { { "id", "id" }, { "operation", "operationName" }, { "status", "status" },
	{ "table", "tableId" }, { "parameters", "operationParams" }, { "created", "createdTime" }, { "started", "startTime" },
	{ "ended", "endTime" }, { "run", "runId" }, { "error", "error.message" }, { "code", "error.code" },
	{ "by", "creatorToken.description" }, { NULL, NULL } };

static int job_list(struct client *client, struct err *e)
{
	own(own_json) json_t *list = NULL;
	const char *path = client_query(client, client_path(client, "jobs", NULL), "limit", client_option(client, "limit"));
	int rc = client_get(client, path, &list, e);
	if (rc == 0)
		client_show_list(client, list, LIST_COLUMNS);
	return rc;
}

static int job_show(struct client *client, struct err *e)
{
	own(own_json) json_t *job = NULL;
	int rc = client_get(client, client_path(client, "jobs", client_word(client, 0), NULL), &job, e);
	if (rc == 0)
		client_show(client, job, COLUMNS);
	return rc;
}

static int job_wait(struct client *client, struct err *e)
{
	own(own_json) json_t *job = NULL;
	int rc = client_job_wait(client, client_word(client, 0), &job, e);
	if (rc < 0)
		return rc;
	client_show(client, job, COLUMNS);
	return str_eq(json_string_value(json_object_get(job, "status")), "error") ? fail(e, ERR_DATA_INVALID, "the job failed")
										  : 0;
}

static const struct verb_option LIST_OPTIONS[] = { { "limit", "NUMBER", "at most so many (20)" }, { NULL, NULL, NULL } };

static const struct verb VERBS[] = {
	{ "list", "", "jobs, newest first", LIST_OPTIONS, job_list },
	{ "show", "ID", "one job", NULL, job_show },
	{ "wait", "ID", "wait for a job to end; 1 when it failed", NULL, job_wait },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct verb_group JOB_GROUP = { "job", "long calls that the server works on", VERBS };
