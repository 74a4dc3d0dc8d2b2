/* An identity: the token's row and what stands around it, in one block of memory that is never changed. */
#include "auth/identity.h"

#include <stdlib.h>
#include <string.h>

#include "auth/address.h"
#include "base/own.h"

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static size_t texts_size(char *const *texts, size_t count)
{
	size_t size = count * sizeof *texts;
	for (size_t i = 0; i < count; i++)
		size += text_size(texts[i]);
	return size;
}

static size_t whole_size(const struct token *token, const struct token_setting *setting)
{
	size_t size = sizeof(struct held) + token->bucket_count * sizeof *token->buckets;
	for (size_t i = 0; i < token->bucket_count; i++)
		size += text_size(token->buckets[i].bucket_id);
	return size + texts_size(token->components, token->component_count) + texts_size(token->addresses, token->address_count) +
	       text_size(token->description) + text_size(token->creator_description) + text_size(token->last_used_address) +
	       text_size(setting->project_name) + text_size(setting->project_disabled_reason) + text_size(setting->admin_name) +
	       text_size(setting->admin_email);
}

static char *put_text(char **at, const char *text)
{
	if (!text)
		return NULL;
	size_t size = text_size(text);
	char *copy = memcpy(*at, text, size);
	*at += size;
	return copy;
}

static void put_texts(char **texts, char *const *from, size_t count, char **at)
{
	for (size_t i = 0; i < count; i++)
		texts[i] = put_text(at, from[i]);
}

/* Arrays first, texts behind them: all pointers stay aligned. */
static void token_copy(struct token *copy, const struct token *token, char *at)
{
	*copy = *token;
	copy->buckets = (void *)at;
	copy->components = (void *)(copy->buckets + token->bucket_count);
	copy->addresses = copy->components + token->component_count;
	at = (char *)(copy->addresses + token->address_count);
	for (size_t i = 0; i < token->bucket_count; i++)
		copy->buckets[i] =
			(struct bucket_permission){ put_text(&at, token->buckets[i].bucket_id), token->buckets[i].level };
	put_texts(copy->components, token->components, token->component_count, &at);
	put_texts(copy->addresses, token->addresses, token->address_count, &at);
	copy->description = put_text(&at, token->description);
	copy->creator_description = put_text(&at, token->creator_description);
	copy->last_used_address = put_text(&at, token->last_used_address);
}

static void setting_copy(struct identity *identity, const struct token_setting *setting, char *end)
{
	char *at = end - (text_size(setting->project_name) + text_size(setting->project_disabled_reason) +
				 text_size(setting->admin_name) + text_size(setting->admin_email));
	identity->project_version = setting->project_version;
	identity->default_branch_id = setting->default_branch_id;
	identity->project_name = put_text(&at, setting->project_name);
	identity->organization_id = setting->organization_id;
	identity->project_gone = setting->project_gone;
	identity->project_disabled = setting->project_disabled;
	identity->project_disabled_reason = put_text(&at, setting->project_disabled_reason);
	identity->admin_name = put_text(&at, setting->admin_name);
	identity->admin_email = put_text(&at, setting->admin_email);
	identity->admin_disabled = setting->admin_disabled;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return !a ? b : !b ? a : a < b ? a : b;
}

/* The powers of a master token follow the role (R04, behaviour.md §1.7), whatever its row says. */
static void derive(struct identity *identity, const struct token_setting *setting)
{
	struct token *token = &identity->token;
	identity->ends_us = earlier(token->expires_us, earlier(setting->role_expires_us, setting->project_expires_us));
	if (!token->is_master) {
		identity->can_manage_buckets = token->can_manage_buckets;
		identity->can_write = true;
		return;
	}
	identity->role = role_from_name(setting->role);
	identity->can_manage_tokens = identity->role == ROLE_ADMIN || identity->role == ROLE_SHARE;
	identity->can_manage_buckets = identity->can_manage_tokens || identity->role == ROLE_GUEST;
	identity->can_write = identity->can_manage_buckets;
	token->can_manage_buckets = identity->can_manage_buckets;
	token->can_read_all_files = identity->role != ROLE_NONE;
	token->can_purge_trash = identity->can_manage_tokens;
}

void identity_derive(struct identity *ret, const struct token *token, const struct token_setting *setting)
{
	*ret = (struct identity){
		.token = *token,
		.project_version = setting->project_version,
		.default_branch_id = setting->default_branch_id,
		.project_name = setting->project_name,
		.organization_id = setting->organization_id,
		.admin_name = setting->admin_name,
		.admin_email = setting->admin_email,
	};
	derive(ret, setting);
}

struct held *held_new(const struct token *token, const struct token_setting *setting)
{
	size_t size = whole_size(token, setting);
	struct held *held = calloc(1, size);
	if (!held)
		return NULL;
	token_copy(&held->identity.token, token, (char *)(held + 1));
	setting_copy(&held->identity, setting, (char *)held + size);
	derive(&held->identity, setting);
	held->replay_open = setting->replay_open;
	held->bytes = size;
	atomic_init(&held->references, 1);
	return held;
}

void held_give(struct held *held)
{
	if (!held || atomic_fetch_sub_explicit(&held->references, 1, memory_order_acq_rel) != 1)
		return;
	struct buf *rendered = atomic_load(&held->rendered);
	if (rendered)
		buf_done(rendered);
	free(rendered);
	free(held);
}

static int judge_address(const struct token *token, const char *address, struct err *e)
{
	for (size_t i = 0; i < token->address_count; i++)
		if (address_in_range(address, token->addresses[i]))
			return 0;
	return fail(e, ERR_ADDRESS_REFUSED, NULL);
}

int identity_judge(const struct identity *identity, const uint8_t *hash, const char *address, int64_t now_us, struct err *e)
{
	const struct token *token = &identity->token;
	if (hash && !secret_equal(hash, token->hash, SECRET_HASH_SIZE))
		return fail(e, ERR_TOKEN_INVALID, NULL);
	if (identity->project_gone || (token->is_master && (identity->role == ROLE_NONE || identity->admin_disabled)))
		return fail(e, ERR_TOKEN_INVALID, NULL);
	if (identity->ends_us && identity->ends_us <= now_us)
		return fail(e, ERR_TOKEN_EXPIRED, NULL);
	if (token->is_disabled)
		return fail(e, ERR_TOKEN_DISABLED, NULL);
	if (identity->project_disabled)
		return fail(e, ERR_PROJECT_DISABLED, "The project is disabled. %s", identity->project_disabled_reason);
	return token->address_count && address ? judge_address(token, address, e) : 0;
}
