/* chatelaine file: files of the project. */
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "cmd/client.h"
#include "cmd/transfer.h"

static const struct column_of LIST_COLUMNS[] = { { "ID", "id" }, { "NAME", "name" }, { "BYTES", "sizeBytes" },
	{ "SLICED", "isSliced" }, { "TAGS", "tags" }, { "CREATED", "created" }, { "BY", "creatorToken.description" },
	{ NULL, NULL } };
static const struct column_of COLUMNS[] = { { "id", "id" }, { "name", "name" }, { "bytes", "sizeBytes" },
	{ "sliced", "isSliced" }, { "tags", "tags" }, { "created", "created" }, { "kept days", "maxAgeDays" }, { "run", "runId" },
	{ "created by", "creatorToken.description" }, { NULL, NULL } };

static int file_upload(struct client *client, struct err *e)
{
	own(own_json) json_t *file = NULL;
	json_t *options = json_object();
	client_put_text(client, "name", options, "name");
	client_put_flag(client, "permanent", options, "isPermanent");
	if (client_values(client, "tag"))
		json_object_set(options, "tags", client_values(client, "tag"));
	int rc = transfer_upload(client, client_word(client, 0), options, &file, e);
	json_object_del(file, "absUploadParams"); /* used up, and nobody else's */
	if (rc == 0)
		client_show(client, file, COLUMNS);
	return rc;
}

static int find(struct client *client, json_t **ret, struct err *e)
{
	return client_get(client, client_path(client, "files", client_word(client, 0), NULL), ret, e);
}

/* The name that the file has, without a folder before it. */
static const char *own_name(struct client *client, struct err *e)
{
	own(own_json) json_t *file = NULL;
	if (find(client, &file, e) < 0)
		return NULL;
	const char *name = json_string_value(json_object_get(file, "name"));
	const char *slash = name ? strrchr(name, '/') : NULL;
	name = slash ? slash + 1 : name;
	if (str_empty(name) || str_eq(name, ".") || str_eq(name, "..") || str_eq(name, "-"))
		name = "file";
	return arena_strdup(client->arena, name);
}

static int file_download(struct client *client, struct err *e)
{
	const char *path = client_word(client, 1) ? client_word(client, 1) : own_name(client, e);
	if (!path)
		return -(int)e->code;
	int rc = transfer_download(client, client_word(client, 0), path, NULL, e);
	if (rc == 0 && !str_eq(path, "-"))
		client_say(client, NULL, "File %s is in %s.", client_word(client, 0), path);
	return rc;
}

static int file_list(struct client *client, struct err *e)
{
	own(own_json) json_t *list = NULL;
	size_t i;
	json_t *tag;
	const char *path = client_query(client, client_path(client, "files", NULL), "limit", client_option(client, "limit"));
	path = client_query(client, path, "q", client_option(client, "q"));
	json_array_foreach(client_values(client, "tag"), i, tag)
		path = client_query(client, path, "tags[]", json_string_value(tag));
	int rc = client_get(client, path, &list, e);
	if (rc == 0)
		client_show_list(client, list, LIST_COLUMNS);
	return rc;
}

static int file_show(struct client *client, struct err *e)
{
	own(own_json) json_t *file = NULL;
	int rc = find(client, &file, e);
	if (rc == 0)
		client_show(client, file, COLUMNS);
	return rc;
}

static int file_tag(struct client *client, struct err *e)
{
	const char *id = client_word(client, 0), *tag = client_word(client, 1);
	int rc = client_flag(client, "remove")
			 ? client_call(client, "DELETE", client_path(client, "files", id, "tags", tag, NULL), NULL, NULL, e)
			 : client_call(client, "POST", client_path(client, "files", id, "tags", NULL),
				   json_pack("{s:s}", "tag", tag), NULL, e);
	if (rc == 0)
		client_say(client, NULL, client_flag(client, "remove") ? "File %s has no tag %s." : "File %s has the tag %s.", id,
			tag);
	return rc;
}

static int file_delete(struct client *client, struct err *e)
{
	int rc = client_call(client, "DELETE", client_path(client, "files", client_word(client, 0), NULL), NULL, NULL, e);
	if (rc == 0)
		client_say(client, NULL, "File %s is deleted.", client_word(client, 0));
	return rc;
}

static const struct verb_option UPLOAD_OPTIONS[] = { { "name", "NAME", "standard: the local file's" },
	{ "tag", "TAG", "may be repeated" }, { "permanent", NULL, "keep it for ever" }, { NULL, NULL, NULL } };
static const struct verb_option LIST_OPTIONS[] = { { "tag", "TAG", "files with any of these tags; may be repeated" },
	{ "q", "WORDS", "parts of the name, id:123, tags:x" }, { "limit", "NUMBER", "at most so many (100)" },
	{ NULL, NULL, NULL } };
static const struct verb_option TAG_OPTIONS[] = { { "remove", NULL, "take the tag off" }, { NULL, NULL, NULL } };

static const struct verb VERBS[] = {
	{ "list", "", "files that the token may read, newest first", LIST_OPTIONS, file_list },
	{ "show", "ID", "one file", NULL, file_show },
	{ "upload", "PATH", "upload a local file", UPLOAD_OPTIONS, file_upload },
	{ "download", "ID [PATH]", "download a file, - to standard output; slices are joined", NULL, file_download },
	{ "tag", "ID TAG", "tag a file", TAG_OPTIONS, file_tag },
	{ "delete", "ID", "delete a file", NULL, file_delete },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct verb_group FILE_GROUP = { "file", "files of the project", VERBS };
