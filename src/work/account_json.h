/* People and places as JSON: the same in the Management API and for the pages. All results are the caller's; NULL when memory is short. */
#ifndef WORK_ACCOUNT_JSON_H
#define WORK_ACCOUNT_JSON_H

#include <jansson.h>

#include "store/feature.h"
#include "store/invitation.h"
#include "store/maintainer.h"
#include "store/manage_token.h"
#include "store/member.h"
#include "store/organization.h"
#include "store/project.h"
#include "store/user.h"

/* {"id","name","email"} */
json_t *person_json(int64_t id, const char *name, const char *email);
json_t *user_json(const struct user *user);
json_t *maintainer_json(const struct maintainer *maintainer);
json_t *organization_json(const struct organization *organization);
json_t *organization_user_json(const struct organization_user *user);
/* organization may be NULL */
json_t *project_json(const struct project *project, const struct organization *organization);
json_t *member_json(const struct member *member);
json_t *invitation_json(const struct invitation *invitation);
json_t *join_request_json(const struct join_request *request);
json_t *manage_token_json(const struct manage_token *token);
json_t *feature_json(const struct feature *feature);
/* A JSON array or object kept as text; an empty array when it is broken. */
json_t *json_kept(const char *text);

#endif
