/* Links that share a token. */
#include "work/token_links.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/project.h"
#include "work/events.h"
#include "work/mail.h"

#define OPEN_LINKS_MAX 100 /* of one token */

const char *share_state_name(enum link_state state)
{
	static const char *const NAMES[] = { "sent", "opened", "retrieved", "expired", "revoked" };
	return NAMES[state];
}

enum link_state share_state(const struct token_link *link, const struct token *token, int64_t now_us)
{
	if (link->retrieved_us)
		return LINK_RETRIEVED;
	if (link->revoked_us || !token || token->refreshed_us != link->token_refreshed_us)
		return LINK_REVOKED;
	if (link->expires_us <= now_us || (token->expires_us && token->expires_us <= now_us))
		return LINK_EXPIRED;
	return link->opened_us ? LINK_OPENED : LINK_SENT;
}

/* --- sharing ------------------------------------------------------------------------------------------------------------------- */

static void mail_write(const struct sharing *sharing, const char *code, int64_t expires_us, struct buf *text)
{
	char expires[TIME_TEXT_SIZE];
	const struct identity *sender = sharing->sender;
	buf_printf(text, "%s shares a token of the project \"%s\" with you: \"%s\".\n\n", sender->token.description,
		sender->project_name, sharing->token->description);
	if (*sharing->message)
		buf_printf(text, "%s\n\n", sharing->message);
	buf_printf(text,
		"Open this link and type your e-mail address to see the token. It is shown once: copy it to where you keep "
		"secrets.\n\n"
		"%s/retrieve/%s\n\nThe link is good until %s.\n",
		sharing->app->public_url, code, time_text(expires_us, expires));
}

static int link_mail(struct db *db, const struct sharing *sharing, const char *code, int64_t expires_us, struct err *e)
{
	own(buf_done) struct buf subject = { 0 }, text = { 0 };
	buf_printf(&subject, "A token of \"%s\" for you", sharing->sender->project_name);
	mail_write(sharing, code, expires_us, &text);
	if (subject.failed || text.failed)
		return fail(e, ERR_INTERNAL, NULL);
	struct mail mail = {
		.to = sharing->recipient, .subject = subject.data, .text = text.data, .project_id = sharing->token->project_id
	};
	int rc = mail_queue(db, &mail, e);
	secret_wipe(text.data, text.length);
	return rc;
}

static int refuse_sharing(struct db *db, const struct sharing *sharing, struct err *e)
{
	int64_t open;
	if (sharing->token->is_master)
		return fail(e, ERR_SHARE_MASTER, NULL);
	if (!str_is_email(sharing->recipient)) {
		int rc = fail(
			e, ERR_VALIDATION, "Invalid request:\n - recipientEmail: \"This value is not a valid email address.\"");
		err_field(e, "recipientEmail", "This value is not a valid email address.");
		return rc;
	}
	int rc = token_link_count(db, (int64_t[]){ sharing->token->project_id, sharing->token->id }, now_us(), &open, e);
	if (rc == 0 && open >= OPEN_LINKS_MAX)
		return fail(e, ERR_TOKEN_VALIDATION, "The token has %d links that were not used yet. Revoke some first.",
			OPEN_LINKS_MAX);
	return rc;
}

int token_share(struct db *db, struct arena *arena, const struct sharing *sharing, struct err *e)
{
	const struct token *token = sharing->token;
	char secret[TOKEN_LINK_SECRET_LENGTH + 1];
	int64_t now = now_us();
	struct token_link link = {
		.project_id = token->project_id,
		.token_id = token->id,
		.token_refreshed_us = token->refreshed_us,
		.recipient = sharing->recipient,
		.message = sharing->message,
		.sender_token_id = sharing->sender->token.id,
		.created_us = now,
		.expires_us = now + sharing->app->conf.retrieval_link_s * US_PER_S,
	};
	int rc = refuse_sharing(db, sharing, e);
	if (rc < 0 || (rc = token_link_next_id(db, &link.id, e)) < 0)
		return rc;
	if (token->expires_us && token->expires_us < link.expires_us)
		link.expires_us = token->expires_us;
	secret_random_text(secret, TOKEN_LINK_SECRET_LENGTH);
	char *code = arena_printf(arena, "%" PRId64 "-%" PRId64 "-%s", link.project_id, link.id, secret);
	if (!code)
		return fail(e, ERR_INTERNAL, NULL);
	secret_hash(code, strlen(code), link.hash);
	rc = token_link_insert(db, &link, e);
	if (rc == 0)
		rc = link_mail(db, sharing, code, link.expires_us, e);
	secret_wipe(secret, sizeof secret);
	secret_wipe(code, strlen(code));
	return rc;
}

/* --- opening ------------------------------------------------------------------------------------------------------------------- */

/* "<project>-<link>-<secret>". */
static bool code_parse(struct arena *arena, const char *code, int64_t *ret_project_id, int64_t *ret_id)
{
	char *project_id = arena_strdup(arena, code), *id = project_id ? strchr(project_id, '-') : NULL;
	char *secret = id ? strchr(id + 1, '-') : NULL;
	if (!secret || strlen(secret + 1) != TOKEN_LINK_SECRET_LENGTH)
		return false;
	*id++ = *secret++ = '\0';
	return str_to_i64(project_id, ret_project_id) && str_to_i64(id, ret_id);
}

int share_open(struct db *db, struct arena *arena, const char *code, bool lock, struct opened_link *ret, struct err *e)
{
	int64_t project_id, id;
	uint8_t hash[SECRET_HASH_SIZE];
	struct project *project;
	if (!code_parse(arena, code, &project_id, &id))
		return 0;
	secret_hash(code, strlen(code), hash);
	int rc = (lock ? token_link_lock : token_link_find)(db, arena, project_id, id, &ret->link, e);
	if (rc <= 0)
		return rc;
	if (!secret_equal(hash, ret->link->hash, sizeof hash))
		return 0;
	rc = project_find(db, arena, project_id, &project, e);
	if (rc <= 0 || project->deleted_us || project->is_disabled)
		return rc < 0 ? rc : 0;
	ret->token = NULL;
	rc = token_find(db, arena, project_id, ret->link->token_id, &ret->token, e);
	if (rc <= 0)
		return rc;
	ret->project_name = project->name;
	ret->branch_id = project->default_branch_id;
	ret->state = share_state(ret->link, ret->token, now_us());
	return 1;
}

/* About the token, so that its events show it; nobody's token caused it. */
static int record(struct db *db, const struct origin *from, const struct opened_link *opened, enum event_type type, struct err *e)
{
	char id[24];
	struct origin origin = *from;
	own(own_json) json_t *params = json_pack("{s:s, s:I, s:I}", "recipientEmail", opened->link->recipient, "linkId",
		(json_int_t)opened->link->id, "wrongTries", (json_int_t)opened->link->wrong_tries);
	snprintf(id, sizeof id, "%" PRId64, opened->token->id);
	origin.project_id = opened->link->project_id;
	origin.branch_id = opened->branch_id;
	origin.via = "link";
	return emit(
		db, &origin, type, &(struct event_object){ .id = id, .name = opened->token->description, .params = params }, e);
}

int share_note_opened(struct db *db, const struct origin *from, struct opened_link *opened, struct err *e)
{
	opened->link->opened_us = now_us();
	int rc = token_link_update(db, opened->link, e);
	return rc < 0 ? rc : record(db, from, opened, EVENT_TOKEN_LINK_OPENED, e);
}

static int wrong_address(struct db *db, const struct origin *from, struct opened_link *opened, struct err *e)
{
	if (++opened->link->wrong_tries >= TOKEN_LINK_TRIES) {
		opened->link->revoked_us = now_us();
		opened->state = LINK_REVOKED;
	}
	int rc = token_link_update(db, opened->link, e);
	return rc < 0 ? rc : record(db, from, opened, EVENT_TOKEN_LINK_FAILED, e);
}

int share_retrieve(struct db *db, const struct origin *from, struct opened_link *opened, const char *address, char **ret_string,
	struct err *e)
{
	struct token_link *link = opened->link;
	char *sealed = NULL;
	own(own_arena) struct arena *arena = arena_new();
	*ret_string = NULL;
	if (!str_eq_nocase(address, link->recipient))
		return wrong_address(db, from, opened, e);
	int rc = token_sealed(db, arena, link->project_id, link->token_id, &sealed, e);
	if (rc < 0)
		return rc;
	own(own_secret) char *string =
		sealed ? secret_open(sealed, token_seal_context(arena, link->project_id, link->token_id)) : NULL;
	if (!string)
		return fail_internal(e, ERR_INTERNAL, "the token of link %" PRId64 " cannot be opened", link->id);
	link->retrieved_us = now_us();
	if ((rc = token_link_update(db, link, e)) < 0 || (rc = record(db, from, opened, EVENT_TOKEN_RETRIEVED, e)) < 0)
		return rc;
	*ret_string = give_ptr(string);
	return 0;
}

int share_revoke(struct db *db, struct token_link *link, struct err *e)
{
	link->revoked_us = now_us();
	return token_link_update(db, link, e);
}
