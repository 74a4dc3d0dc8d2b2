/* The arguments of create and update of tokens. */
#include "api/token_args.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "auth/address.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/bucket.h"
#include "store/project.h"

#define DESCRIPTION_MAX 4096
#define BUCKETS_MAX 10000
#define COMPONENTS_MAX 1000
#define COMPONENT_ID_MAX 255
#define ADDRESSES_MAX 100
#define REQUESTS_MAX 10000000
#define LIFE_MAX_S INT64_C(3153600000) /* a hundred years */

#define PERMISSION_PARAMS                                                                                                        \
	{ "bucketPermissions", P_MAP, BUCKETS_MAX, "bucket id -> read or write" },                                               \
		{ "componentAccess", P_TEXTS, COMPONENTS_MAX, "components whose configurations may be used" },                   \
		{ "canReadAllFileUploads", P_BOOL, 0, "read files of others" },                                                  \
		{ "canPurgeTrash", P_BOOL, 0, "delete configurations for good" },                                                \
		{ "canCreateJobs", P_BOOL, 0, "start jobs of components" },                                                      \
		{ "allowedAddresses", P_TEXTS, ADDRESSES_MAX, "addresses or ranges (CIDR) that may use the token; empty: all" }, \
		{ "requestsPerMinute", P_INT, 0, "most requests in a minute; 0: no limit" },                                     \
	{                                                                                                                        \
		"description", P_TEXT, DESCRIPTION_MAX, "what the token is for"                                                  \
	}

const struct param TOKEN_CREATE_PARAMS[] = {
	PERMISSION_PARAMS,
	{ "canManageBuckets", P_BOOL, 0, "all buckets, new ones too, and all components" },
	{ "expiresIn", P_INT, 0, "seconds until it expires; absent: never" },
	{ NULL },
};

const struct param TOKEN_UPDATE_PARAMS[] = {
	PERMISSION_PARAMS,
	{ "isDisabled", P_BOOL, 0, "refuse the token until it is enabled again" },
	{ NULL },
};

static int text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int permission_order(const void *a, const void *b)
{
	return strcmp(((const struct bucket_permission *)a)->bucket_id, ((const struct bucket_permission *)b)->bucket_id);
}

static int no_memory(struct err *e)
{
	return fail_internal(e, ERR_INTERNAL, "no memory for arguments");
}

static int permission_read(struct req *rq, const char *bucket_id, json_t *level, struct bucket_permission *ret, struct err *e)
{
	const char *name = json_string_value(level);
	ret->level = str_eq(name, "read") ? BUCKET_READ : str_eq(name, "write") ? BUCKET_WRITE : BUCKET_NONE;
	if (!ret->level)
		return fail(e, ERR_TOKEN_PERMISSIONS, "Invalid permission \"%s\" of bucket \"%s\": it must be read or write.",
			name ? name : "", bucket_id);
	ret->bucket_id = arena_strdup(rq->arena, bucket_id);
	return ret->bucket_id ? 0 : no_memory(e);
}

static int permissions_read(struct req *rq, struct token *token, json_t *map, struct err *e)
{
	char **ids = NULL;
	size_t known = 0;
	const char *bucket_id;
	json_t *level;
	token->bucket_count = 0;
	token->buckets = arena_array(rq->arena, struct bucket_permission, json_object_size(map));
	if (!token->buckets)
		return no_memory(e);
	int rc = json_object_size(map) ? bucket_ids(rq->db, rq->arena, token->project_id, &ids, &known, e) : 0;
	if (rc < 0)
		return rc;
	json_object_foreach(map, bucket_id, level) {
		if (!known || !bsearch(&bucket_id, ids, known, sizeof *ids, text_order))
			return fail(e, ERR_TOKEN_PERMISSIONS, "Bucket \"%s\" was not found.", bucket_id);
		if ((rc = permission_read(rq, bucket_id, level, &token->buckets[token->bucket_count], e)) < 0)
			return rc;
		token->bucket_count++;
	}
	if (token->bucket_count)
		qsort(token->buckets, token->bucket_count, sizeof *token->buckets, permission_order);
	return 0;
}

/* Copies, sorted, without repetitions. */
static int texts_read(struct req *rq, json_t *list, char ***ret, size_t *ret_count, struct err *e)
{
	size_t count = 0, i;
	json_t *one;
	char **texts = arena_array(rq->arena, char *, json_array_size(list));
	if (!texts)
		return no_memory(e);
	json_array_foreach(list, i, one)
		if (!(texts[i] = arena_strdup(rq->arena, json_string_value(one))))
			return no_memory(e);
	if (json_array_size(list))
		qsort(texts, json_array_size(list), sizeof *texts, text_order);
	for (i = 0; i < json_array_size(list); i++)
		if (!count || strcmp(texts[i], texts[count - 1]) != 0)
			texts[count++] = texts[i];
	*ret = texts;
	*ret_count = count;
	return 0;
}

static int components_read(struct req *rq, struct token *token, json_t *list, struct err *e)
{
	int rc = texts_read(rq, list, &token->components, &token->component_count, e);
	for (size_t i = 0; rc == 0 && i < token->component_count; i++)
		if (str_empty(token->components[i]) || strlen(token->components[i]) > COMPONENT_ID_MAX)
			rc = fail(e, ERR_TOKEN_VALIDATION, "componentAccess must be a list of component ids.");
	return rc;
}

static int addresses_read(struct req *rq, struct token *token, json_t *list, struct err *e)
{
	int rc = texts_read(rq, list, &token->addresses, &token->address_count, e);
	for (size_t i = 0; rc == 0 && i < token->address_count; i++)
		if (!address_range_valid(token->addresses[i]))
			rc = fail(e, ERR_TOKEN_VALIDATION,
				"allowedAddresses: \"%s\" is neither an address nor a range such as 192.0.2.0/24 or "
				"2001:db8::/32, with zeros behind as many bits as it says.",
				token->addresses[i]);
	return rc;
}

static int rate_read(struct req *rq, struct token *token, struct err *e)
{
	int64_t requests = arg_int(rq, "requestsPerMinute", token->requests_per_minute);
	if (requests < 0 || requests > REQUESTS_MAX)
		return fail(e, ERR_TOKEN_VALIDATION, "requestsPerMinute must be between 0 and %d.", REQUESTS_MAX);
	token->requests_per_minute = requests;
	return 0;
}

/* A project with a longest life gives it to tokens that name none, so that clients which know nothing of it work. */
static int life_read(struct req *rq, struct token *token, struct err *e)
{
	struct project *project;
	int rc = project_get(rq->db, rq->arena, token->project_id, &project, e);
	if (rc < 0)
		return rc;
	int64_t most = project->token_max_life_s, life = arg_int(rq, "expiresIn", most);
	if (arg_given(rq, "expiresIn") && life < 1)
		return fail(e, ERR_TOKEN_VALIDATION, "Minimal expiration must be greater or equal to 1 second(s)");
	if (life > (most ? most : LIFE_MAX_S))
		return fail(e, ERR_TOKEN_VALIDATION, "Maximal expiration of tokens of this project is %" PRId64 " second(s)",
			most ? most : LIFE_MAX_S);
	token->expires_us = life ? now_us() + life * US_PER_S : 0;
	return 0;
}

int token_args_read_minimal(struct req *rq, struct token *token, struct err *e)
{
	const char *description = arg_text(rq, "description", "");
	if (*description)
		token->description = arena_strdup(rq->arena, description);
	return life_read(rq, token, e);
}

static void switches_read(struct req *rq, struct token *token)
{
	token->can_read_all_files = arg_bool(rq, "canReadAllFileUploads", token->can_read_all_files);
	token->can_purge_trash = arg_bool(rq, "canPurgeTrash", token->can_purge_trash);
	token->can_create_jobs = arg_bool(rq, "canCreateJobs", token->can_create_jobs);
}

int token_args_read(struct req *rq, struct token *token, bool update, struct err *e)
{
	int rc = 0;
	if (update && arg_given(rq, "description"))
		token->description = arena_strdup(rq->arena, arg_text(rq, "description", ""));
	if (!update && (rc = token_args_read_minimal(rq, token, e)) < 0)
		return rc;
	if (!update)
		token->can_manage_buckets = arg_bool(rq, "canManageBuckets", false);
	else
		token->is_disabled = arg_bool(rq, "isDisabled", token->is_disabled);
	switches_read(rq, token);
	json_t *permissions = arg_json(rq, "bucketPermissions"), *components = arg_json(rq, "componentAccess"),
	       *addresses = arg_json(rq, "allowedAddresses");
	if (permissions && !token->can_manage_buckets)
		rc = permissions_read(rq, token, permissions, e);
	if (rc == 0 && components)
		rc = components_read(rq, token, components, e);
	if (rc == 0 && addresses)
		rc = addresses_read(rq, token, addresses, e);
	return rc == 0 ? rate_read(rq, token, e) : rc;
}
