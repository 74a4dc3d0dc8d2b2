/* CSV in a dialect that the first three bytes choose (if a caller may), read in pieces of the fourth byte's size. */
#include "fuzz.h"

#include "store/rows/csv.h"

struct input {
	const uint8_t *data;
	size_t size, piece;
};

static int read_piece(void *arg, char *buffer, size_t size, size_t *ret_length, struct err *e)
{
	(void)e;
	struct input *input = arg;
	size_t length = input->size < input->piece ? input->size : input->piece;
	if (length > size)
		length = size;
	if (length)
		memcpy(buffer, input->data, length);
	input->data += length;
	input->size -= length;
	*ret_length = length;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	const char delimiter[] = { (char)data[0], 0 }, escape[] = { (char)data[2], 0 };
	struct csv_dialect dialect;
	if (csv_dialect_parse(delimiter, data[1] & 1 ? "\"" : "", data[1] & 1 ? NULL : escape, &dialect, NULL) < 0)
		return 0;
	struct input input = { data + 4, size - 4, (size_t)data[3] + 1 };
	struct csv_source source = { &input, read_piece, NULL };
	struct csv_reader *reader = NULL;
	struct err e = { 0 };
	if (csv_open(&dialect, &source, 4096, &reader, &e) == 0) {
		const struct csv_field *fields;
		size_t count, total = 0;
		while (csv_read(reader, &fields, &count, &e) == 1)
			for (size_t i = 0; i < count; i++)
				total += fields[i].length;
		if (total > size)
			abort();
		csv_close(reader);
	}
	err_done(&e);
	return 0;
}
