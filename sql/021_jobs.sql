-- Jobs: waiting and running ones are the runner's work, ended ones are history.
CREATE TABLE jobs (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	branch_id BIGINT NOT NULL,
	token_id BIGINT NOT NULL,
	token_description TEXT NOT NULL,
	operation TEXT NOT NULL,
	table_id TEXT,
	bucket_id TEXT,
	lock_name TEXT NOT NULL DEFAULT '', -- jobs of one lock run one after another
	params TEXT NOT NULL,
	run_id TEXT NOT NULL,
	status TEXT NOT NULL, -- waiting, processing, success, error
	created_us BIGINT NOT NULL,
	started_us BIGINT NOT NULL DEFAULT 0,
	ended_us BIGINT NOT NULL DEFAULT 0,
	lease_us BIGINT NOT NULL DEFAULT 0, -- a processing job whose server said nothing since is run again
	results TEXT,
	error TEXT,
	metrics TEXT,
	address TEXT NOT NULL DEFAULT '',
	user_agent TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (project_id, id)
);
CREATE INDEX jobs_open ON jobs (status, id) WHERE ended_us = 0;
CREATE INDEX jobs_token ON jobs (project_id, token_id, id);
CREATE TABLE snapshots (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	table_number BIGINT NOT NULL,
	table_id TEXT NOT NULL,
	bucket_id TEXT NOT NULL, -- '' when the bucket is gone
	description TEXT NOT NULL DEFAULT '',
	created_us BIGINT NOT NULL,
	creator_token_id BIGINT NOT NULL,
	creator_description TEXT NOT NULL,
	data_file_id BIGINT NOT NULL,
	definition TEXT NOT NULL, -- the table as it was, with its metadata
	PRIMARY KEY (project_id, id)
);
CREATE INDEX snapshots_table ON snapshots (project_id, table_number, id);
