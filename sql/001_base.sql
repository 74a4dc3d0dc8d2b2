-- Migrations applied, and the sequences that number what we make. Both engines read these files; dates are microseconds since
-- 1970 UTC, switches are 0 or 1, JSON is text.
CREATE TABLE sequences (
	name TEXT PRIMARY KEY,
	last BIGINT NOT NULL
);
INSERT INTO sequences (name, last) VALUES
	('organization', 0), ('project', 0), ('user', 0), ('branch', 0), ('manage_token', 0), ('session', 0), ('invitation', 0),
	('token', 0), ('ticket', 1000), ('job', 0), ('file', 0), ('bucket', 0), ('table', 0), ('metadata', 0), ('snapshot', 0),
	('trigger', 0), ('configuration', 0), ('share', 0), ('column', 0), ('workspace', 0), ('maintainer', 0), ('feature', 0);
