/* chatelaine project: the project that the token belongs to. */
#include "base/own.h"
#include "cmd/client.h"

static const struct column_of COLUMNS[] = { { "id", "owner.id" }, { "name", "owner.name" }, { "type", "owner.type" },
	{ "organization", "organization.id" }, { "rows", "owner.rowsCount" }, { "bytes", "owner.dataSizeBytes" },
	{ "region", "owner.region" }, { "backend", "owner.defaultBackend" }, { "files", "owner.fileStorageProvider" },
	{ "features", "owner.features" }, { NULL, NULL } };
static const struct column_of SERVER_COLUMNS[] = { { "api", "api" }, { "version", "version" }, { "revision", "revision" },
	{ "stack", "stack" }, { "documentation", "documentation" }, { "features", "features" }, { NULL, NULL } };

static int project_show(struct client *client, struct err *e)
{
	own(own_json) json_t *token = NULL;
	int rc = client_get(client, client_path(client, "tokens", "verify", NULL), &token, e);
	if (rc < 0)
		return rc;
	if (client->json)
		client_show(client, json_object_get(token, "owner"), COLUMNS);
	else
		client_show(client, token, COLUMNS);
	return 0;
}

static int project_server(struct client *client, struct err *e)
{
	own(own_json) json_t *index = NULL;
	int rc = client_get(client, client_query(client, client_path(client, NULL), "exclude", "components"), &index, e);
	if (rc == 0)
		client_show(client, index, SERVER_COLUMNS);
	return rc;
}

static const struct verb VERBS[] = {
	{ "show", "", "the project of the token in use", NULL, project_show },
	{ "server", "", "the server that it lives on", NULL, project_server },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct verb_group PROJECT_GROUP = { "project", "the project that the token belongs to", VERBS };
