/* The only place that decides what a caller may do. */
#include "auth/permit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *const ALLOW_NAMES[] = {
	[ALLOW_NOBODY] = "nobody",
	[ALLOW_PUBLIC] = "public",
	[ALLOW_SIGNED_URL] = "signed url",
	[ALLOW_TOKEN] = "token",
	[ALLOW_WRITER] = "token that writes",
	[ALLOW_MASTER] = "master token",
	[ALLOW_MASTER_WRITER] = "master token that writes",
	[ALLOW_TOKEN_CREATOR] = "master token that writes",
	[ALLOW_TOKEN_MANAGER] = "canManageTokens",
	[ALLOW_BUCKET_MANAGER] = "canManageBuckets",
	[ALLOW_SESSION] = "signed-in user",
	[ALLOW_USER] = "user",
	[ALLOW_SUPER] = "super administrator",
};

const char *allow_name(enum allow allow)
{
	return allow < ALLOW_COUNT ? ALLOW_NAMES[allow] : ALLOW_NAMES[ALLOW_NOBODY];
}

/* object names only what the caller named. */
static int refuse(struct err *e, const char *object, const char *need, const char *have)
{
	int rc = fail(e, ERR_ACCESS_DENIED, NULL);
	err_more(e, "missing", json_pack("[{s:s, s:s, s:s}]", "object", object, "need", need, "have", have));
	return rc;
}

/* The same with an object of a kind: "bucket in.c-main". */
static int refuse_object(struct err *e, const char *kind, const char *id, const char *const need_have[2])
{
	int rc = fail(e, ERR_ACCESS_DENIED, NULL);
	err_more(e, "missing",
		json_pack("[{s:o, s:s, s:s}]", "object", json_sprintf("%s %s", kind, id), "need", need_have[0], "have",
			need_have[1]));
	return rc;
}

static int refuse_token(struct err *e, int64_t token_id, const char *need, const char *have)
{
	char id[24];
	snprintf(id, sizeof id, "%lld", (long long)token_id);
	return refuse_object(e, "token", id, (const char *const[]){ need, have });
}

/* What a caller is, in the words of need and have. */
static const char *standing(const struct caller *who)
{
	if (who->kind == CALLER_MANAGE)
		return "user";
	if (who->kind == CALLER_NOBODY || !who->identity)
		return "none";
	if (!who->identity->token.is_master)
		return "limited token";
	static const char *const MASTERS[] = { "none", "master token (guest)", "master token (readOnly)", "master token (share)",
		"master token (admin)" };
	return MASTERS[who->identity->role];
}

static bool allowed(const struct caller *who, enum allow allow)
{
	const struct identity *identity = who->kind == CALLER_STORAGE ? who->identity : NULL;
	switch (allow) {
	case ALLOW_PUBLIC:
	case ALLOW_SIGNED_URL:
		return true;
	case ALLOW_TOKEN:
		return identity;
	case ALLOW_WRITER:
		return identity && identity->can_write;
	case ALLOW_MASTER:
		return identity && identity->token.is_master;
	case ALLOW_MASTER_WRITER:
	case ALLOW_TOKEN_CREATOR:
		return identity && identity->token.is_master && identity->can_write;
	case ALLOW_TOKEN_MANAGER:
		return identity && identity->can_manage_tokens;
	case ALLOW_BUCKET_MANAGER:
		return identity && identity->can_manage_buckets;
	case ALLOW_SESSION:
		return who->session_id != 0;
	case ALLOW_USER:
		return who->kind == CALLER_MANAGE;
	case ALLOW_SUPER:
		return who->kind == CALLER_MANAGE && who->is_super;
	case ALLOW_NOBODY:
	case ALLOW_COUNT:
		break;
	}
	return false;
}

int permit_route(const struct caller *who, enum allow allow, struct err *e)
{
	return allowed(who, allow) ? 0 : refuse(e, "this call", allow_name(allow), standing(who));
}

static int bucket_order(const void *a, const void *b)
{
	return strcmp(a, ((const struct bucket_permission *)b)->bucket_id);
}

enum bucket_level permit_bucket_level(const struct caller *who, const char *bucket_id)
{
	if (who->kind != CALLER_STORAGE)
		return BUCKET_NONE;
	const struct identity *identity = who->identity;
	const struct token *token = &identity->token;
	if (identity->can_manage_buckets)
		return BUCKET_MANAGE;
	if (token->is_master)
		return BUCKET_READ;
	const struct bucket_permission *one = token->bucket_count ? bsearch(bucket_id, token->buckets, token->bucket_count,
									    sizeof *token->buckets, bucket_order)
								  : NULL;
	return one ? one->level : BUCKET_NONE;
}

int permit_bucket(const struct caller *who, const char *bucket_id, enum bucket_level need, struct err *e)
{
	enum bucket_level have = permit_bucket_level(who, bucket_id);
	if (have >= need)
		return 0;
	return refuse_object(e, "bucket", bucket_id,
		(const char *const[]){ bucket_level_name(need), have ? bucket_level_name(have) : "none" });
}

int permit_bucket_behind(
	const struct caller *who, const char *bucket_id, enum bucket_level need, const char *object, struct err *e)
{
	if (permit_bucket_level(who, bucket_id) >= need)
		return 0;
	return refuse(e, object, bucket_level_name(need), "less");
}

static int component_order(const void *a, const void *b)
{
	return strcmp(a, *(char *const *)b);
}

bool permit_sees_component(const struct caller *who, const char *component_id)
{
	if (who->kind != CALLER_STORAGE)
		return false;
	const struct token *token = &who->identity->token;
	return token->is_master || who->identity->can_manage_buckets ||
	       (token->component_count && bsearch(component_id, token->components, token->component_count,
						  sizeof *token->components, component_order));
}

int permit_some_component(const struct caller *who, struct err *e)
{
	if (who->kind == CALLER_STORAGE &&
		(who->identity->token.is_master || who->identity->can_manage_buckets || who->identity->token.component_count > 0))
		return 0;
	return refuse(e, "components", "componentAccess or canManageBuckets", standing(who));
}

int permit_component(const struct caller *who, const char *component_id, bool write, struct err *e)
{
	bool sees = permit_sees_component(who, component_id);
	if (sees && (!write || who->identity->can_write))
		return 0;
	return refuse_object(
		e, "component", component_id, (const char *const[]){ write ? "write" : "read", sees ? "read" : "none" });
}

/* Writing to a file of another needs a master token: canReadAllFileUploads is for reading. */
int permit_file(const struct caller *who, int64_t creator_token_id, bool write, struct err *e)
{
	if (who->kind == CALLER_STORAGE) {
		const struct identity *identity = who->identity;
		bool own_file = identity->token.id == creator_token_id;
		if (!write && (own_file || identity->token.can_read_all_files))
			return 0;
		if (write && identity->can_write && (own_file || identity->token.is_master))
			return 0;
	}
	return refuse(e, "file", write ? "own file, or a master token that writes" : "own file, or canReadAllFileUploads",
		standing(who));
}

static bool is_own(const struct caller *who, int64_t token_id)
{
	return who->kind == CALLER_STORAGE && who->identity->token.id == token_id;
}

int permit_token_read(const struct caller *who, int64_t token_id, struct err *e)
{
	if (is_own(who, token_id) || allowed(who, ALLOW_TOKEN_MANAGER))
		return 0;
	return refuse_token(e, token_id, "canManageTokens", standing(who));
}

int permit_token_refresh(const struct caller *who, const struct token *target, struct err *e)
{
	if (is_own(who, target->id))
		return 0;
	if (!allowed(who, ALLOW_TOKEN_MANAGER))
		return refuse_token(e, target->id, "canManageTokens", standing(who));
	return target->is_master ? refuse_token(e, target->id, "the master token itself", standing(who)) : 0;
}

int permit_token_change(const struct caller *who, const struct token *target, struct err *e)
{
	if (!is_own(who, target->id) && !allowed(who, ALLOW_TOKEN_MANAGER))
		return refuse_token(e, target->id, "canManageTokens", standing(who));
	return target->is_master ? refuse_token(e, target->id, "limited token", "master token") : 0;
}

bool permit_sees_all_events(const struct caller *who)
{
	return allowed(who, ALLOW_MASTER);
}

int permit_purge(const struct caller *who, struct err *e)
{
	if (who->kind == CALLER_STORAGE && who->identity->token.can_purge_trash)
		return 0;
	return refuse(e, "trash", "canPurgeTrash", standing(who));
}
