/* Tokens as JSON. */
#include "api/token_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/own.h"
#include "store/bucket.h"
#include "store/member.h"
#include "store/organization.h"
#include "store/project.h"
#include "store/user.h"

/* --- bucket permissions ------------------------------------------------------------------------------------------------------- */

/* Every bucket with one level, as ready JSON. */
static int all_buckets(struct token_view *view, int64_t project_id, const char *level, const char **ret, struct err *e)
{
	char **ids;
	size_t count;
	int rc = bucket_ids(view->db, view->arena, project_id, &ids, &count, e);
	if (rc < 0)
		return rc;
	own(buf_done) struct buf buf = { 0 };
	struct json_out out = { &buf, false };
	out_object(&out, NULL);
	for (size_t i = 0; i < count; i++)
		out_named_text(&out, ids[i], level);
	out_object_end(&out);
	*ret = buf.failed ? NULL : arena_strdup(view->arena, buf.data);
	return *ret ? 0 : fail(e, ERR_INTERNAL, NULL);
}

static int permissions_put(struct token_view *view, const struct identity *identity, struct json_out *out, struct err *e)
{
	const struct token *token = &identity->token;
	if (identity->can_manage_buckets || token->is_master) {
		const char **kept = identity->can_manage_buckets ? &view->manages_all : &view->reads_all;
		int rc = *kept ? 0
			       : all_buckets(view, token->project_id, identity->can_manage_buckets ? "manage" : "read", kept, e);
		if (rc == 0)
			out_ready(out, "bucketPermissions", *kept);
		return rc;
	}
	out_object(out, "bucketPermissions");
	for (size_t i = 0; i < token->bucket_count; i++)
		out_named_text(out, token->buckets[i].bucket_id, bucket_level_name(token->buckets[i].level));
	out_object_end(out);
	return 0;
}

/* --- the parts that every shape has ------------------------------------------------------------------------------------------- */

static void texts_put(struct json_out *out, const char *key, char *const *texts, size_t count)
{
	out_array(out, key);
	for (size_t i = 0; i < count; i++)
		out_text(out, NULL, texts[i]);
	out_array_end(out);
}

static void uri_put(struct token_view *view, const struct token *token, struct json_out *out)
{
	own(buf_done) struct buf uri = { 0 };
	buf_printf(&uri, "%s/v2/storage/tokens/%" PRId64, view->public_url, token->id);
	out_text(out, "uri", uri.data);
}

static void flags_put(const struct identity *identity, struct json_out *out)
{
	const struct token *token = &identity->token;
	out_bool(out, "isMasterToken", token->is_master);
	out_bool(out, "canManageBuckets", identity->can_manage_buckets);
	out_bool(out, "canManageTokens", identity->can_manage_tokens);
	out_bool(out, "canReadAllFileUploads", token->can_read_all_files);
	out_bool(out, "canPurgeTrash", token->can_purge_trash);
	out_bool(out, "canManageProtectedDefaultBranch", false);
	out_bool(out, "canCreateJobs", token->can_create_jobs);
	out_time(out, "expires", token->expires_us);
	out_bool(out, "isExpired", token->expires_us && token->expires_us <= now_us());
	out_bool(out, "isDisabled", token->is_disabled);
	out_int(out, "dailyCapacity", 0);
}

static void admin_owner_put(const struct identity *identity, struct json_out *out)
{
	if (!identity->token.admin_id)
		return;
	out_object(out, "adminOwner");
	out_int(out, "id", identity->token.admin_id);
	out_text(out, "name", identity->admin_name);
	out_text(out, "email", identity->token.is_master ? identity->token.description : identity->admin_email);
	out_object_end(out);
}

static int common_put(struct token_view *view, const struct identity *identity, struct json_out *out, struct err *e)
{
	const struct token *token = &identity->token;
	char id[24];
	snprintf(id, sizeof id, "%" PRId64, token->id);
	out_text(out, "id", id);
	out_time(out, "created", token->created_us);
	out_time(out, "refreshed", token->refreshed_us);
	out_text(out, "description", token->description);
	uri_put(view, token, out);
	flags_put(identity, out);
	if (token->creator_token_id) {
		out_object(out, "creatorToken");
		out_int(out, "id", token->creator_token_id);
		out_text(out, "description", token->creator_description);
		out_object_end(out);
	}
	admin_owner_put(identity, out);
	if (token->component_count)
		texts_put(out, "componentAccess", token->components, token->component_count);
	texts_put(out, "allowedAddresses", token->addresses, token->address_count);
	out_int(out, "requestsPerMinute", token->requests_per_minute);
	return permissions_put(view, identity, out, e);
}

static void last_use_put(struct token_view *view, const struct token *token, struct json_out *out)
{
	struct token_use use = { .time_us = 0 };
	if (!index_latest_use(view->index, token->project_id, token->id, &use) && token->last_used_us) {
		use.time_us = token->last_used_us;
		snprintf(use.address, sizeof use.address, "%s", token->last_used_address);
	}
	if (!use.time_us) {
		out_null(out, "lastUsed");
		return;
	}
	out_object(out, "lastUsed");
	out_time(out, "time", use.time_us);
	out_text(out, "address", use.address);
	out_object_end(out);
}

/* --- the project of a token ---------------------------------------------------------------------------------------------------- */

static void number_put(struct json_out *out, const char *name, int64_t value)
{
	out_object(out, name);
	out_text(out, "name", name);
	out_int(out, "value", value);
	out_object_end(out);
}

/* Names of limits were checked when they were set. */
static void limits_put(const struct project *project, struct json_out *out)
{
	own(own_json) json_t *set = json_read(project->limits, 0);
	const char *name;
	json_t *value;
	out_object(out, "limits");
	for (const struct project_limit *limit = PROJECT_LIMITS; limit->name; limit++)
		if (!json_object_get(set, limit->name))
			number_put(out, limit->name, limit->value);
	json_object_foreach(set, name, value) {
		number_put(out, name, (int64_t)json_number_value(value));
	}
	out_object_end(out);
}

static void metrics_put(const struct project *project, int64_t members, struct json_out *out)
{
	out_object(out, "metrics");
	number_put(out, "kbc.adminsCount", members);
	number_put(out, "storage.dataSizeBytes", project->data_size_bytes);
	number_put(out, "storage.rowsCount", project->rows_count);
	out_object_end(out);
}

/* What every project has, and clients ask for by these names: strings are never returned again (R06), names can be searched. */
static const char *const COMMON_FEATURES[] = { "hide-decrypted-token", "global-search", NULL };

static bool is_common_feature(const char *feature)
{
	const char *const *common = COMMON_FEATURES;
	while (*common && strcmp(*common, feature) != 0)
		common++;
	return *common != NULL;
}

static void features_put(const struct project *project, struct json_out *out)
{
	own(own_json) json_t *features = json_read(project->features, 0);
	size_t i;
	json_t *feature;
	out_array(out, "features");
	json_array_foreach(features, i, feature) {
		const char *name = json_string_value(feature);
		if (name && strcmp(name, "force-decrypted-token") != 0 && !is_common_feature(name))
			out_text(out, NULL, name);
	}
	for (const char *const *common = COMMON_FEATURES; *common; common++)
		out_text(out, NULL, *common);
	out_array_end(out);
}

/* The kinds of backends that clients ask for by name. */
static void backends_put(struct json_out *out)
{
	static const char *const ABSENT[] = { "hasMysql", "hasSynapse", "hasExasol", "hasTeradata", "hasBigquery",
		"hasRedshift" };
	out_bool(out, "hasSnowflake", true);
	for (size_t i = 0; i < sizeof ABSENT / sizeof ABSENT[0]; i++)
		out_bool(out, ABSENT[i], false);
	out_text(out, "defaultBackend", "snowflake");
	texts_put(out, "assignedBackends", (char *[]){ "snowflake" }, 1);
	out_text(out, "fileStorageProvider", "azure");
	out_text(out, "hasTryModeOn", "0");
}

static int owner_put(struct token_view *view, const struct identity *identity, struct json_out *out, struct err *e)
{
	struct project *project;
	int64_t members;
	int rc = project_get(view->db, view->arena, identity->token.project_id, &project, e);
	if (rc < 0 || (rc = member_count(view->db, project->id, &members, e)) < 0)
		return rc;
	out_object(out, "owner");
	out_int(out, "id", project->id);
	out_text(out, "name", project->name);
	out_text(out, "type", project->type);
	out_text(out, "region", "local");
	out_time(out, "created", project->created_us);
	out_time(out, "expires", project->expires_us);
	features_put(project, out);
	out_int(out, "dataSizeBytes", project->data_size_bytes);
	out_int(out, "rowsCount", project->rows_count);
	backends_put(out);
	limits_put(project, out);
	metrics_put(project, members, out);
	out_bool(out, "isDisabled", project->is_disabled);
	out_null(out, "billedMonthlyPrice");
	out_int(out, "dataRetentionTimeInDays", 7);
	out_object_end(out);
	return 0;
}

/* The user of a master token. */
static int admin_put(struct token_view *view, const struct identity *identity, struct json_out *out, struct err *e)
{
	struct user *user;
	int64_t admin_id = identity->token.admin_id;
	int is_member = organization_has_user(view->db, identity->organization_id, admin_id, e);
	int rc = is_member < 0 ? is_member : user_find(view->db, view->arena, admin_id, &user, e);
	if (rc < 0)
		return rc;
	out_object(out, "admin");
	out_int(out, "id", admin_id);
	out_text(out, "name", identity->admin_name);
	out_ready(out, "features", rc ? user->features : "[]");
	out_bool(out, "isOrganizationMember", is_member);
	out_text(out, "role", role_name(identity->role));
	out_bool(out, "isActivated", false);
	out_object_end(out);
	return 0;
}

static void organization_put(const struct identity *identity, struct json_out *out)
{
	char id[24];
	snprintf(id, sizeof id, "%" PRId64, identity->organization_id);
	out_object(out, "organization");
	out_text(out, "id", id);
	out_object_end(out);
}

/* --- the shapes ---------------------------------------------------------------------------------------------------------------- */

static int ended(struct buf *buf, int rc, struct err *e)
{
	return rc == 0 && buf->failed ? fail(e, ERR_INTERNAL, NULL) : rc;
}

int token_json_whole(struct token_view *view, const struct identity *identity, bool uses, struct buf *ret, struct err *e)
{
	struct json_out out = { ret, false };
	out_object(&out, NULL);
	out_bool(&out, "isBYODB", false);
	int rc = common_put(view, identity, &out, e);
	if (rc == 0 && identity->token.is_master)
		rc = admin_put(view, identity, &out, e);
	if (rc == 0)
		rc = owner_put(view, identity, &out, e);
	organization_put(identity, &out);
	if (uses)
		last_use_put(view, &identity->token, &out);
	out_object_end(&out);
	return ended(ret, rc, e);
}

int token_json_item(struct token_view *view, const struct identity *identity, struct json_out *out, struct err *e)
{
	out_object(out, NULL);
	int rc = common_put(view, identity, out, e);
	if (identity->token.is_master) {
		out_object(out, "admin");
		out_int(out, "id", identity->token.admin_id);
		out_text(out, "name", identity->admin_name);
		out_text(out, "role", role_name(identity->role));
		out_object_end(out);
	}
	last_use_put(view, &identity->token, out);
	out_object_end(out);
	return ended(out->buf, rc, e);
}

int token_json_made(struct token_view *view, const struct identity *identity, const char *string, struct buf *ret, struct err *e)
{
	struct json_out out = { ret, false };
	out_object(&out, NULL);
	if (string)
		out_text(&out, "token", string);
	int rc = common_put(view, identity, &out, e);
	out_object_end(&out);
	return ended(ret, rc, e);
}
