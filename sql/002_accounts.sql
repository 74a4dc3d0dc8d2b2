-- People, organizations, projects, who is a member of what.
CREATE TABLE maintainers (
	id BIGINT PRIMARY KEY,
	name TEXT NOT NULL,
	created_us BIGINT NOT NULL
);
CREATE TABLE organizations (
	id BIGINT PRIMARY KEY,
	maintainer_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	created_us BIGINT NOT NULL,
	deleted_us BIGINT NOT NULL DEFAULT 0,
	allow_auto_join BIGINT NOT NULL DEFAULT 1
);
CREATE TABLE projects (
	id BIGINT PRIMARY KEY,
	organization_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	type TEXT NOT NULL DEFAULT 'production',
	created_us BIGINT NOT NULL,
	version BIGINT NOT NULL DEFAULT 1, -- grows with every change that a rendered token shows (R13)
	default_branch_id BIGINT NOT NULL,
	is_disabled BIGINT NOT NULL DEFAULT 0,
	disabled_reason TEXT NOT NULL DEFAULT '',
	disabled_until_us BIGINT NOT NULL DEFAULT 0, -- as announced; nothing happens by itself
	deleted_us BIGINT NOT NULL DEFAULT 0,
	deleted_by BIGINT NOT NULL DEFAULT 0,
	purged_us BIGINT NOT NULL DEFAULT 0,
	is_emptied BIGINT NOT NULL DEFAULT 0, -- purged, and nothing of its contents is left
	expires_us BIGINT NOT NULL DEFAULT 0,
	data_size_bytes BIGINT NOT NULL DEFAULT 0,
	rows_count BIGINT NOT NULL DEFAULT 0,
	features TEXT NOT NULL DEFAULT '[]',
	limits TEXT NOT NULL DEFAULT '{}', -- name -> value, beside the standard ones
	token_max_life_s BIGINT NOT NULL DEFAULT 0, -- policy: longest life of a new token, 0: none
	events_keep_days BIGINT NOT NULL DEFAULT 0 -- 0: the server's setting
);
CREATE INDEX projects_organization ON projects (organization_id);
CREATE TABLE users (
	id BIGINT PRIMARY KEY,
	email TEXT NOT NULL UNIQUE, -- lower case
	name TEXT NOT NULL,
	password_hash TEXT, -- null: not activated
	created_us BIGINT NOT NULL,
	is_super BIGINT NOT NULL DEFAULT 0,
	is_disabled BIGINT NOT NULL DEFAULT 0,
	features TEXT NOT NULL DEFAULT '[]',
	totp_sealed TEXT, -- null: no second factor
	totp_pending_sealed TEXT, -- set up, not proved yet
	totp_last_step BIGINT NOT NULL DEFAULT 0 -- a code is good once
);
CREATE TABLE organization_users (
	organization_id BIGINT NOT NULL,
	user_id BIGINT NOT NULL,
	created_us BIGINT NOT NULL,
	PRIMARY KEY (organization_id, user_id)
);
CREATE TABLE project_users (
	project_id BIGINT NOT NULL,
	user_id BIGINT NOT NULL,
	role TEXT NOT NULL,
	master_token_id BIGINT NOT NULL,
	created_us BIGINT NOT NULL,
	expires_us BIGINT NOT NULL DEFAULT 0,
	reason TEXT NOT NULL DEFAULT '',
	invited_by BIGINT NOT NULL DEFAULT 0,
	approved_by BIGINT NOT NULL DEFAULT 0, -- of a request to join; oneself who joined without asking
	PRIMARY KEY (project_id, user_id)
);
CREATE INDEX project_users_user ON project_users (user_id);
CREATE TABLE branches (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL DEFAULT '',
	created_us BIGINT NOT NULL,
	is_default BIGINT NOT NULL,
	creator_token_id BIGINT NOT NULL DEFAULT 0,
	creator_token_name TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (project_id, id)
);
