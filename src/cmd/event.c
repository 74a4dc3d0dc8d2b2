/* chatelaine event: what happened in the project. */
#include "base/own.h"
#include "cmd/client.h"

static const struct column_of LIST_COLUMNS[] = { { "CREATED", "created" }, { "EVENT", "event" }, { "OBJECT", "objectId" },
	{ "BY", "token.name" }, { "RUN", "runId" }, { "MESSAGE", "message" }, { NULL, NULL } };
static const struct column_of COLUMNS[] = { { "uuid", "uuid" }, { "created", "created" }, { "event", "event" },
	{ "type", "type" }, { "message", "message" }, { "description", "description" }, { "component", "component" },
	{ "configuration", "configurationId" }, { "object type", "objectType" }, { "object", "objectId" },
	{ "object name", "objectName" }, { "token", "token.id" }, { "by", "token.name" }, { "run", "runId" },
	{ "address", "context.remoteAddr" }, { "program", "context.userAgent" }, { "parameters", "params" },
	{ "results", "results" }, { NULL, NULL } };

static int event_list(struct client *client, struct err *e)
{
	own(own_json) json_t *list = NULL;
	const char *path = client_path(client, "events", NULL);
	path = client_query(client, path, "limit", client_option(client, "limit"));
	path = client_query(client, path, "q", client_option(client, "q"));
	path = client_query(client, path, "runId", client_option(client, "run"));
	path = client_query(client, path, "sinceId", client_option(client, "since"));
	path = client_query(client, path, "maxId", client_option(client, "before"));
	int rc = client_get(client, path, &list, e);
	if (rc == 0)
		client_show_list(client, list, LIST_COLUMNS);
	return rc;
}

static int event_show(struct client *client, struct err *e)
{
	own(own_json) json_t *event = NULL;
	int rc = client_get(client, client_path(client, "events", client_word(client, 0), NULL), &event, e);
	if (rc == 0)
		client_show(client, event, COLUMNS);
	return rc;
}

static int event_post(struct client *client, struct err *e)
{
	own(own_json) json_t *event = NULL;
	json_t *body = json_object();
	json_object_set_new(body, "component", json_string(client_word(client, 0)));
	json_object_set_new(body, "message", json_string(client_word(client, 1)));
	client_put_text(client, "type", body, "type");
	client_put_text(client, "description", body, "description");
	client_put_text(client, "configuration", body, "configurationId");
	client_put_text(client, "run", body, "runId");
	int rc = client_call(client, "POST", client_path(client, "events", NULL), body, &event, e);
	if (rc == 0)
		client_show(client, event, COLUMNS);
	return rc;
}

static const struct verb_option LIST_OPTIONS[] = { { "q", "QUERY", "such as event:storage.tableCreated AND token.id:12" },
	{ "run", "ID", "of a run and its children" }, { "since", "UUID", "newer than this event" },
	{ "before", "UUID", "older than this event" }, { "limit", "NUMBER", "at most so many (100)" }, { NULL, NULL, NULL } };
static const struct verb_option POST_OPTIONS[] = { { "type", "TYPE", "info, success, warn or error" },
	{ "description", "TEXT", "more about it" }, { "configuration", "ID", "configuration of the component" },
	{ "run", "ID", "run that it belongs to" }, { NULL, NULL, NULL } };

static const struct verb VERBS[] = {
	{ "list", "", "events that the token may see, newest first", LIST_OPTIONS, event_list },
	{ "show", "UUID", "one event", NULL, event_show },
	{ "post", "COMPONENT MESSAGE", "record an event of your own", POST_OPTIONS, event_post },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct verb_group EVENT_GROUP = { "event", "what happened in the project", VERBS };
