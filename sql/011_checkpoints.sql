-- Signed checkpoints of each project's events: a chain of hashes that shows whether the history was changed afterwards.
CREATE TABLE checkpoints (
	project_id BIGINT NOT NULL,
	number BIGINT NOT NULL, -- from 1, without gaps
	from_id TEXT NOT NULL, -- events with from_id <= id < until_id
	until_id TEXT NOT NULL,
	event_count BIGINT NOT NULL,
	previous_hash TEXT NOT NULL,
	hash TEXT NOT NULL, -- of previous_hash and every event in turn
	signature TEXT NOT NULL,
	created_us BIGINT NOT NULL,
	PRIMARY KEY (project_id, number)
);
