-- Triggers: a configuration is to run when one of the tables has changed.
CREATE TABLE triggers (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	component_id TEXT NOT NULL,
	configuration_id TEXT NOT NULL,
	run_with_token_id BIGINT NOT NULL,
	cool_down_minutes BIGINT NOT NULL,
	table_ids TEXT NOT NULL, -- JSON list
	last_run_us BIGINT NOT NULL,
	creator_token_id BIGINT NOT NULL,
	creator_description TEXT NOT NULL,
	PRIMARY KEY (project_id, id)
);
CREATE INDEX triggers_token ON triggers (project_id, run_with_token_id);
