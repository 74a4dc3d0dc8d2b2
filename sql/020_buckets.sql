-- Buckets, tables with their columns, what was said about them (metadata), and the places of rows that still have to be dropped.
CREATE TABLE buckets (
	project_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	id TEXT NOT NULL, -- "in.c-main"
	stage TEXT NOT NULL,
	name TEXT NOT NULL, -- "c-main"
	display_name TEXT NOT NULL,
	description TEXT NOT NULL DEFAULT '',
	color TEXT,
	backend TEXT NOT NULL,
	created_us BIGINT NOT NULL,
	changed_us BIGINT NOT NULL DEFAULT 0,
	updated_us BIGINT NOT NULL DEFAULT 0,
	rows_count BIGINT NOT NULL DEFAULT 0,
	data_size_bytes BIGINT NOT NULL DEFAULT 0,
	owner_id BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (project_id, number)
);
CREATE UNIQUE INDEX buckets_id ON buckets (project_id, id);
CREATE INDEX buckets_display_name ON buckets (project_id, display_name);
CREATE TABLE tables (
	project_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	bucket_number BIGINT NOT NULL,
	bucket_id TEXT NOT NULL,
	name TEXT NOT NULL,
	id TEXT NOT NULL, -- bucket_id.name
	display_name TEXT NOT NULL,
	created_us BIGINT NOT NULL,
	last_import_us BIGINT NOT NULL DEFAULT 0,
	last_change_us BIGINT NOT NULL DEFAULT 0,
	rows_count BIGINT NOT NULL DEFAULT 0,
	data_size_bytes BIGINT NOT NULL DEFAULT 0,
	primary_key TEXT NOT NULL DEFAULT '[]', -- names
	next_column BIGINT NOT NULL DEFAULT 1,
	is_typed BIGINT NOT NULL DEFAULT 0,
	state BIGINT NOT NULL DEFAULT 1,
	source_number BIGINT NOT NULL DEFAULT 0, -- alias: number of the table or alias that it shows
	alias_filter TEXT,
	alias_columns TEXT, -- names; null: all of the source
	PRIMARY KEY (project_id, number)
);
CREATE UNIQUE INDEX tables_id ON tables (project_id, id);
CREATE INDEX tables_bucket ON tables (project_id, bucket_number, number);
CREATE INDEX tables_source ON tables (project_id, source_number, number) WHERE source_number > 0;
CREATE TABLE table_columns (
	project_id BIGINT NOT NULL,
	table_number BIGINT NOT NULL,
	number BIGINT NOT NULL, -- also its place: new columns come last
	name TEXT NOT NULL,
	definition TEXT,
	PRIMARY KEY (project_id, table_number, number)
);
CREATE TABLE metadata (
	project_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	kind TEXT NOT NULL, -- bucket, table, column, branch
	object_number BIGINT NOT NULL, -- a column's: of its table
	column_name TEXT NOT NULL DEFAULT '',
	provider TEXT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	changed_us BIGINT NOT NULL,
	PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX metadata_object ON metadata (project_id, kind, object_number, column_name, provider, key);
CREATE INDEX metadata_key ON metadata (project_id, key);
CREATE TABLE dropped_rows (
	project_id BIGINT NOT NULL,
	bucket_number BIGINT NOT NULL,
	table_number BIGINT NOT NULL,
	PRIMARY KEY (project_id, table_number)
);
CREATE INDEX tokens_with_buckets ON tokens (project_id) WHERE bucket_permissions <> '{}'; -- those that a dropped bucket may concern
