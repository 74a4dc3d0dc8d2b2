-- Configurations of components, their rows, and every version of both. A configuration's number is its key in the tables below:
-- an id may be purged and made anew. A row's version is part of the configuration's versions from_version <= v < until_version
-- (0: still).
CREATE TABLE configurations (
	project_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	branch_id BIGINT NOT NULL,
	component_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	is_disabled BIGINT NOT NULL,
	is_deleted BIGINT NOT NULL,
	configuration TEXT NOT NULL, -- JSON
	state TEXT NOT NULL, -- JSON, has no versions
	rows_sort_order TEXT NOT NULL, -- JSON list of row ids, [] until it is set
	created_us BIGINT NOT NULL,
	creator_token_id BIGINT NOT NULL,
	creator_description TEXT NOT NULL,
	version BIGINT NOT NULL,
	version_us BIGINT NOT NULL,
	version_token_id BIGINT NOT NULL,
	version_token_description TEXT NOT NULL,
	change_description TEXT NOT NULL,
	version_identifier TEXT NOT NULL,
	own_token_id BIGINT NOT NULL DEFAULT 0, -- R17; 0: it has none
	PRIMARY KEY (project_id, number)
);
CREATE UNIQUE INDEX configurations_id ON configurations (project_id, branch_id, component_id, id);
CREATE TABLE configuration_versions (
	project_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	version BIGINT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	is_disabled BIGINT NOT NULL,
	is_deleted BIGINT NOT NULL,
	configuration TEXT NOT NULL,
	rows_sort_order TEXT NOT NULL,
	version_us BIGINT NOT NULL,
	version_token_id BIGINT NOT NULL,
	version_token_description TEXT NOT NULL,
	change_description TEXT NOT NULL,
	version_identifier TEXT NOT NULL,
	PRIMARY KEY (project_id, number, version)
);
CREATE TABLE configuration_rows (
	project_id BIGINT NOT NULL,
	number BIGINT NOT NULL, -- of the configuration
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	is_disabled BIGINT NOT NULL,
	is_deleted BIGINT NOT NULL, -- kept, so that its version goes on when it is made anew
	configuration TEXT NOT NULL,
	state TEXT NOT NULL,
	created_us BIGINT NOT NULL,
	creator_token_id BIGINT NOT NULL,
	creator_description TEXT NOT NULL,
	version BIGINT NOT NULL,
	version_us BIGINT NOT NULL,
	version_token_id BIGINT NOT NULL,
	version_token_description TEXT NOT NULL,
	change_description TEXT NOT NULL,
	version_identifier TEXT NOT NULL,
	PRIMARY KEY (project_id, number, id)
);
CREATE TABLE configuration_row_versions (
	project_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	id TEXT NOT NULL,
	version BIGINT NOT NULL,
	from_version BIGINT NOT NULL,
	until_version BIGINT NOT NULL DEFAULT 0,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	is_disabled BIGINT NOT NULL,
	configuration TEXT NOT NULL,
	version_us BIGINT NOT NULL,
	version_token_id BIGINT NOT NULL,
	version_token_description TEXT NOT NULL,
	change_description TEXT NOT NULL,
	version_identifier TEXT NOT NULL,
	PRIMARY KEY (project_id, number, id, version)
);
