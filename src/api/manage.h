/* What the files of the Management API share. */
#ifndef API_MANAGE_H
#define API_MANAGE_H

#include "auth/permit_manage.h"
#include "http/req.h"
#include "store/user.h"
#include "work/account_json.h"

/* Where a change in this project comes from: the person, not a token. */
struct origin manage_origin(struct req *rq, const struct project *project);
/* Records it in the project; params may be NULL and are stolen. Inside a write. */
struct manage_note {
	enum event_type type;
	int64_t id; /* of what it is about */
	const char *name;
	json_t *params;
};
int manage_record(struct req *rq, const struct project *project, struct manage_note note, struct err *e);

/* The project of path segment 0, for who needs it so. */
int manage_project(struct req *rq, enum project_need need, struct project **ret, struct err *e);

/* "role" of the body: one of the four, standard when it is absent (NULL: it must be there). */
int manage_role(struct req *rq, const char *standard, const char **ret, struct err *e);
/* "expirationSeconds" of the body: 0 when absent, at least 1. */
int manage_expiration(struct req *rq, int64_t *ret_seconds, struct err *e);
/* ERR_MANAGE_UNPROCESSABLE naming the key "email"; email may be NULL. */
int manage_check_email(const char *email, struct err *e);
/* The account that the body names by "id" or "email"; one that is not there is made and mailed its activation, one
 * that is deleted or disabled is refused. Inside a write. */
int manage_named_user(struct req *rq, struct user **ret, struct err *e);
/* The account with the id of path segment n, ERR_MANAGE_NOT_FOUND. */
int manage_path_user(struct req *rq, int n, struct user **ret, struct err *e);

/* A JSON array of count items. */
#define manage_list(list, to_json)                                                                                               \
	__extension__({                                                                                                          \
		json_t *array_ = json_array();                                                                                   \
		for (size_t i_ = 0; i_ < (list).count; i_++)                                                                     \
			json_array_append_new(array_, to_json(&(list).items[i_]));                                               \
		array_;                                                                                                          \
	})

#endif
