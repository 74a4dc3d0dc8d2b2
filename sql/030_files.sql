-- Files: what is known about them. Contents are blobs, kept outside the database.
CREATE TABLE files (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	branch_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	container TEXT NOT NULL,
	blob TEXT NOT NULL,
	created_us BIGINT NOT NULL,
	expires_us BIGINT NOT NULL DEFAULT 0, -- 0: permanent
	max_age_days BIGINT NOT NULL DEFAULT 0,
	size_bytes BIGINT NOT NULL DEFAULT -1, -- as declared, -1: not declared
	is_sliced BIGINT NOT NULL DEFAULT 0,
	is_public BIGINT NOT NULL DEFAULT 0,
	is_encrypted BIGINT NOT NULL DEFAULT 1,
	notify BIGINT NOT NULL DEFAULT 0,
	file_type TEXT,
	source_bucket_id TEXT, -- made from this bucket's data: only who may read the bucket may read the file (R09)
	creator_token_id BIGINT NOT NULL,
	creator_description TEXT NOT NULL,
	run_id TEXT,
	run_ids TEXT NOT NULL DEFAULT '[]',
	tags TEXT NOT NULL DEFAULT '[]',
	contents_removed BIGINT NOT NULL DEFAULT 0, -- expired: the row stays a while for showExpired
	PRIMARY KEY (project_id, id)
);
CREATE INDEX files_creator ON files (project_id, creator_token_id, id);
CREATE INDEX files_expiry ON files (expires_us) WHERE expires_us > 0;
-- The same tags and run ids as in the row, to be found by.
CREATE TABLE file_tags (
	project_id BIGINT NOT NULL,
	tag TEXT NOT NULL,
	file_id BIGINT NOT NULL,
	PRIMARY KEY (project_id, tag, file_id)
);
CREATE INDEX file_tags_file ON file_tags (project_id, file_id);
CREATE TABLE file_runs (
	project_id BIGINT NOT NULL,
	run_id TEXT NOT NULL,
	file_id BIGINT NOT NULL,
	PRIMARY KEY (project_id, run_id, file_id)
);
CREATE INDEX file_runs_file ON file_runs (project_id, file_id);
-- Tokens that were given another token's cached export.
CREATE TABLE file_readers (
	project_id BIGINT NOT NULL,
	token_id BIGINT NOT NULL,
	file_id BIGINT NOT NULL,
	PRIMARY KEY (project_id, token_id, file_id)
);
CREATE INDEX file_readers_file ON file_readers (project_id, file_id);
-- Contents whose file is gone, waiting for the sweeper.
CREATE TABLE file_graves (
	project_id BIGINT NOT NULL,
	container TEXT NOT NULL,
	removed_us BIGINT NOT NULL,
	PRIMARY KEY (project_id, container)
);
