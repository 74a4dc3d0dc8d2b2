-- What happened, one row per operation of a token (R14). Ids are UUIDs of version 7: their order is the order of time, so pages,
-- sinceId and retention are ranges of the key. Texts that are not there are ''.
CREATE TABLE events (
	project_id BIGINT NOT NULL,
	id TEXT NOT NULL,
	created_us BIGINT NOT NULL,
	branch_id BIGINT NOT NULL,
	name TEXT NOT NULL, -- "storage.tableCreated", "ext.<component>.<configuration>"
	component TEXT NOT NULL,
	configuration_id TEXT NOT NULL,
	message TEXT NOT NULL,
	description TEXT NOT NULL,
	level TEXT NOT NULL, -- info, success, warn, error
	run_id TEXT NOT NULL,
	object_type TEXT NOT NULL,
	object_id TEXT NOT NULL,
	object_name TEXT NOT NULL,
	token_id BIGINT NOT NULL, -- 0: the server itself
	token_name TEXT NOT NULL,
	operation TEXT NOT NULL, -- read, write, manage
	outcome TEXT NOT NULL, -- success, refused, error
	address TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	client_agent TEXT NOT NULL,
	referer TEXT NOT NULL,
	via TEXT NOT NULL,
	is_async BIGINT NOT NULL,
	duration_s DOUBLE PRECISION, -- null: not told
	params TEXT NOT NULL, -- JSON or ''
	results TEXT NOT NULL,
	attachments TEXT NOT NULL,
	PRIMARY KEY (project_id, id)
) WITHOUT ROWID;
CREATE INDEX events_token ON events (project_id, token_id, id);
CREATE INDEX events_object ON events (project_id, object_id, id) WHERE object_id <> '';
CREATE INDEX events_run ON events (project_id, run_id, id) WHERE run_id <> '';
-- How selective they are, for the planner: it would guess that a project has few events and read them all.
ANALYZE sequences;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('events', 'events', '1000000 100000 1'), ('events', 'events_token', '1000000 100000 1000 1'),
	('events', 'events_object', '500000 100000 500 1'), ('events', 'events_run', '100000 50000 50 1');
