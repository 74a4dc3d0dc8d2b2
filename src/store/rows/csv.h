/* CSV: a streaming reader and a writer (RFC 4180: doubled enclosures, line ends inside of them, LF or CR LF). */
#ifndef STORE_ROWS_CSV_H
#define STORE_ROWS_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* More fields in one record are refused. */
#define CSV_FIELDS_MAX 4096

struct csv_dialect {
	char delimiter;
	char enclosure; /* 0: none */
	char escape;    /* 0: none; the byte after it is taken as it is. Never together with an enclosure */
};
/* Of the callers' options; NULL takes the standard one (`,` `"` none). "\t" may be spelled with a backslash.
 * ERR_CSV_INVALID: not one byte each; ERR_CSV_PARAMS: enclosure and escape together. */
int csv_dialect_parse(const char *delimiter, const char *enclosure, const char *escape, struct csv_dialect *ret, struct err *e);

/* Where the bytes come from: one or more streams (slices), each of whole records. */
struct csv_source {
	void *arg;
	/* At most size bytes into buffer; *ret_length 0 is the end of the stream. */
	int (*read)(void *arg, char *buffer, size_t size, size_t *ret_length, struct err *e);
	/* Goes to the next stream: 1 there is one, 0 there is none. NULL: there is one stream only. */
	int (*next)(void *arg, struct err *e);
};

struct csv_field {
	char *data; /* not ended by a NUL */
	size_t length;
	bool is_quoted;  /* stood in enclosures: "" is not the same as nothing */
	bool is_escaped; /* private */
};

struct csv_reader;

/* Memory is the longest record's, which record_max bounds, not the file's. A byte order mark at a stream's begin is dropped. */
int csv_open(const struct csv_dialect *dialect, const struct csv_source *source, size_t record_max, struct csv_reader **ret,
	struct err *e);
void csv_close(struct csv_reader *reader); /* NULL is fine */
void own_csv(struct csv_reader **reader);

/* Passes over so many lines as they stand in the file, whatever is in them. */
int csv_skip_lines(struct csv_reader *reader, int64_t count, struct err *e);
/* 1: a record, its fields live until the next call. 0: the end. Negative: ERR_CSV_INVALID (enclosures, sizes) or ERR_DATA_INVALID (not
 * UTF-8, NUL); the text says which record and byte. An empty line is a record of one empty field. */
int csv_read(struct csv_reader *reader, const struct csv_field **ret_fields, size_t *ret_count, struct err *e);
/* The number of the record read last, from 1, lines passed over not counted; and of bytes read before it in its stream. */
int64_t csv_record(const struct csv_reader *reader);
int64_t csv_offset(const struct csv_reader *reader);
/* All bytes read so far. */
int64_t csv_bytes(const struct csv_reader *reader);

/* Adds one record: every field enclosed in ", commas between, LF at the end. A NULL field is written as an empty one. */
void csv_write(struct buf *buf, const char *const *fields, const size_t *lengths, size_t count);

#endif
