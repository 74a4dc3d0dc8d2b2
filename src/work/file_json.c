/* Files as JSON, their signed addresses, the manifests of sliced ones. */
#include <stdlib.h>
#include <string.h>

#include "auth/sas.h"
#include "base/clock.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "work/files.h"
#include "work/resource_json.h"

#define CLOCK_SKEW_US (300 * US_PER_S) /* clients' clocks may be behind */

/* Over TLS the account begins with our host and port, so that the manifests that clients write already point here. */
static char *account_name(struct app *app, struct arena *arena)
{
	if (str_starts(app->public_url, "https://"))
		return arena_printf(arena, "%s/" BLOB_ACCOUNT, app->public_url + strlen("https://"));
	return arena_strdup(arena, BLOB_ACCOUNT);
}

static char *sign(struct app *app, struct arena *arena, const struct identity *identity, const struct file *file, struct sas sas)
{
	int64_t now = now_us();
	sas.token_id = identity->token.id;
	sas.token_version = identity->token.version;
	sas.starts_us = now - CLOCK_SKEW_US;
	sas.expires_us = now + (sas.is_blob ? app->conf.file_url_s : app->conf.file_credentials_s) * US_PER_S;
	const char *name = file->is_sliced ? arena_printf(arena, "%smanifest", file->blob) : file->blob;
	return sas_make(arena, &sas, file->container, name);
}

char *file_download_url(struct app *app, struct arena *arena, const struct identity *identity, const struct file *file)
{
	return arena_printf(arena, "%s" BLOB_ROOT "/%s/%s%s?%s", app->public_url, file->container, file->blob,
		file->is_sliced ? "manifest" : "",
		sign(app, arena, identity, file, (struct sas){ .is_blob = true, .read = true }));
}

static json_t *credentials(
	struct app *app, struct arena *arena, const struct identity *identity, const struct file *file, bool write)
{
	char *sas = sign(app, arena, identity, file, (struct sas){ .read = true, .write = write, .list = true });
	char *connection = arena_printf(arena, "BlobEndpoint=%s" BLOB_ROOT ";SharedAccessSignature=%s", app->public_url, sas);
	json_t *json = json_pack("{s:s}", "SASConnectionString", connection);
	json_object_set_new(json, "expiration", json_time(now_us() + app->conf.file_credentials_s * US_PER_S));
	return json;
}

void file_json_upload(
	struct app *app, struct arena *arena, const struct identity *identity, const struct file *file, json_t *json)
{
	json_object_set_new(json, "absUploadParams",
		json_pack("{s:s, s:s, s:s, s:o}", "blobName", file->blob, "accountName", account_name(app, arena), "container",
			file->container, "absCredentials", credentials(app, arena, identity, file, true)));
}

void file_json_read(struct app *app, struct arena *arena, const struct identity *identity, const struct file *file, json_t *json)
{
	json_object_set_new(json, "absCredentials", credentials(app, arena, identity, file, false));
	json_object_set_new(json, "absPath", json_pack("{s:s, s:s}", "container", file->container, "name", file->blob));
}

static json_t *texts(char *const *list, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(list[i]));
	return array;
}

static json_t *number_or_null(int64_t number, bool known)
{
	return known ? json_integer(number) : json_null();
}

json_t *file_json(struct app *app, struct arena *arena, const struct identity *identity, const struct file *file)
{
	json_t *json = json_object();
	json_object_set_new(json, "id", json_integer(file->id));
	json_object_set_new(json, "created", json_time(file->created_us));
	json_object_set_new(json, "isPublic", json_boolean(file->is_public));
	json_object_set_new(json, "isSliced", json_boolean(file->is_sliced));
	json_object_set_new(json, "isEncrypted", json_boolean(file->is_encrypted));
	json_object_set_new(json, "name", json_string(file->name));
	json_object_set_new(json, "fileType", json_string(file->file_type ? file->file_type : "csv")); /* of every upload */
	json_object_set_new(json, "url", json_string(file_download_url(app, arena, identity, file)));
	json_object_set_new(json, "provider", json_string("azure"));
	json_object_set_new(json, "region", json_string("local"));
	json_object_set_new(json, "sizeBytes", number_or_null(file->size_bytes, file->size_bytes >= 0));
	json_object_set_new(json, "tags", texts(file->tags, file->tag_count));
	json_object_set_new(json, "maxAgeDays", number_or_null(file->max_age_days, file->max_age_days > 0));
	json_object_set_new(json, "isExpired", json_boolean(file->expires_us && file->expires_us <= now_us()));
	json_object_set_new(json, "runId", file->run_id ? json_string(file->run_id) : json_null());
	json_object_set_new(json, "runIds", texts(file->run_ids, file->run_id_count));
	json_object_set_new(json, "creatorToken",
		json_pack("{s:I, s:s}", "id", (json_int_t)file->creator_token_id, "description", file->creator_description));
	return json;
}

json_t *file_attachment(const struct file *file)
{
	json_t *json = json_pack("{s:I, s:s, s:b, s:s}", "id", (json_int_t)file->id, "name", file->name, "isSliced",
		file->is_sliced, "uploadType", file->source_bucket_id ? "export" : "userUpload");
	json_object_set_new(json, "created", json_time(file->created_us));
	json_object_set_new(json, "sizeBytes", number_or_null(file->size_bytes, file->size_bytes >= 0));
	return json;
}

static int attachment_show(
	struct app *app, struct db *db, struct arena *arena, const struct caller *who, json_t *json, struct err *e)
{
	struct file *file;
	own(err_done) struct err refusal = { 0 };
	int64_t id = json_integer_value(json_object_get(json, "id"));
	int found = file_find(db, arena, who->identity->token.project_id, id, &file, e);
	if (found < 0)
		return found;
	bool readable = found == 1 && file_permit(db, who, file, false, &refusal) == 0;
	json_object_set_new(json, "isExpired", json_boolean(!found));
	json_object_set_new(
		json, "url", readable ? json_string(file_download_url(app, arena, who->identity, file)) : json_null());
	return 0;
}

int file_attachments_show(
	struct app *app, struct db *db, struct arena *arena, const struct caller *who, json_t *attachments, struct err *e)
{
	size_t i;
	json_t *json;
	int rc = 0;
	json_array_foreach(attachments, i, json)
		if (rc == 0 && json_is_integer(json_object_get(json, "id")))
			rc = attachment_show(app, db, arena, who, json, e);
	return rc;
}

char *file_blob_url(struct app *app, struct arena *arena, const struct file *file, const char *name)
{
	return arena_printf(arena, "azure://%s" BLOB_DOMAIN "/%s/%s", account_name(app, arena), file->container, name);
}

char *file_manifest_text(struct app *app, const struct file *file, const char *const *slices, size_t count)
{
	own(own_arena) struct arena *arena = arena_new();
	json_t *entries = json_array();
	for (size_t i = 0; i < count; i++) {
		const char *name = arena_printf(arena, "%s%s", file->blob, slices[i]);
		json_array_append_new(entries, json_pack("{s:s}", "url", file_blob_url(app, arena, file, name)));
	}
	own(own_json) json_t *manifest = json_pack("{s:o}", "entries", entries);
	return json_dumps(manifest, JSON_COMPACT);
}

const char *file_slice_of(const struct file *file, const char *url)
{
	const char *at = strstr(url, BLOB_DOMAIN "/");
	if (!at)
		return NULL;
	at += strlen(BLOB_DOMAIN "/");
	size_t length = strlen(file->container);
	if (strncmp(at, file->container, length) != 0 || at[length] != '/')
		return NULL;
	at += length + 1;
	return str_starts(at, file->blob) ? at : NULL;
}

/* How blob clients compare an entry with the endpoint of their connection string: https becomes azure, http stays. */
static char *blob_client_url(struct app *app, struct arena *arena, const struct file *file, const char *name)
{
	if (str_starts(app->public_url, "https://"))
		return file_blob_url(app, arena, file, name);
	return arena_printf(arena, "%s" BLOB_ROOT "/%s/%s", app->public_url, file->container, name);
}

char *file_manifest_for(struct app *app, const struct file *file, const char *text, bool plain)
{
	own(own_arena) struct arena *arena = arena_new();
	own(own_json) json_t *manifest = json_read_foreign(text);
	size_t i;
	json_t *entry;
	json_array_foreach(json_object_get(manifest, "entries"), i, entry) {
		const char *url = json_string_value(json_object_get(entry, "url"));
		const char *name = url ? file_slice_of(file, url) : NULL;
		if (name)
			json_object_set_new(entry, "url",
				json_string(
					plain ? file_blob_url(app, arena, file, name) : blob_client_url(app, arena, file, name)));
	}
	return manifest ? json_dumps(manifest, JSON_COMPACT) : strdup(text);
}
