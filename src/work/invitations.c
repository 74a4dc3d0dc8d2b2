/* Inviting people, and the mails of accounts. */
#include "work/invitations.h"

#include <string.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/organization.h"
#include "store/project.h"
#include "store/session.h"
#include "work/mail.h"
#include "work/members.h"

#define LINK_LENGTH 43 /* of base62: 256 bits */
#define RESET_S 3600
#define SWEEP_MEMBERS 100

void account_link_hash(const char *secret, uint8_t ret_hash[32])
{
	secret_hash(secret, strlen(secret), ret_hash);
}

/* "<public url>/<page>#token=<secret>" and the hash of the secret; NULL when memory is short. */
static char *link_make(struct app *app, struct arena *arena, const char *page, uint8_t ret_hash[32])
{
	char secret[LINK_LENGTH + 1];
	secret_random_text(secret, LINK_LENGTH);
	account_link_hash(secret, ret_hash);
	char *link = arena_printf(arena, "%s/%s#token=%s", app->public_url, page, secret);
	secret_wipe(secret, sizeof(secret));
	return link;
}

static int mail_send(struct db *db, struct mail *mail, struct err *e)
{
	if (!mail->subject || !mail->text)
		return fail_internal(e, ERR_INTERNAL, "no memory for a mail");
	return mail_queue(db, mail, e);
}

int invitation_send(struct app *app, struct db *db, struct arena *arena, struct invitation *invitation, struct err *e)
{
	uint8_t hash[32];
	char until[TIME_TEXT_SIZE];
	const char *place = invitation->project_id ? invitation->project_name : invitation->organization_name;
	char *link = link_make(app, arena, "invitation", hash);
	invitation->expires_us = now_us() + app->conf.invitation_s * US_PER_S;
	int rc = link ? invitation_insert(db, invitation, hash, e) : fail_internal(e, ERR_INTERNAL, "no memory for a link");
	if (rc < 0)
		return rc;
	struct mail mail = {
		.to = invitation->email,
		.subject = arena_printf(arena, "Invitation to %s", place),
		.text = arena_printf(arena,
			"%s invites you to the %s \"%s\"%s%s.\n%s%s%s\nAccept it here:\n\n%s\n\n"
			"The link is for you alone and works until %s.\n",
			invitation->creator_name, invitation->project_id ? "project" : "organization", place,
			invitation->project_id ? " as " : "", invitation->project_id ? invitation->role : "",
			str_empty(invitation->reason) ? "" : "\n", str_empty(invitation->reason) ? "" : invitation->reason,
			str_empty(invitation->reason) ? "" : "\n", link, time_text(invitation->expires_us, until)),
		.project_id = invitation->project_id,
	};
	return mail_send(db, &mail, e);
}

int invitation_accept(struct db *db, struct arena *arena, const struct origin *origin, const struct invitation *invitation,
	const struct user *user, struct err *e)
{
	int rc = invitation_remove(db, invitation->project_id, invitation->id, e);
	if (rc <= 0)
		return rc < 0 ? rc : fail(e, ERR_LINK_INVALID, NULL);
	if (!invitation->project_id)
		return organization_user_add(db, invitation->organization_id, user->id, e);
	struct member member = {
		.project_id = invitation->project_id,
		.user_id = user->id,
		.role = invitation->role,
		.reason = invitation->reason,
		.expires_us = invitation->member_s ? now_us() + invitation->member_s * US_PER_S : 0,
		.invited_by = invitation->creator_id,
	};
	return member_join(db, arena, origin, user, &member, NULL, e);
}

int account_link_send(
	struct app *app, struct db *db, struct arena *arena, const struct user *user, const char *kind, struct err *e)
{
	uint8_t hash[32];
	char until[TIME_TEXT_SIZE];
	bool reset = str_eq(kind, "reset");
	int64_t expires_us = now_us() + (reset ? RESET_S : app->conf.invitation_s) * US_PER_S;
	char *link = link_make(app, arena, kind, hash);
	int rc = link ? user_link_insert(db, user->id, kind, hash, expires_us, e)
		      : fail_internal(e, ERR_INTERNAL, "no memory for a link");
	if (rc < 0)
		return rc;
	struct mail mail = {
		.to = user->email,
		.subject = reset ? "A new password" : "Activate your account",
		.text = arena_printf(arena, "%s\n\n%s\n\nThe link is for you alone, opens once and works until %s.\n%s",
			reset ? "Set a new password here:" : "An account was made for you. Choose your password here:", link,
			time_text(expires_us, until),
			reset ? "If you did not ask for it, do nothing: your password stays as it is.\n" : ""),
	};
	return mail_send(db, &mail, e);
}

int member_removed_mail(struct db *db, struct arena *arena, const struct member *member, struct err *e)
{
	struct mail mail = {
		.to = member->email,
		.subject = arena_printf(arena, "You are no longer a member of %s", member->project_name),
		.text = arena_printf(arena,
			"Your membership in the project \"%s\" has ended.\n\nYour master token there is dead from now on. Tokens "
			"that you made for others "
			"still work; the project's administrators can see and delete them.\n",
			member->project_name),
		.project_id = member->project_id,
	};
	return mail_send(db, &mail, e);
}

struct sweep_state {
	struct app *app;
	struct arena *arena;
	int64_t now_us;
	bool more;
};

static int member_expire(struct db *db, struct arena *arena, const struct member *member, struct err *e)
{
	struct project *project = NULL;
	int rc = project_find(db, arena, member->project_id, &project, e);
	if (rc <= 0)
		return rc;
	struct origin origin = {
		.project_id = project->id, .branch_id = project->default_branch_id, .run_id = "", .address = "", .via = "server"
	};
	if ((rc = member_leave(db, &origin, member, e)) < 0)
		return rc;
	return member_removed_mail(db, arena, member, e);
}

static int sweep_write(struct db *db, void *arg, struct err *e)
{
	struct sweep_state *state = arg;
	struct member_list expired;
	int rc = session_sweep(db, state->now_us, state->now_us - state->app->conf.session_idle_s * US_PER_S, e);
	if (rc < 0 || (rc = member_list_expired(db, state->arena, state->now_us, SWEEP_MEMBERS, &expired, e)) < 0)
		return rc;
	for (size_t i = 0; i < expired.count && rc >= 0; i++)
		rc = member_expire(db, state->arena, &expired.items[i], e);
	state->more = expired.count == SWEEP_MEMBERS;
	return rc < 0 ? rc : 0;
}

int accounts_sweep(struct app *app, int64_t now, struct err *e)
{
	own(own_arena) struct arena *arena = arena_new();
	struct sweep_state state = { .app = app, .arena = arena, .now_us = now };
	int rc = database_transact(app->database, sweep_write, &state, e);
	return rc < 0 ? rc : state.more;
}
