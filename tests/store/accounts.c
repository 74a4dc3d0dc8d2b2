/* People, organizations, projects, members, invitations, sessions and management tokens: every store function, on both engines. */
#include "engines.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "store/feature.h"
#include "store/invitation.h"
#include "store/maintainer.h"
#include "store/manage_token.h"
#include "store/member.h"
#include "store/organization.h"
#include "store/project.h"
#include "store/session.h"
#include "store/token_ledger.h"
#include "store/user.h"

static struct err e;
static struct arena *arena;

static char *text(const char *s)
{
	return arena_strdup(arena, s);
}

static void hash_of(const char *s, uint8_t ret[32])
{
	memset(ret, 0, 32);
	memcpy(ret, s, strlen(s));
}

struct world {
	struct user ada, bob;
	struct maintainer maintainer;
	struct organization organization;
	struct project project;
};

static void test_users(struct db *db, struct world *world)
{
	struct user *found = NULL;
	struct user_list list;
	world->ada = (struct user){
		.email = text("ADA@example.com"), .name = text("Ada"), .password_hash = text("hash"), .is_super = true
	};
	world->bob = (struct user){ .email = text("bob@example.com"), .name = text("Bob") };
	CHECK(user_insert(db, &world->ada, &e) == 0 && user_insert(db, &world->bob, &e) == 0);
	CHECK(user_insert(db, &(struct user){ .email = text("bob@example.com"), .name = text("B") }, &e) == -ERR_ACCOUNT_EXISTS);
	err_done(&e);
	CHECK(user_find(db, arena, world->ada.id, &found, &e) == 1);
	CHECK_TEXT(found->email, "ada@example.com");
	CHECK(found->is_super && !found->is_disabled && !found->totp_sealed && found->created_us == world->ada.created_us);
	CHECK(user_find_email(db, arena, "Bob@Example.COM", &found, &e) == 1 && !found->password_hash);
	CHECK(user_find_email(db, arena, "nobody@example.com", &found, &e) == 0);
	CHECK(user_find(db, arena, 987654321, &found, &e) == 0);
	CHECK(user_list(db, arena, 1, 1, &list, &e) == 0 && list.count == 1);

	CHECK(user_find(db, arena, world->bob.id, &found, &e) == 1);
	found->name = text("Robert");
	found->features = text("[\"x\"]");
	found->is_disabled = true;
	CHECK(user_update(db, found, &e) == 0);
	CHECK(user_set_password(db, world->bob.id, "hash2", &e) == 0);
	CHECK(user_find(db, arena, world->bob.id, &found, &e) == 1 && found->is_disabled);
	CHECK_TEXT(found->features, "[\"x\"]");
	CHECK_TEXT(found->password_hash, "hash2");
	CHECK(user_rename(db, world->bob.id, "Bob", &e) == 0);
	CHECK(user_find(db, arena, world->bob.id, &found, &e) == 1);
	CHECK_TEXT(found->name, "Bob");
	found->is_disabled = false;
	CHECK(user_update(db, found, &e) == 0);
}

static void test_second_factor(struct db *db, const struct world *world)
{
	struct user *found = NULL;
	uint8_t hashes[2][32];
	hash_of("one", hashes[0]);
	hash_of("two", hashes[1]);
	CHECK(user_set_totp_pending(db, world->bob.id, "pending", &e) == 0);
	CHECK(user_find(db, arena, world->bob.id, &found, &e) == 1 && str_eq(found->totp_pending_sealed, "pending") &&
		!found->totp_sealed);
	CHECK(user_set_totp(db, world->bob.id, "sealed", &e) == 0);
	CHECK(user_find(db, arena, world->bob.id, &found, &e) == 1 && str_eq(found->totp_sealed, "sealed") &&
		!found->totp_pending_sealed);
	CHECK(user_use_totp_step(db, world->bob.id, 10, &e) == 1);
	CHECK(user_use_totp_step(db, world->bob.id, 10, &e) == 0);
	CHECK(user_use_totp_step(db, world->bob.id, 9, &e) == 0);
	CHECK(user_use_totp_step(db, world->bob.id, 11, &e) == 1);

	CHECK(recovery_set(db, world->bob.id, (const uint8_t(*)[32])hashes, 2, &e) == 0);
	CHECK(recovery_use(db, world->ada.id, hashes[0], &e) == 0);
	CHECK(recovery_use(db, world->bob.id, hashes[0], &e) == 1);
	CHECK(recovery_use(db, world->bob.id, hashes[0], &e) == 0);
	CHECK(recovery_set(db, world->bob.id, NULL, 0, &e) == 0);
	CHECK(recovery_use(db, world->bob.id, hashes[1], &e) == 0);
	CHECK(user_set_totp(db, world->bob.id, NULL, &e) == 0);
}

static void test_links(struct db *db, const struct world *world)
{
	uint8_t hash[32], newer[32];
	int64_t id = 0, later = now_us() + US_PER_DAY;
	hash_of("link", hash);
	hash_of("newer", newer);
	CHECK(user_link_insert(db, world->bob.id, "reset", hash, later, &e) == 0);
	CHECK(user_link_find(db, "reset", hash, &id, &e) == 1 && id == world->bob.id);
	CHECK(user_link_find(db, "activate", hash, &id, &e) == 0);
	CHECK(user_link_insert(db, world->bob.id, "reset", newer, later, &e) == 0);
	CHECK(user_link_find(db, "reset", hash, &id, &e) == 0);
	CHECK(user_links_remove(db, world->bob.id, &e) == 0);
	CHECK(user_link_find(db, "reset", newer, &id, &e) == 0);
	CHECK(user_link_insert(db, world->bob.id, "reset", hash, now_us() - 1, &e) == 0);
	CHECK(user_link_find(db, "reset", hash, &id, &e) == 0);
}

static void test_maintainers(struct db *db, struct world *world)
{
	struct maintainer *found = NULL, other = { .name = text("Empty") };
	struct maintainer_list list;
	struct organization_user_list users;
	world->maintainer.name = text("North");
	CHECK(maintainer_insert(db, &world->maintainer, &e) == 0 && maintainer_insert(db, &other, &e) == 0);
	CHECK(maintainer_find(db, arena, world->maintainer.id, &found, &e) == 1);
	found->name = text("South");
	CHECK(maintainer_update(db, found, &e) == 0);
	CHECK(maintainer_find(db, arena, world->maintainer.id, &found, &e) == 1 && str_eq(found->name, "South"));
	CHECK(maintainer_user_add(db, found->id, world->ada.id, &e) == 0 &&
		maintainer_user_add(db, found->id, world->ada.id, &e) == 0);
	CHECK(maintainer_has_user(db, found->id, world->ada.id, &e) == 1 &&
		maintainer_has_user(db, found->id, world->bob.id, &e) == 0);
	CHECK(maintainer_users(db, arena, found->id, &users, &e) == 0 && users.count == 1 && users.items[0].is_activated);
	CHECK(maintainer_list(db, arena, world->ada.id, &list, &e) == 0 && list.count == 1);
	CHECK(maintainer_list(db, arena, 0, &list, &e) == 0 && list.count >= 2);
	CHECK(maintainer_remove(db, other.id, &e) == 1 && maintainer_find(db, arena, other.id, &found, &e) == 0);
	CHECK(maintainer_user_remove(db, world->maintainer.id, world->bob.id, &e) == 0);
}

static void test_organizations(struct db *db, struct world *world)
{
	struct organization *found = NULL;
	struct organization_list list;
	struct organization_user_list users;
	world->organization = (struct organization){ .maintainer_id = world->maintainer.id, .name = text("Acme") };
	CHECK(organization_insert(db, &world->organization, &e) == 0);
	CHECK(maintainer_remove(db, world->maintainer.id, &e) == 0);
	CHECK(organization_find(db, arena, world->organization.id, &found, &e) == 1 && found->allow_auto_join);
	CHECK_TEXT(found->maintainer_name, "South");
	found->allow_auto_join = false;
	CHECK(organization_update(db, found, &e) == 0);
	CHECK(organization_find(db, arena, world->organization.id, &found, &e) == 1 && !found->allow_auto_join);
	CHECK(organization_user_add(db, found->id, world->bob.id, &e) == 0 &&
		organization_user_add(db, found->id, world->bob.id, &e) == 0);
	CHECK(organization_has_user(db, found->id, world->bob.id, &e) == 1 &&
		organization_has_user(db, found->id, world->ada.id, &e) == 0);
	CHECK(organization_users(db, arena, found->id, &users, &e) == 0 && users.count == 1 &&
		users.items[0].user_id == world->bob.id);
	CHECK(organization_list(db, arena, world->maintainer.id, world->bob.id, &list, &e) == 0 && list.count == 1);
	CHECK(organization_list(db, arena, 0, world->ada.id, &list, &e) == 0 && list.count == 0);
	CHECK(organization_user_remove(db, found->id, world->bob.id, &e) == 1);
	CHECK(organization_user_remove(db, found->id, world->bob.id, &e) == 0);
}

static void test_projects(struct db *db, struct world *world)
{
	struct project *found = NULL;
	struct project_list list;
	world->project = (struct project){ .organization_id = world->organization.id, .name = text("Warehouse") };
	CHECK(project_insert(db, &world->project, &e) == 0);
	CHECK(project_get(db, arena, world->project.id, &found, &e) == 0 && found->version == 1);
	CHECK(found->default_branch_id == world->project.default_branch_id && str_eq(found->type, "production"));
	CHECK(organization_remove(db, world->organization.id, &e) == 0);
	found->name = text("Depot");
	found->deleted_us = 5;
	found->token_max_life_s = 60;
	CHECK(project_update(db, found, &e) == 0);
	CHECK(project_get(db, arena, world->project.id, &found, &e) == -ERR_MANAGE_NOT_FOUND);
	err_done(&e);
	CHECK(project_find(db, arena, world->project.id, &found, &e) == 1 && found->version == 2 &&
		found->token_max_life_s == 60);
	CHECK(project_list(db, arena, world->organization.id, true, &list, &e) == 0 && list.count == 1 &&
		str_eq(list.items[0].name, "Depot"));
	found->deleted_us = 0;
	CHECK(project_update(db, found, &e) == 0);
	CHECK(project_list(db, arena, world->organization.id, true, &list, &e) == 0 && list.count == 0);
	CHECK(project_list(db, arena, world->organization.id, false, &list, &e) == 0 && list.count == 1);
	CHECK(project_find(db, arena, 987654321, &found, &e) == 0);
	CHECK(project_find_unemptied(db, arena, &found, &e) == 0);
	CHECK(project_find(db, arena, world->project.id, &found, &e) == 1);
	found->purged_us = 5;
	CHECK(project_update(db, found, &e) == 0);
	CHECK(project_find_unemptied(db, arena, &found, &e) == 1 && found->id == world->project.id);
	CHECK(project_set_emptied(db, found->id, &e) == 0 && project_find_unemptied(db, arena, &found, &e) == 0);
}

static void test_members(struct db *db, const struct world *world)
{
	struct member *found = NULL, member = { .project_id = world->project.id,
		.user_id = world->bob.id,
		.role = text("guest"),
		.master_token_id = 77,
		.expires_us = 1000 };
	struct member_list list;
	CHECK(member_insert(db, &member, &e) == 0);
	CHECK(member_insert(db, &member, &e) == -ERR_MANAGE_VALIDATION);
	err_done(&e);
	CHECK(member_find(db, arena, world->project.id, world->bob.id, &found, &e) == 1 && found->master_token_id == 77);
	CHECK_TEXT(found->email, "bob@example.com");
	CHECK_TEXT(found->organization_name, "Acme");
	CHECK(member_find(db, arena, world->project.id, world->ada.id, &found, &e) == 0);
	CHECK(member_list(db, arena, world->project.id, &list, &e) == 0 && list.count == 1);
	CHECK(member_list_of_user(db, arena, world->bob.id, &list, &e) == 0 && list.count == 1);
	CHECK(member_list_expired(db, arena, 999, 10, &list, &e) == 0 && list.count == 0);
	CHECK(member_list_expired(db, arena, 1000, 10, &list, &e) == 0 && list.count == 1);
	CHECK(member_set_role(db, world->project.id, world->bob.id, "share", &e) == 0);
	CHECK(member_find(db, arena, world->project.id, world->bob.id, &found, &e) == 1 && str_eq(found->role, "share"));
	CHECK(member_remove(db, world->project.id, world->bob.id, &e) == 0);
	CHECK(member_find(db, arena, world->project.id, world->bob.id, &found, &e) == 0);
}

static void test_invitations(struct db *db, const struct world *world)
{
	uint8_t hash[32], other[32];
	struct invitation *found = NULL, invitation = { .project_id = world->project.id,
		.organization_id = world->organization.id,
		.email = text("Bob@Example.com"),
		.role = text("guest"),
		.creator_id = world->ada.id,
		.expires_us = now_us() + US_PER_DAY };
	struct invitation_list list;
	hash_of("invitation", hash);
	hash_of("another", other);
	CHECK(invitation_insert(db, &invitation, hash, &e) == 0);
	CHECK(invitation_find(db, arena, world->project.id, invitation.id, &found, &e) == 1 && found->user_id == world->bob.id);
	CHECK_TEXT(found->creator_email, "ada@example.com");
	CHECK(invitation_find_hash(db, arena, hash, &found, &e) == 1 && found->id == invitation.id);
	CHECK(invitation_insert(db, &invitation, other, &e) == 0); /* the newest is the only one */
	CHECK(invitation_find_hash(db, arena, hash, &found, &e) == 0);
	CHECK(invitation_list_of_project(db, arena, world->project.id, &list, &e) == 0 && list.count == 1);
	CHECK(invitation_list_of_organization(db, arena, world->organization.id, &list, &e) == 0 && list.count == 0);
	CHECK(invitation_list_of_email(db, arena, "BOB@example.com", true, &list, &e) == 0 && list.count == 1);
	CHECK(invitation_list_of_email(db, arena, "bob@example.com", false, &list, &e) == 0 && list.count == 0);
	CHECK(invitation_is_pending(db, &invitation, &e) == 1);
	CHECK(invitation_forget(db, &invitation, &e) == 0 && invitation_is_pending(db, &invitation, &e) == 0);
	CHECK(invitation_insert(db, &invitation, other, &e) == 0);
	CHECK(invitation_remove_of_email(db, "ada@example.com", &e) == 0 && invitation_is_pending(db, &invitation, &e) == 1);
	CHECK(invitation_remove_of_email(db, "BOB@example.com", &e) == 0 && invitation_is_pending(db, &invitation, &e) == 0);
	CHECK(invitation_insert(db, &invitation, other, &e) == 0);
	CHECK(invitation_remove(db, world->project.id, invitation.id, &e) == 1);
	CHECK(invitation_remove(db, world->project.id, invitation.id, &e) == 0);
	invitation.project_id = 0;
	CHECK(invitation_insert(db, &invitation, hash, &e) == 0);
	CHECK(invitation_list_of_organization(db, arena, world->organization.id, &list, &e) == 0 && list.count == 1);
	invitation.expires_us = now_us() - 1;
	CHECK(invitation_insert(db, &invitation, hash, &e) == 0);
	CHECK(invitation_find(db, arena, 0, invitation.id, &found, &e) == 0);
}

static void test_join_requests(struct db *db, const struct world *world)
{
	struct join_request *found = NULL, request = { .project_id = world->project.id,
		.user_id = world->bob.id,
		.role = text("guest"),
		.expires_us = now_us() + US_PER_DAY };
	struct join_request_list list;
	CHECK(join_request_insert(db, &request, &e) == 0 && join_request_insert(db, &request, &e) == 0);
	CHECK(join_request_find(db, arena, world->project.id, request.id, &found, &e) == 1 &&
		str_eq(found->user_email, "bob@example.com"));
	CHECK(join_request_list_of_project(db, arena, world->project.id, &list, &e) == 0 && list.count == 1);
	CHECK(join_request_list_of_user(db, arena, world->bob.id, &list, &e) == 0 && list.count == 1);
	CHECK(join_request_remove(db, world->project.id, request.id, &e) == 1);
	CHECK(join_request_remove(db, world->project.id, request.id, &e) == 0);
	CHECK(join_request_insert(db, &request, &e) == 0 && join_request_forget(db, world->project.id, world->bob.id, &e) == 0);
	CHECK(join_request_find(db, arena, world->project.id, request.id, &found, &e) == 0);
}

static void test_manage_tokens(struct db *db, const struct world *world)
{
	struct manage_token *found = NULL,
			    token = { .user_id = world->ada.id, .description = text("CI"), .creator_id = world->ada.id };
	struct manage_token_list list;
	char *first = NULL, *second = NULL;
	uint8_t hash[SECRET_HASH_SIZE];
	CHECK(manage_token_insert(db, arena, &token, &first, &e) == 0);
	CHECK(manage_token_find(db, arena, token.id, &found, &e) == 1);
	secret_hash(first, strlen(first), hash);
	CHECK(secret_equal(hash, found->hash, sizeof(hash)));
	CHECK(manage_token_refresh(db, arena, token.id, &second, &e) == 0 && !str_eq(first, second));
	CHECK(manage_token_used(db, token.id, 12345, &e) == 0);
	CHECK(manage_token_find(db, arena, token.id, &found, &e) == 1 && found->last_used_us == 12345);
	CHECK(!secret_equal(hash, found->hash, sizeof(hash)));
	CHECK(manage_token_list(db, arena, world->ada.id, &list, &e) == 0 && list.count == 1);
	int64_t refreshed_us = found->refreshed_us;
	CHECK(manage_token_refresh(db, arena, token.id, &second, &e) == 0);
	CHECK(manage_token_find(db, arena, token.id, &found, &e) == 1 && found->refreshed_us > refreshed_us);
	CHECK(manage_token_remove(db, token.id, &e) == 0);
	CHECK(manage_token_find(db, arena, token.id, &found, &e) == 0);
	CHECK(manage_token_insert(db, arena, &token, &first, &e) == 0 && manage_token_remove_of_user(db, world->ada.id, &e) == 0);
	CHECK(manage_token_list(db, arena, world->ada.id, &list, &e) == 0 && list.count == 0);
}

/* What the ledger of revocations knows of a management token, against a row that is older. */
static void test_manage_token_marks(struct db *db, const struct world *world)
{
	struct manage_token *found = NULL,
			    token = { .user_id = world->ada.id, .description = text("CI"), .creator_id = world->ada.id };
	struct token_mark mark, now;
	char *string = NULL;
	CHECK(manage_token_insert(db, arena, &token, &string, &e) == 0);
	CHECK(token_mark_read(db, 0, token.id, &mark, &e) == 0 && mark.version == token.refreshed_us);
	CHECK(token_mark_apply(db, &mark, &e) == 0); /* as old as the row */
	CHECK(manage_token_find(db, arena, token.id, &found, &e) == 1 && secret_equal(token.hash, found->hash, SECRET_HASH_SIZE));
	mark.version++;
	CHECK(token_mark_apply(db, &mark, &e) == 1);
	CHECK(manage_token_find(db, arena, token.id, &found, &e) == 1 &&
		!secret_equal(token.hash, found->hash, SECRET_HASH_SIZE));
	CHECK(token_mark_read(db, 0, token.id, &now, &e) == 0 && now.version >= mark.version);
	mark.version = 0;
	CHECK(token_mark_apply(db, &mark, &e) == 1 && manage_token_find(db, arena, token.id, &found, &e) == 0);
	CHECK(token_mark_apply(db, &mark, &e) == 0);
	mark.token_id += 100;
	CHECK(token_ids_skip(db, &mark, &e) == 0 && manage_token_insert(db, arena, &token, &string, &e) == 0);
	CHECK(token.id > mark.token_id && manage_token_remove(db, token.id, &e) == 0);
}

static void test_sessions(struct db *db, const struct world *world)
{
	struct session *found = NULL, session = { .user_id = world->ada.id, .expires_us = now_us() + US_PER_DAY },
		       other = session;
	uint8_t hash[32], renewed[32];
	int64_t now = now_us();
	hash_of("cookie", hash);
	hash_of("renewed", renewed);
	CHECK(session_insert(db, &session, hash, &e) == 0);
	CHECK(session_find(db, arena, hash, now, now - US_PER_S, &found, &e) == 1 && found->id == session.id);
	CHECK(session_find(db, arena, hash, now, session.used_us, &found, &e) == 0); /* idle for too long */
	CHECK(session_find(db, arena, hash, session.expires_us, 0, &found, &e) == 0);
	CHECK(session_used(db, session.id, now + 5, &e) == 0 && session_lives(db, session.id, &e) == 1);
	CHECK(session_renew(db, session.id, renewed, &e) == 0);
	CHECK(session_find(db, arena, hash, now, 0, &found, &e) == 0 &&
		session_find(db, arena, renewed, now, 0, &found, &e) == 1);
	CHECK(session_insert(db, &other, hash, &e) == 0 && session_remove_of_user(db, world->ada.id, session.id, &e) == 0);
	CHECK(session_lives(db, other.id, &e) == 0 && session_lives(db, session.id, &e) == 1);
	CHECK(session_remove(db, session.id, &e) == 0 && session_lives(db, session.id, &e) == 0);
	CHECK(session_insert(db, &session, hash, &e) == 0 && session_sweep(db, now, session.used_us, &e) == 0);
	CHECK(session_lives(db, session.id, &e) == 0);
	CHECK(session_insert(db, &session, hash, &e) == 0 && session_remove_all(db, &e) == 0);
	CHECK(session_lives(db, session.id, &e) == 0);
}

static void test_attempts(struct db *db)
{
	struct attempts attempts;
	CHECK(attempts_find(db, "account:x", &attempts, &e) == 0 && attempts.failures == 0);
	CHECK(attempts_add(db, "account:x", 100, 0, &attempts, &e) == 0 && attempts.failures == 1);
	CHECK(attempts_add(db, "account:x", 200, 0, &attempts, &e) == 0 && attempts.failures == 2);
	CHECK(attempts_lock(db, "account:x", 500, &e) == 0);
	CHECK(attempts_find(db, "account:x", &attempts, &e) == 0 && attempts.locked_until_us == 500);
	CHECK(attempts_take_back(db, "account:x", &e) == 0);
	CHECK(attempts_find(db, "account:x", &attempts, &e) == 0 && attempts.failures == 1 && attempts.locked_until_us == 0);
	CHECK(attempts_add(db, "account:x", 9000, 8000, &attempts, &e) == 0 && attempts.failures == 1); /* forgotten */
	CHECK(attempts_clear(db, "account:x", &e) == 0);
	CHECK(attempts_find(db, "account:x", &attempts, &e) == 0 && attempts.failures == 0);
}

static void test_features(struct db *db)
{
	struct feature *found = NULL,
		       feature = { .name = text("f"), .type = text("admin"), .title = text("F"), .description = text("") };
	struct feature_list list;
	CHECK(feature_insert(db, &feature, &e) == 1 && feature_insert(db, &feature, &e) == 0);
	CHECK(feature_list(db, arena, NULL, &list, &e) == 0 && list.count == 1);
	CHECK(feature_list(db, arena, "project", &list, &e) == 0 && list.count == 0);
	CHECK(feature_list(db, arena, "admin", &list, &e) == 0 && list.count == 1);
	CHECK(feature_has_name(db, "f", "admin", &e) == 1 && feature_has_name(db, "f", "project", &e) == 0);
	feature = list.items[0];
	feature.title = text("New");
	CHECK(feature_update(db, &feature, &e) == 0);
	CHECK(feature_find(db, arena, feature.id, &found, &e) == 1 && str_eq(found->title, "New"));
	CHECK(feature_remove(db, feature.id, &e) == 0 && feature_find(db, arena, feature.id, &found, &e) == 0);
}

static void test_erasing(struct db *db, const struct world *world)
{
	struct user *found = NULL;
	CHECK(organization_user_add(db, world->organization.id, world->bob.id, &e) == 0);
	CHECK(maintainer_user_add(db, world->maintainer.id, world->bob.id, &e) == 0);
	CHECK(user_erase(db, world->bob.id, &e) == 0);
	CHECK(user_find_email(db, arena, "bob@example.com", &found, &e) == 0);
	CHECK(user_find(db, arena, world->bob.id, &found, &e) == 1 && found->is_disabled && !found->password_hash);
	CHECK(str_starts(found->email, USER_ERASED));
	CHECK(organization_has_user(db, world->organization.id, world->bob.id, &e) == 0);
	CHECK(maintainer_has_user(db, world->maintainer.id, world->bob.id, &e) == 0);
	CHECK(user_insert(db, &(struct user){ .email = text("bob@example.com"), .name = text("Another") }, &e) == 0);
}

static int test_all(struct db *db, void *arg, struct err *err)
{
	struct world world = { 0 };
	(void)arg;
	(void)err;
	test_users(db, &world);
	test_second_factor(db, &world);
	test_links(db, &world);
	test_maintainers(db, &world);
	test_organizations(db, &world);
	test_projects(db, &world);
	test_members(db, &world);
	test_invitations(db, &world);
	test_join_requests(db, &world);
	test_manage_tokens(db, &world);
	test_manage_token_marks(db, &world);
	test_sessions(db, &world);
	test_attempts(db);
	test_features(db);
	test_erasing(db, &world);
	return -1; /* nothing stays */
}

static void test_engine(const struct conf *conf)
{
	struct database *database = NULL;
	CHECK(database_open(conf, true, &database, &e) == 0);
	if (!database) {
		fprintf(stderr, "%s\n", err_text(&e));
		return;
	}
	CHECK(database_transact(database, test_all, NULL, &e) < 0);
	err_done(&e);
	database_close(database);
}

int main(void)
{
	arena = arena_new();
	on_engines(test_engine);
	arena_free(arena);
	return test_end();
}
