/* The routing table: the tables of all resource files, one line each, sorted by name. */
#include "http/route.h"

extern const struct route ACCOUNT_LINK_ROUTES[];
extern const struct route ALIAS_ROUTES[];
extern const struct route BLOB_LIST_ROUTES[];
extern const struct route BLOB_ROUTES[];
extern const struct route BRANCH_ROUTES[];
extern const struct route BUCKET_ROUTES[];
extern const struct route COMPONENT_ROUTES[];
extern const struct route CONFIG_METADATA_ROUTES[];
extern const struct route CONFIG_ROUTES[];
extern const struct route CONFIG_ROW_ROUTES[];
extern const struct route CONFIG_ROW_VERSION_ROUTES[];
extern const struct route CONFIG_VERSION_ROUTES[];
extern const struct route EVENT_ROUTES[];
extern const struct route FILE_ROUTES[];
extern const struct route HEALTH_ROUTES[];
extern const struct route IMPORT_ROUTES[];
extern const struct route INDEX_ROUTES[];
extern const struct route JOB_ROUTES[];
extern const struct route MANAGE_FEATURE_ROUTES[];
extern const struct route MANAGE_INVITATION_ROUTES[];
extern const struct route MANAGE_MAINTAINER_ROUTES[];
extern const struct route MANAGE_MEMBER_ROUTES[];
extern const struct route MANAGE_ORGANIZATION_ROUTES[];
extern const struct route MANAGE_PROJECT_ROUTES[];
extern const struct route MANAGE_PROJECT_TOKEN_ROUTES[];
extern const struct route MANAGE_TOKEN_ROUTES[];
extern const struct route MANAGE_USER_ROUTES[];
extern const struct route METADATA_ROUTES[];
extern const struct route OPENAPI_ROUTES[];
extern const struct route RETRIEVAL_ROUTES[];
extern const struct route ROW_ROUTES[];
extern const struct route SEARCH_ROUTES[];
extern const struct route SEARCH_TABLE_ROUTES[];
extern const struct route SERVICE_ROUTES[];
extern const struct route SESSION_ROUTES[];
extern const struct route SNAPSHOT_ROUTES[];
extern const struct route STATS_ROUTES[];
extern const struct route TABLE_COLUMN_ROUTES[];
extern const struct route TABLE_ROUTES[];
extern const struct route TICKET_ROUTES[];
extern const struct route TOKEN_LINK_ROUTES[];
extern const struct route TOKEN_ROUTES[];
extern const struct route TRIGGER_ROUTES[];
extern const struct route WEBALIZE_ROUTES[];

const struct route *const ROUTE_TABLES[] = {
	ACCOUNT_LINK_ROUTES,
	ALIAS_ROUTES,
	BLOB_LIST_ROUTES,
	BLOB_ROUTES,
	BRANCH_ROUTES,
	BUCKET_ROUTES,
	COMPONENT_ROUTES,
	CONFIG_METADATA_ROUTES,
	CONFIG_ROUTES,
	CONFIG_ROW_ROUTES,
	CONFIG_ROW_VERSION_ROUTES,
	CONFIG_VERSION_ROUTES,
	EVENT_ROUTES,
	FILE_ROUTES,
	HEALTH_ROUTES,
	IMPORT_ROUTES,
	INDEX_ROUTES,
	JOB_ROUTES,
	MANAGE_FEATURE_ROUTES,
	MANAGE_INVITATION_ROUTES,
	MANAGE_MAINTAINER_ROUTES,
	MANAGE_MEMBER_ROUTES,
	MANAGE_ORGANIZATION_ROUTES,
	MANAGE_PROJECT_ROUTES,
	MANAGE_PROJECT_TOKEN_ROUTES,
	MANAGE_TOKEN_ROUTES,
	MANAGE_USER_ROUTES,
	METADATA_ROUTES,
	OPENAPI_ROUTES,
	RETRIEVAL_ROUTES,
	ROW_ROUTES,
	SEARCH_ROUTES,
	SEARCH_TABLE_ROUTES,
	SERVICE_ROUTES,
	SESSION_ROUTES,
	SNAPSHOT_ROUTES,
	STATS_ROUTES,
	TABLE_COLUMN_ROUTES,
	TABLE_ROUTES,
	TICKET_ROUTES,
	TOKEN_LINK_ROUTES,
	TOKEN_ROUTES,
	TRIGGER_ROUTES,
	WEBALIZE_ROUTES,
	NULL,
};
