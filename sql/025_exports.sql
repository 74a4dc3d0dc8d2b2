-- Exports that can be given again: the same parameters of the same rows are the same file.
CREATE TABLE exports (
	project_id BIGINT NOT NULL,
	key TEXT NOT NULL, -- fingerprint of the table's state and the export's parameters
	file_id BIGINT NOT NULL,
	created_us BIGINT NOT NULL,
	PRIMARY KEY (project_id, key)
);
CREATE INDEX exports_created ON exports (project_id, created_us);
-- What running jobs have reserved: a job that runs again after a crash writes to the same place, so that none is left over.
CREATE TABLE job_places (
	project_id BIGINT NOT NULL,
	job_id BIGINT NOT NULL,
	number BIGINT NOT NULL, -- of a table, or a file's id
	PRIMARY KEY (project_id, job_id)
);
