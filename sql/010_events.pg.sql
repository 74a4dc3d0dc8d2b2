-- What happened, one row per operation of a token (R14). Ids are UUIDs of version 7: their order is the order of time, so pages,
-- sinceId, retention and the months' partitions are ranges of the key. Texts that are not there are ''.
-- The program makes a month's partition ahead of time (store/event_keep.c); what comes before that lands in events_rest.
CREATE TABLE events (
	project_id BIGINT NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	created_us BIGINT NOT NULL,
	branch_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	component TEXT NOT NULL,
	configuration_id TEXT NOT NULL,
	message TEXT NOT NULL,
	description TEXT NOT NULL,
	level TEXT NOT NULL,
	run_id TEXT COLLATE "C" NOT NULL,
	object_type TEXT NOT NULL,
	object_id TEXT COLLATE "C" NOT NULL,
	object_name TEXT NOT NULL,
	token_id BIGINT NOT NULL,
	token_name TEXT NOT NULL,
	operation TEXT NOT NULL,
	outcome TEXT NOT NULL,
	address TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	client_agent TEXT NOT NULL,
	referer TEXT NOT NULL,
	via TEXT NOT NULL,
	is_async BIGINT NOT NULL,
	duration_s DOUBLE PRECISION,
	params TEXT NOT NULL,
	results TEXT NOT NULL,
	attachments TEXT NOT NULL,
	PRIMARY KEY (project_id, id)
) PARTITION BY RANGE (id);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_token ON events (project_id, token_id, id);
CREATE INDEX events_object ON events (project_id, object_id, id) WHERE object_id <> '';
CREATE INDEX events_run ON events (project_id, run_id, id) WHERE run_id <> '';
DO $$
DECLARE
	from_time TIMESTAMP;
	bounds TEXT[];
BEGIN
	FOR i IN 0..2 LOOP
		from_time := date_trunc('month', now() AT TIME ZONE 'UTC') + i * INTERVAL '1 month';
		SELECT array_agg(lpad(to_hex(ms >> 16), 8, '0') || '-' || lpad(to_hex(ms & 65535), 4, '0') ORDER BY ms) INTO bounds
			FROM (SELECT CAST(extract(epoch FROM t) AS BIGINT) * 1000 AS ms
				FROM (VALUES (from_time), (from_time + INTERVAL '1 month')) AS times (t)) AS numbers;
		EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
			'events_' || to_char(from_time, 'YYYY_MM'), bounds[1], bounds[2]);
	END LOOP;
END
$$;
