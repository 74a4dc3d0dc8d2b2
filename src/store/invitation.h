/* Invitations to projects and organizations, and requests to join a project. */
#ifndef STORE_INVITATION_H
#define STORE_INVITATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

/* Of a project, or (project_id 0) of an organization. */
struct invitation {
	int64_t project_id, organization_id, id;
	char *email; /* lower case */
	char *role;  /* of a project */
	char *reason;
	int64_t created_us, expires_us;
	int64_t member_s; /* how long the membership will last, seconds; 0: for good */
	int64_t creator_id;
	char *creator_name, *creator_email;
	char *project_name, *organization_name; /* project_name NULL for an organization's */
	int64_t user_id;                        /* of the account with this address, 0: none yet */
	char *user_name;
};
struct invitation_list {
	struct invitation *items;
	size_t count;
};

/* Only those that have not expired are found. 1 found, 0 not found, negative failed. */
int invitation_find(struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct invitation **ret, struct err *e);
int invitation_find_hash(struct db *db, struct arena *arena, const uint8_t hash[32], struct invitation **ret, struct err *e);
int invitation_list_of_project(
	struct db *db, struct arena *arena, int64_t project_id, struct invitation_list *ret, struct err *e);
int invitation_list_of_organization(
	struct db *db, struct arena *arena, int64_t organization_id, struct invitation_list *ret, struct err *e);
/* to_projects: of projects, else of organizations. */
int invitation_list_of_email(
	struct db *db, struct arena *arena, const char *email, bool to_projects, struct invitation_list *ret, struct err *e);
/* In: everything but id, created_us and joined texts; hash is of the mailed link. An older invitation of the same address to the same place goes. */
int invitation_insert(struct db *db, struct invitation *invitation, const uint8_t hash[32], struct err *e);
/* Is this address invited to the place already? 1 yes, 0 no. In: project_id, organization_id, email. */
int invitation_is_pending(struct db *db, const struct invitation *invitation, struct err *e);
/* Whoever is in needs no invitation to it and no request to join any more. project_id 0: to the organization. */
int invitation_forget(struct db *db, const struct invitation *invitation, struct err *e);
int join_request_forget(struct db *db, int64_t project_id, int64_t user_id, struct err *e);
/* All that is addressed to an account that ends. */
int invitation_remove_of_email(struct db *db, const char *email, struct err *e);
/* 1 removed, 0 was not there. */
int invitation_remove(struct db *db, int64_t project_id, int64_t id, struct err *e);

struct join_request {
	int64_t project_id, id, user_id;
	char *role, *reason;
	int64_t created_us, expires_us, member_s;
	char *user_name, *user_email, *project_name;
};
struct join_request_list {
	struct join_request *items;
	size_t count;
};
int join_request_find(
	struct db *db, struct arena *arena, int64_t project_id, int64_t id, struct join_request **ret, struct err *e);
int join_request_list_of_project(
	struct db *db, struct arena *arena, int64_t project_id, struct join_request_list *ret, struct err *e);
int join_request_list_of_user(struct db *db, struct arena *arena, int64_t user_id, struct join_request_list *ret, struct err *e);
/* An older request of the same user to the same project goes. */
int join_request_insert(struct db *db, struct join_request *request, struct err *e);
int join_request_remove(struct db *db, int64_t project_id, int64_t id, struct err *e);

#endif
