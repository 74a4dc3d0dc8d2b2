/* Inviting people, and the mails of accounts: every link in them is "<public url>/<page>#token=...": what stands behind # reaches no log. */
#ifndef WORK_INVITATIONS_H
#define WORK_INVITATIONS_H

#include "auth/caller.h"
#include "base/arena.h"
#include "db/db.h"
#include "store/invitation.h"
#include "store/member.h"
#include "store/user.h"
#include "work/app.h"

/* Inserts the invitation and mails its link. In: place, email, role, reason, member_s, creator_*, project_name or organization_name.
 * Inside a write. */
int invitation_send(struct app *app, struct db *db, struct arena *arena, struct invitation *invitation, struct err *e);
/* The user joins what the invitation is to, and the invitation is gone. origin: of the user. Inside a write. */
int invitation_accept(struct db *db, struct arena *arena, const struct origin *origin, const struct invitation *invitation,
	const struct user *user, struct err *e);

/* Mails a link of kind "activate" (invitation_s long) or "reset" (an hour). Inside a write. */
int account_link_send(
	struct app *app, struct db *db, struct arena *arena, const struct user *user, const char *kind, struct err *e);
/* The hash under which a link's secret is kept. */
void account_link_hash(const char *secret, uint8_t ret_hash[32]);

/* Tells somebody that they are no member of a project any more. Inside a write. */
int member_removed_mail(struct db *db, struct arena *arena, const struct member *member, struct err *e);

/* A sweep (work/sweepers.h): ends memberships whose time is over, and sessions, links and counters that are. */
int accounts_sweep(struct app *app, int64_t now, struct err *e);

#endif
