/* A string that grows: bytes with a length, always ended by a NUL that the length does not count. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise ({0}); buf_done() frees. failed is set when memory was short and stays set: check it once at the end. */
struct buf {
	char *data;
	size_t length;
	size_t size;
	bool failed;
};

void buf_add(struct buf *buf, const void *data, size_t length);
void buf_puts(struct buf *buf, const char *s);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for length more bytes; false when memory is short. */
bool buf_reserve(struct buf *buf, size_t length);

/* Empties it, keeps its memory. */
void buf_clear(struct buf *buf);
/* The text, the caller's to free(); buf is empty afterwards. NULL when it failed. */
char *buf_take(struct buf *buf);
void buf_done(struct buf *buf);

#endif
