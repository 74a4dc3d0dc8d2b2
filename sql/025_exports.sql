-- Exports that can be given again: the same parameters of the same rows are the same file.
CREATE TABLE exports (
	project_id BIGINT NOT NULL,
	key TEXT NOT NULL, -- fingerprint of the table's state and the export's parameters
	file_id BIGINT NOT NULL,
	created_us BIGINT NOT NULL,
	PRIMARY KEY (project_id, key)
);
CREATE INDEX exports_created ON exports (project_id, created_us);
