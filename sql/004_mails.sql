-- Mails that wait to be sent. The text is sealed: it may hold a link that opens something (R07).
CREATE TABLE mails (
	project_id BIGINT NOT NULL, -- 0: of no project
	id BIGINT NOT NULL,
	recipient TEXT NOT NULL,
	subject TEXT NOT NULL,
	sealed TEXT NOT NULL,
	created_us BIGINT NOT NULL,
	next_us BIGINT NOT NULL, -- tried not before
	tries BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (project_id, id)
);
CREATE INDEX mails_next ON mails (next_us);
INSERT INTO sequences (name, last) VALUES ('mail', 0);
