/* What changes tokens. */
#include "work/tokens.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/own.h"
#include "store/trigger.h"

/* Makes the string, its hash in the token, and the string sealed. */
static int string_make(struct token *token, char **ret_string, char **ret_sealed, struct err *e)
{
	char secret[TOKEN_SECRET_LENGTH + 1], context[64];
	own(own_secret) char *string = NULL;
	token_secret_make(token->project_id, token->id, secret);
	int length = asprintf(&string, "%" PRId64 "-%" PRId64 "-%s", token->project_id, token->id, secret);
	secret_wipe(secret, sizeof secret);
	if (length < 0) {
		string = NULL;
		return fail(e, ERR_INTERNAL, NULL);
	}
	secret_hash(string, (size_t)length, token->hash);
	snprintf(context, sizeof context, "token:%" PRId64 ":%" PRId64, token->project_id, token->id);
	*ret_sealed = secret_seal(string, context);
	if (!*ret_sealed)
		return fail(e, ERR_INTERNAL, NULL);
	*ret_string = give_ptr(string);
	return 0;
}

int token_make(struct db *db, struct token *token, char **ret_string, struct err *e)
{
	own(own_secret) char *string = NULL;
	own(own_free) char *sealed = NULL;
	int rc = token_next_id(db, &token->id, e);
	if (rc < 0)
		return rc;
	token->version = 1;
	token->created_us = token->refreshed_us = now_us();
	if ((rc = string_make(token, &string, &sealed, e)) < 0 || (rc = token_insert(db, token, sealed, e)) < 0)
		return rc;
	*ret_string = give_ptr(string);
	return 0;
}

int token_renew(struct db *db, struct token *token, char **ret_string, struct err *e)
{
	own(own_secret) char *string = NULL;
	own(own_free) char *sealed = NULL;
	int64_t before = token->refreshed_us;
	int rc = string_make(token, &string, &sealed, e);
	if (rc < 0)
		return rc;
	token->refreshed_us = now_us();
	if (token->refreshed_us <= before) /* names the string: never twice the same */
		token->refreshed_us = before + 1;
	if ((rc = token_set_string(db, token, sealed, e)) < 0)
		return rc;
	*ret_string = give_ptr(string);
	return 0;
}

static int refuse_if_triggered(struct db *db, const struct token *token, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct trigger *trigger;
	int rc = trigger_uses_token(db, arena, token->project_id, token->id, &trigger, e);
	if (rc <= 0)
		return rc;
	return fail(e, ERR_TOKEN_USED_BY_TRIGGER,
		"Cannot delete token, because it's used for event trigger inside component \"%s\" with configuration id \"%s\"",
		trigger->component_id, trigger->configuration_id);
}

int token_end(struct db *db, const struct token *token, const struct origin *origin, enum event_type event, struct err *e)
{
	char id[24];
	snprintf(id, sizeof id, "%" PRId64, token->id);
	int rc = refuse_if_triggered(db, token, e);
	if (rc >= 0)
		rc = token_remove(db, token->project_id, token->id, e);
	if (rc <= 0)
		return rc;
	return emit(db, origin, event, &(struct event_object){ .id = id, .name = token->description }, e);
}
