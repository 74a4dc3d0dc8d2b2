-- Tokens: never a string in the clear. hash finds and proves, sealed serves the retrieval link (R06, R07).
CREATE TABLE tokens (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	version BIGINT NOT NULL DEFAULT 1, -- grows with every change that must be seen at once (R13)
	hash BYTEA NOT NULL,
	sealed TEXT NOT NULL,
	description TEXT NOT NULL,
	created_us BIGINT NOT NULL,
	refreshed_us BIGINT NOT NULL,
	expires_us BIGINT NOT NULL DEFAULT 0,
	creator_token_id BIGINT NOT NULL DEFAULT 0,
	creator_description TEXT,
	admin_id BIGINT NOT NULL DEFAULT 0,
	is_master BIGINT NOT NULL DEFAULT 0,
	is_disabled BIGINT NOT NULL DEFAULT 0,
	can_manage_buckets BIGINT NOT NULL DEFAULT 0,
	can_read_all_files BIGINT NOT NULL DEFAULT 0,
	can_purge_trash BIGINT NOT NULL DEFAULT 0,
	can_create_jobs BIGINT NOT NULL DEFAULT 0,
	bucket_permissions TEXT NOT NULL DEFAULT '{}',
	component_access TEXT NOT NULL DEFAULT '[]',
	addresses TEXT NOT NULL DEFAULT '[]',
	requests_per_minute BIGINT NOT NULL DEFAULT 0,
	last_used_us BIGINT NOT NULL DEFAULT 0,
	last_used_address TEXT NOT NULL DEFAULT '',
	notified_us BIGINT NOT NULL DEFAULT 0, -- the latest expiry notice
	PRIMARY KEY (project_id, id)
);
CREATE INDEX tokens_admin ON tokens (admin_id);
CREATE INDEX tokens_expiry ON tokens (expires_us) WHERE expires_us > 0;
-- Links that reveal a token once its recipient's address is typed (R12).
CREATE TABLE token_links (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	token_id BIGINT NOT NULL,
	token_refreshed_us BIGINT NOT NULL, -- the link is of this string of the token and dies with it
	hash BYTEA NOT NULL,
	recipient TEXT NOT NULL,
	message TEXT NOT NULL DEFAULT '',
	sender_token_id BIGINT NOT NULL,
	created_us BIGINT NOT NULL,
	expires_us BIGINT NOT NULL,
	opened_us BIGINT NOT NULL DEFAULT 0,
	retrieved_us BIGINT NOT NULL DEFAULT 0,
	revoked_us BIGINT NOT NULL DEFAULT 0,
	wrong_tries BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (project_id, id)
);
CREATE INDEX token_links_token ON token_links (project_id, token_id);
CREATE INDEX token_links_expiry ON token_links (expires_us);
-- Answers of create and refresh that may be given once more: by Idempotency-Key for 24 hours, or because the reply was
-- provably not delivered for 60 seconds; until the new string's first use. The string itself is the token's sealed one.
CREATE TABLE token_replays (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	caller_token_id BIGINT NOT NULL,
	caller_hash BYTEA NOT NULL, -- hash of the string that the caller used
	request_hash BYTEA NOT NULL, -- method, path, body
	key_hash BYTEA, -- of the Idempotency-Key, null: none was sent
	address TEXT NOT NULL,
	token_id BIGINT NOT NULL, -- the token whose new string was answered
	token_refreshed_us BIGINT NOT NULL, -- the answer is of this string of the token and dies with it
	is_undelivered BIGINT NOT NULL DEFAULT 0,
	is_spent BIGINT NOT NULL DEFAULT 0, -- the new string was used
	expires_us BIGINT NOT NULL,
	PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX token_replays_key ON token_replays (project_id, caller_token_id, key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX token_replays_caller ON token_replays (project_id, caller_token_id) WHERE key_hash IS NULL;
CREATE INDEX token_replays_token ON token_replays (project_id, token_id);
CREATE INDEX token_replays_expiry ON token_replays (expires_us);
INSERT INTO sequences (name, last) VALUES ('replay', 0);
