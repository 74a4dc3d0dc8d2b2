/* People and places as JSON: the same in the Management API and for the pages. */
#include "work/account_json.h"

#include "base/clock.h"
#include "base/json_read.h"
#include "base/own.h"
#include "base/str.h"
#include "work/resource_json.h"

json_t *json_kept(const char *text)
{
	json_t *value = text ? json_read(text, 0) : NULL;
	return value ? value : json_array();
}

json_t *person_json(int64_t id, const char *name, const char *email)
{
	return json_pack("{s:I, s:s?, s:s?}", "id", (json_int_t)id, "name", name, "email", email);
}

json_t *user_json(const struct user *user)
{
	const char *email = user_is_erased(user) ? "DELETED" : user->email;
	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:b, s:b, s:b, s:b, s:b}", "id", (json_int_t)user->id, "name", user->name,
		"email", email, "created", json_time(user->created_us), "features", json_kept(user->features), "isSuperAdmin",
		user->is_super, "mfaEnabled", user->totp_sealed != NULL, "isDisabled", user->is_disabled, "isActivated",
		user->password_hash != NULL, "canAccessLogs", user->is_super);
}

json_t *maintainer_json(const struct maintainer *maintainer)
{
	return json_pack("{s:I, s:s, s:o, s:n}", "id", (json_int_t)maintainer->id, "name", maintainer->name, "created",
		json_time(maintainer->created_us), "zendeskUrl");
}

json_t *organization_json(const struct organization *organization)
{
	struct maintainer maintainer = { organization->maintainer_id, organization->maintainer_name,
		organization->maintainer_created_us };
	return json_pack("{s:I, s:s, s:o, s:b, s:b, s:n, s:n, s:o}", "id", (json_int_t)organization->id, "name",
		organization->name, "created", json_time(organization->created_us), "allowAutoJoin",
		organization->allow_auto_join, "mfaRequired", false, "crmId", "activityCenterProjectId", "maintainer",
		maintainer_json(&maintainer));
}

json_t *organization_user_json(const struct organization_user *user)
{
	return json_pack("{s:I, s:s, s:s, s:o, s:s, s:b, s:o}", "id", (json_int_t)user->user_id, "name", user->name, "email",
		user->email, "created", json_time(user->created_us), "status", "active", "isActivated", user->is_activated,
		"invitor", json_null());
}

static json_t *limit_json(const char *name, json_t *stolen_value)
{
	return json_pack("{s:s, s:o}", "name", name, "value", stolen_value);
}

static json_t *limits_json(const char *text)
{
	json_t *limits = json_object();
	json_t *value;
	own(own_json) json_t *kept = json_kept(text);
	const char *name;
	for (const struct project_limit *limit = PROJECT_LIMITS; limit->name; limit++)
		json_object_set_new(limits, limit->name, limit_json(limit->name, json_integer(limit->value)));
	json_object_foreach(kept, name, value) {
		json_object_set_new(limits, name, limit_json(name, json_incref(value)));
	}
	return limits;
}

static json_t *metrics_json(const struct project *project)
{
	json_t *metrics = json_object();
	json_object_set_new(
		metrics, "storage.dataSizeBytes", limit_json("storage.dataSizeBytes", json_integer(project->data_size_bytes)));
	json_object_set_new(metrics, "storage.rowsCount", limit_json("storage.rowsCount", json_integer(project->rows_count)));
	return metrics;
}

static void project_json_state(json_t *made, const struct project *project)
{
	json_object_set_new(made, "isDisabled", json_boolean(project->is_disabled));
	json_object_set_new(made, "disabled",
		project->is_disabled ? json_pack("{s:s, s:o}", "reason", project->disabled_reason, "estimatedEndTime",
					       json_time(project->disabled_until_us))
				     : json_null());
	json_object_set_new(made, "isDeleted", json_boolean(project->deleted_us > 0));
	if (project->deleted_us == 0)
		return;
	json_object_set_new(made, "deletedTime", json_time(project->deleted_us));
	json_object_set_new(made, "deletedBy", json_pack("{s:I}", "id", (json_int_t)project->deleted_by));
	json_object_set_new(made, "isPurged", json_boolean(project->is_emptied));
	json_object_set_new(made, "purgedTime", json_time(project->purged_us));
}

/* Where contents live: one place for all projects. */
static void project_json_places(json_t *made)
{
	json_object_set_new(
		made, "backends", json_pack("{s:{s:i, s:s, s:s}}", "snowflake", "id", 1, "host", "localhost", "region", "local"));
	json_object_set_new(made, "fileStorage",
		json_pack("{s:i, s:s, s:s, s:s, s:s}", "id", 1, "provider", "azure", "region", "local", "accountName", "local",
			"containerName", "files"));
}

json_t *project_json(const struct project *project, const struct organization *organization)
{
	json_t *made = json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:s, s:[s], s:s, s:I, s:I, s:{s:I}}",
		"id", (json_int_t)project->id, "name", project->name, "type", project->type, "region", "local", "created",
		json_time(project->created_us), "expires", json_time(project->expires_us), "features",
		json_kept(project->features), "limits", limits_json(project->limits), "metrics", metrics_json(project),
		"dataSizeBytes", (json_int_t)project->data_size_bytes, "rowsCount", (json_int_t)project->rows_count,
		"defaultBackend", "snowflake", "assignedBackends", "snowflake", "fileStorageProvider", "azure", "eventsKeepDays",
		(json_int_t)project->events_keep_days, "tokenMaxLifeSeconds", (json_int_t)project->token_max_life_s,
		"organization", "id", (json_int_t)project->organization_id);
	if (!made)
		return NULL;
	project_json_state(made, project);
	project_json_places(made);
	if (organization)
		json_object_set_new(made, "organization", organization_json(organization));
	return made;
}

json_t *member_json(const struct member *member)
{
	json_t *made = json_pack("{s:I, s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:b, s:b, s:I}", "id",
		(json_int_t)member->user_id, "name", member->name, "email", member->email, "features",
		json_kept(member->features), "role", member->role, "status", "active", "reason", member->reason, "created",
		json_time(member->created_us), "expires", json_time(member->expires_us), "isActivated", member->is_activated,
		"mfaEnabled", member->has_second_factor, "masterTokenId", (json_int_t)member->master_token_id);
	if (!made)
		return NULL;
	json_object_set_new(made, "invitor",
		member->invited_by ? person_json(member->invited_by, member->invitor_name, member->invitor_email) : json_null());
	json_object_set_new(made, "approver",
		member->approved_by ? person_json(member->approved_by, member->approver_name, member->approver_email)
				    : json_null());
	return made;
}

json_t *invitation_json(const struct invitation *invitation)
{
	const char *name = invitation->user_name ? invitation->user_name : invitation->email;
	json_t *user = json_pack("{s:o, s:s, s:s}", "id", invitation->user_id ? json_integer(invitation->user_id) : json_null(),
		"name", name, "email", invitation->email);
	json_t *made = json_pack("{s:I, s:o, s:o, s:s, s:o, s:o}", "id", (json_int_t)invitation->id, "created",
		json_time(invitation->created_us), "expires", json_time(invitation->expires_us), "reason", invitation->reason,
		"user", user, "creator",
		person_json(invitation->creator_id, invitation->creator_name, invitation->creator_email));
	if (!made)
		return NULL;
	if (invitation->project_id) {
		json_object_set_new(made, "role", json_string(invitation->role));
		json_object_set_new(
			made, "expirationSeconds", invitation->member_s ? json_integer(invitation->member_s) : json_null());
		json_object_set_new(made, "project",
			json_pack("{s:I, s:s?}", "id", (json_int_t)invitation->project_id, "name", invitation->project_name));
	}
	json_object_set_new(made, "organization",
		json_pack("{s:I, s:s?}", "id", (json_int_t)invitation->organization_id, "name", invitation->organization_name));
	return made;
}

json_t *join_request_json(const struct join_request *request)
{
	return json_pack("{s:I, s:o, s:o, s:s, s:s, s:o, s:o, s:{s:I, s:s}}", "id", (json_int_t)request->id, "created",
		json_time(request->created_us), "expires", json_time(request->expires_us), "role", request->role, "reason",
		request->reason, "expirationSeconds", request->member_s ? json_integer(request->member_s) : json_null(), "user",
		person_json(request->user_id, request->user_name, request->user_email), "project", "id",
		(json_int_t)request->project_id, "name", request->project_name);
}

json_t *manage_token_json(const struct manage_token *token)
{
	int64_t now = now_us();
	return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o}", "id", (json_int_t)token->id, "description",
		token->description, "created", json_time(token->created_us), "refreshed", json_time(token->refreshed_us),
		"lastUsed", json_time(token->last_used_us), "expires", json_time(token->expires_us), "isSessionToken",
		token->is_session, "isExpired", token->expires_us > 0 && token->expires_us <= now, "isDisabled", false, "scopes",
		json_kept(token->scopes));
}

json_t *feature_json(const struct feature *feature)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:b, s:b}", "id", (json_int_t)feature->id, "name", feature->name, "type",
		feature->type, "title", feature->title, "description", feature->description, "created",
		json_time(feature->created_us), "canBeManageByAdmin", false, "canBeManagedViaAPI", true);
}
