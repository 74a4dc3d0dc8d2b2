/* chatelaine token: tokens of the project. */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "cmd/client.h"

static const struct column_of LIST_COLUMNS[] = { { "ID", "id" }, { "DESCRIPTION", "description" }, { "MASTER", "isMasterToken" },
	{ "DISABLED", "isDisabled" }, { "EXPIRES", "expires" }, { "LAST USED", "lastUsed.time" },
	{ "BUCKETS", "bucketPermissions" }, { NULL, NULL } };
static const struct column_of COLUMNS[] = { { "id", "id" }, { "token", "token" }, { "description", "description" },
	{ "created", "created" }, { "refreshed", "refreshed" }, { "expires", "expires" }, { "expired", "isExpired" },
	{ "disabled", "isDisabled" }, { "master token", "isMasterToken" }, { "role", "admin.role" },
	{ "manages buckets", "canManageBuckets" }, { "manages tokens", "canManageTokens" },
	{ "reads all files", "canReadAllFileUploads" }, { "purges trash", "canPurgeTrash" }, { "creates jobs", "canCreateJobs" },
	{ "buckets", "bucketPermissions" }, { "components", "componentAccess" }, { "addresses", "allowedAddresses" },
	{ "requests per minute", "requestsPerMinute" }, { "created by", "creatorToken.description" },
	{ "last used", "lastUsed.time" }, { "last used from", "lastUsed.address" }, { "project", "owner.name" }, { NULL, NULL } };
static const struct column_of EVENT_COLUMNS[] = { { "CREATED", "created" }, { "EVENT", "event" }, { "OBJECT", "objectId" },
	{ "BY", "token.name" }, { "MESSAGE", "message" }, { NULL, NULL } };

/* A call about the token of the first word whose answer is shown. */
static int show(struct client *client, const char *method, const char *path, json_t *body, struct err *e)
{
	own(own_json) json_t *token = NULL;
	int rc = client_call(client, method, path, body, &token, e);
	if (rc == 0)
		client_show(client, token, COLUMNS);
	return rc;
}

static const char *own_id(struct client *client, struct err *e)
{
	own(own_json) json_t *token = NULL;
	if (client_get(client, client_path(client, "tokens", "verify", NULL), &token, e) < 0)
		return NULL;
	return arena_strdup(client->arena, json_string_value(json_object_get(token, "id")));
}

static int token_list(struct client *client, struct err *e)
{
	own(own_json) json_t *list = NULL;
	int rc = client_get(client, client_path(client, "tokens", NULL), &list, e);
	if (rc == 0)
		client_show_list(client, list, LIST_COLUMNS);
	return rc;
}

static int token_show(struct client *client, struct err *e)
{
	return show(client, "GET", client_path(client, "tokens", client_word(client, 0), NULL), NULL, e);
}

static int token_verify(struct client *client, struct err *e)
{
	return show(client, "GET", client_path(client, "tokens", "verify", NULL), NULL, e);
}

/* "in.c-main=read" */
static int put_buckets(struct client *client, json_t *body, struct err *e)
{
	json_t *values = client_values(client, "bucket"), *value;
	size_t i;
	if (!values)
		return 0;
	json_t *permissions = json_object();
	json_object_set_new(body, "bucketPermissions", permissions);
	json_array_foreach(values, i, value) {
		const char *text = json_string_value(value), *equals = strchr(text, '=');
		if (!*text) /* --bucket "": none at all */
			continue;
		if (!equals)
			return fail(e, ERR_VALIDATION, "--bucket wants BUCKET=read or BUCKET=write");
		const char *bucket = arena_strndup(client->arena, text, (size_t)(equals - text));
		json_object_set_new(permissions, bucket, json_string(equals + 1));
	}
	return 0;
}

/* An option that may be given many times; once and empty: the empty list. */
static void put_list(const struct client *client, const char *option, json_t *body, const char *key)
{
	json_t *values = client_values(client, option), *value;
	size_t i;
	if (!values)
		return;
	json_t *list = json_array();
	json_array_foreach(values, i, value)
		if (json_string_length(value))
			json_array_append(list, value);
	json_object_set_new(body, key, list);
}

static int put_switch(const struct client *client, const char *option, json_t *body, const char *key, struct err *e)
{
	bool on;
	const char *value = client_option(client, option);
	if (!value)
		return 0;
	if (!str_to_bool(value, &on) || !*value)
		return fail(e, ERR_VALIDATION, "--%s wants true or false", option);
	json_object_set_new(body, key, json_boolean(on));
	return 0;
}

static int put_permissions(struct client *client, json_t *body, struct err *e)
{
	static const struct {
		const char *option, *key;
	} switches[] = { { "read-all-files", "canReadAllFileUploads" }, { "purge-trash", "canPurgeTrash" },
		{ "create-jobs", "canCreateJobs" } };
	int rc = put_buckets(client, body, e);
	client_put_text(client, "description", body, "description");
	put_list(client, "component", body, "componentAccess");
	put_list(client, "address", body, "allowedAddresses");
	for (size_t i = 0; rc == 0 && i < sizeof(switches) / sizeof(switches[0]); i++)
		rc = put_switch(client, switches[i].option, body, switches[i].key, e);
	return rc < 0 ? rc : client_put_number(client, "requests-per-minute", body, "requestsPerMinute", e);
}

static int token_create(struct client *client, struct err *e)
{
	json_t *body = json_object();
	int rc = put_permissions(client, body, e);
	if (rc == 0)
		rc = client_put_number(client, "expires-in", body, "expiresIn", e);
	client_put_flag(client, "manage-buckets", body, "canManageBuckets");
	if (rc < 0) {
		json_decref(body);
		return rc;
	}
	return show(client, "POST", client_path(client, "tokens", NULL), body, e);
}

static int token_update(struct client *client, struct err *e)
{
	json_t *body = json_object();
	int rc = put_permissions(client, body, e);
	if (rc < 0) {
		json_decref(body);
		return rc;
	}
	return show(client, "PUT", client_path(client, "tokens", client_word(client, 0), NULL), body, e);
}

static int token_refresh(struct client *client, struct err *e)
{
	const char *id = client_word(client, 0) ? client_word(client, 0) : own_id(client, e);
	if (!id)
		return -(int)e->code;
	return show(client, "POST", client_path(client, "tokens", id, "refresh", NULL), NULL, e);
}

static int token_share(struct client *client, struct err *e)
{
	json_t *body = json_object();
	json_object_set_new(body, "recipientEmail", json_string(client_word(client, 1)));
	json_object_set_new(
		body, "message", json_string(client_option(client, "message") ? client_option(client, "message") : ""));
	int rc = client_call(client, "POST", client_path(client, "tokens", client_word(client, 0), "share", NULL), body, NULL, e);
	if (rc == 0)
		client_say(client, NULL, "A link to token %s was sent to %s.", client_word(client, 0), client_word(client, 1));
	return rc;
}

static int turn(struct client *client, const char *what, struct err *e)
{
	own(own_json) json_t *token = NULL;
	int rc = client_call(client, "POST", client_path(client, "tokens", client_word(client, 0), what, NULL), NULL, &token, e);
	if (rc == 0)
		client_say(client, token, "Token %s is %sd.", client_word(client, 0), what);
	return rc;
}

static int token_disable(struct client *client, struct err *e)
{
	return turn(client, "disable", e);
}

static int token_enable(struct client *client, struct err *e)
{
	return turn(client, "enable", e);
}

static int token_delete(struct client *client, struct err *e)
{
	int rc = client_call(client, "DELETE", client_path(client, "tokens", client_word(client, 0), NULL), NULL, NULL, e);
	if (rc == 0)
		client_say(client, NULL, "Token %s is deleted.", client_word(client, 0));
	return rc;
}

static int token_events(struct client *client, struct err *e)
{
	own(own_json) json_t *list = NULL;
	const char *id = client_word(client, 0) ? client_word(client, 0) : own_id(client, e);
	if (!id)
		return -(int)e->code;
	const char *path =
		client_query(client, client_path(client, "tokens", id, "events", NULL), "limit", client_option(client, "limit"));
	int rc = client_get(client, client_query(client, path, "q", client_option(client, "q")), &list, e);
	if (rc == 0)
		client_show_list(client, list, EVENT_COLUMNS);
	return rc;
}

#define PERMISSION_OPTIONS                                                                                                       \
	{ "description", "TEXT", "what the token is for" },                                                                      \
		{ "bucket", "BUCKET=LEVEL", "read or write on a bucket; may be repeated; \"\": none" },                          \
		{ "component", "ID", "configurations of a component; may be repeated; \"\": none" },                             \
		{ "read-all-files", "BOOL", "read files of other tokens" },                                                      \
		{ "purge-trash", "BOOL", "delete configurations for good" },                                                     \
		{ "create-jobs", "BOOL", "start jobs of components" },                                                           \
		{ "address", "CIDR", "only from there; may be repeated; \"\": from everywhere" },                                \
	{                                                                                                                        \
		"requests-per-minute", "NUMBER", "most requests in a minute; 0: no limit"                                        \
	}

static const struct verb_option CREATE_OPTIONS[] = { PERMISSION_OPTIONS, { "manage-buckets", NULL, "all buckets and components" },
	{ "expires-in", "SECONDS", "life of the token" }, { NULL, NULL, NULL } };
static const struct verb_option UPDATE_OPTIONS[] = { PERMISSION_OPTIONS, { NULL, NULL, NULL } };
static const struct verb_option SHARE_OPTIONS[] = { { "message", "TEXT", "added to the mail" }, { NULL, NULL, NULL } };
static const struct verb_option EVENT_OPTIONS[] = { { "limit", "NUMBER", "at most so many (100)" },
	{ "q", "QUERY", "only these, as event list --q" }, { NULL, NULL, NULL } };

static const struct verb VERBS[] = {
	{ "list", "", "all tokens of the project, or your own", NULL, token_list },
	{ "show", "ID", "one token", NULL, token_show },
	{ "verify", "", "the token in use and its project", NULL, token_verify },
	{ "create", "", "make a token; its string is shown once", CREATE_OPTIONS, token_create },
	{ "update", "ID", "change what a token may do", UPDATE_OPTIONS, token_update },
	{ "refresh", "[ID]", "a new string for a token (standard: your own); the old one is dead at once", NULL, token_refresh },
	{ "share", "ID EMAIL", "mail a link that reveals the token once", SHARE_OPTIONS, token_share },
	{ "disable", "ID", "refuse a token until it is enabled again", NULL, token_disable },
	{ "enable", "ID", "accept a disabled token again", NULL, token_enable },
	{ "delete", "ID", "delete a token; its history stays", NULL, token_delete },
	{ "events", "[ID]", "what a token did and what was done to it", EVENT_OPTIONS, token_events },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct verb_group TOKEN_GROUP = { "token", "tokens of the project", VERBS };
