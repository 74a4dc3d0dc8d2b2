/* chatelaine bucket: buckets of the project. */
#include "base/own.h"
#include "cmd/client.h"

static const struct column_of LIST_COLUMNS[] = { { "ID", "id" }, { "NAME", "displayName" }, { "ROWS", "rowsCount" },
	{ "BYTES", "dataSizeBytes" }, { "CREATED", "created" }, { "DESCRIPTION", "description" }, { NULL, NULL } };
static const struct column_of COLUMNS[] = { { "id", "id" }, { "name", "displayName" }, { "stage", "stage" },
	{ "description", "description" }, { "created", "created" }, { "last change", "lastChangeDate" }, { "rows", "rowsCount" },
	{ "bytes", "dataSizeBytes" }, { NULL, NULL } };

static int bucket_list(struct client *client, struct err *e)
{
	own(own_json) json_t *list = NULL;
	int rc = client_get(client, client_path(client, "buckets", NULL), &list, e);
	if (rc == 0)
		client_show_list(client, list, LIST_COLUMNS);
	return rc;
}

static int bucket_show(struct client *client, struct err *e)
{
	own(own_json) json_t *bucket = NULL;
	int rc = client_get(client, client_path(client, "buckets", client_word(client, 0), NULL), &bucket, e);
	if (rc == 0)
		client_show(client, bucket, COLUMNS);
	return rc;
}

static int bucket_create(struct client *client, struct err *e)
{
	own(own_json) json_t *bucket = NULL;
	const char *stage = client_option(client, "stage");
	json_t *body = json_object();
	json_object_set_new(body, "name", json_string(client_word(client, 0)));
	json_object_set_new(body, "stage", json_string(stage ? stage : "in"));
	client_put_text(client, "description", body, "description");
	client_put_text(client, "display-name", body, "displayName");
	int rc = client_call(client, "POST", client_path(client, "buckets", NULL), body, &bucket, e);
	if (rc == 0)
		client_show(client, bucket, COLUMNS);
	return rc;
}

static int bucket_delete(struct client *client, struct err *e)
{
	const char *path = client_path(client, "buckets", client_word(client, 0), NULL);
	path = client_query(client, path, "force", client_flag(client, "force") ? "1" : NULL);
	int rc = client_job(client, "DELETE", client_query(client, path, "async", "1"), NULL, NULL, e);
	if (rc == 0)
		client_say(client, NULL, "Bucket %s is deleted.", client_word(client, 0));
	return rc;
}

static const struct verb_option CREATE_OPTIONS[] = { { "stage", "in|out", "standard: in" },
	{ "description", "TEXT", "what is in it" }, { "display-name", "NAME", "name that is shown" }, { NULL, NULL, NULL } };
static const struct verb_option DELETE_OPTIONS[] = { { "force", NULL, "with its tables" }, { NULL, NULL, NULL } };

static const struct verb VERBS[] = {
	{ "list", "", "buckets that the token may read", NULL, bucket_list },
	{ "show", "BUCKET", "one bucket", NULL, bucket_show },
	{ "create", "NAME", "make a bucket", CREATE_OPTIONS, bucket_create },
	{ "delete", "BUCKET", "delete a bucket", DELETE_OPTIONS, bucket_delete },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct verb_group BUCKET_GROUP = { "bucket", "buckets of the project", VERBS };
