-- Keys and ways in of people: management tokens, sessions, invitations, second factors. No string in the clear (R07).
CREATE TABLE manage_tokens (
	id BIGINT PRIMARY KEY,
	user_id BIGINT NOT NULL,
	hash BYTEA NOT NULL,
	description TEXT NOT NULL,
	scopes TEXT NOT NULL DEFAULT '[]',
	created_us BIGINT NOT NULL,
	refreshed_us BIGINT NOT NULL,
	expires_us BIGINT NOT NULL DEFAULT 0,
	last_used_us BIGINT NOT NULL DEFAULT 0,
	is_session BIGINT NOT NULL DEFAULT 0,
	creator_id BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX manage_tokens_user ON manage_tokens (user_id);
CREATE TABLE sessions (
	id BIGINT PRIMARY KEY,
	user_id BIGINT NOT NULL,
	hash BYTEA NOT NULL UNIQUE,
	created_us BIGINT NOT NULL,
	used_us BIGINT NOT NULL,
	expires_us BIGINT NOT NULL,
	address TEXT NOT NULL DEFAULT '',
	user_agent TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_used ON sessions (used_us);
-- Wrong tries in a row of one account or from one address.
CREATE TABLE attempts (
	name TEXT PRIMARY KEY,
	failures BIGINT NOT NULL,
	last_us BIGINT NOT NULL,
	locked_until_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX attempts_last ON attempts (last_us);
CREATE TABLE recovery_codes (
	user_id BIGINT NOT NULL,
	hash BYTEA NOT NULL,
	PRIMARY KEY (user_id, hash)
);
-- Mailed links that activate an account or set a new password.
CREATE TABLE user_links (
	hash BYTEA PRIMARY KEY,
	user_id BIGINT NOT NULL,
	kind TEXT NOT NULL, -- activate, reset
	created_us BIGINT NOT NULL,
	expires_us BIGINT NOT NULL
);
CREATE INDEX user_links_user ON user_links (user_id);
CREATE TABLE invitations (
	project_id BIGINT NOT NULL, -- 0: to an organization
	id BIGINT NOT NULL,
	organization_id BIGINT NOT NULL,
	email TEXT NOT NULL,
	role TEXT NOT NULL DEFAULT '',
	reason TEXT NOT NULL DEFAULT '',
	hash BYTEA NOT NULL,
	created_us BIGINT NOT NULL,
	expires_us BIGINT NOT NULL,
	member_s BIGINT NOT NULL DEFAULT 0,
	creator_id BIGINT NOT NULL,
	PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX invitations_place ON invitations (project_id, organization_id, email);
CREATE INDEX invitations_email ON invitations (email);
CREATE INDEX invitations_hash ON invitations (hash);
CREATE TABLE join_requests (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	user_id BIGINT NOT NULL,
	role TEXT NOT NULL,
	reason TEXT NOT NULL DEFAULT '',
	created_us BIGINT NOT NULL,
	expires_us BIGINT NOT NULL,
	member_s BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX join_requests_user ON join_requests (user_id, project_id);
CREATE TABLE maintainer_users (
	maintainer_id BIGINT NOT NULL,
	user_id BIGINT NOT NULL,
	created_us BIGINT NOT NULL,
	PRIMARY KEY (maintainer_id, user_id)
);
CREATE TABLE features (
	id BIGINT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	type TEXT NOT NULL,
	title TEXT NOT NULL DEFAULT '',
	description TEXT NOT NULL DEFAULT '',
	created_us BIGINT NOT NULL
);
INSERT INTO sequences (name, last) VALUES ('join_request', 0);
CREATE INDEX projects_unemptied ON projects (id) WHERE purged_us > 0 AND is_emptied = 0;
CREATE INDEX organization_users_user ON organization_users (user_id);
CREATE INDEX project_users_expiry ON project_users (expires_us) WHERE expires_us > 0;
