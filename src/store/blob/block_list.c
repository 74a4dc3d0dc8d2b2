/* Reads the one XML document that we take: flat, three elements, no attributes, no entities. */
#include "store/blob/block_list.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* What is left to read. */
struct reader {
	const char *at, *end;
};

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && isspace((unsigned char)*reader->at))
		reader->at++;
}

/* Steps over the text when it stands here. */
static bool take(struct reader *reader, const char *text)
{
	size_t length = strlen(text);
	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, text, length) != 0)
		return false;
	reader->at += length;
	return true;
}

static bool take_after_blanks(struct reader *reader, const char *text)
{
	skip_blanks(reader);
	return take(reader, text);
}

static bool skip_prolog(struct reader *reader)
{
	take(reader, "\xef\xbb\xbf");
	if (!take_after_blanks(reader, "<?xml"))
		return true;
	const char *end = memmem(reader->at, (size_t)(reader->end - reader->at), "?>", 2);
	if (!end)
		return false;
	reader->at = end + 2;
	return true;
}

bool block_id_valid(const char *id)
{
	size_t length = strlen(id);
	if (!length || length > BLOB_BLOCK_ID_MAX || length % 4 != 0)
		return false;
	size_t letters = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
	size_t padding = strspn(id + letters, "=");
	return letters > 0 && padding <= 2 && letters + padding == length;
}

static int read_block(struct reader *reader, struct arena *arena, struct blob_block *ret, struct err *e)
{
	static const struct {
		const char *open, *close;
		enum blob_block_from from;
	} elements[] = {
		{ "<Latest>", "</Latest>", BLOB_LATEST },
		{ "<Uncommitted>", "</Uncommitted>", BLOB_UNCOMMITTED },
		{ "<Committed>", "</Committed>", BLOB_COMMITTED },
	};
	size_t i = 0, count = sizeof(elements) / sizeof(elements[0]);
	skip_blanks(reader);
	while (i < count && !take(reader, elements[i].open))
		i++;
	if (i == count)
		return fail(e, ERR_BLOB_XML, NULL);
	skip_blanks(reader);
	const char *start = reader->at;
	while (reader->at < reader->end && *reader->at != '<' && !isspace((unsigned char)*reader->at))
		reader->at++;
	ret->id = arena_strndup(arena, start, (size_t)(reader->at - start));
	ret->from = elements[i].from;
	if (!take_after_blanks(reader, elements[i].close))
		return fail(e, ERR_BLOB_XML, NULL);
	return ret->id && block_id_valid(ret->id) ? 0 : fail(e, ERR_BLOB_BLOCK_LIST, NULL);
}

/* An upper bound for the blocks: every one has two angles that open. */
static size_t count_blocks(const struct reader *reader)
{
	size_t angles = 0;
	for (const char *c = reader->at; c < reader->end; c++)
		angles += *c == '<';
	return angles / 2 + 1;
}

int block_list_parse(
	struct arena *arena, const char *text, size_t length, struct blob_block **ret, size_t *ret_count, struct err *e)
{
	struct reader reader = { text, text + length };
	size_t count = 0, most = count_blocks(&reader);
	struct blob_block *list = most > BLOB_BLOCKS_MAX + 2 ? NULL : arena_array(arena, struct blob_block, most);
	if (!list)
		return fail(e, ERR_BLOB_BLOCK_LIST, "The block list may not have more than %d blocks.", BLOB_BLOCKS_MAX);
	if (!skip_prolog(&reader))
		return fail(e, ERR_BLOB_XML, NULL);
	bool is_empty = take_after_blanks(&reader, "<BlockList/>") || take_after_blanks(&reader, "<BlockList />");
	if (!is_empty && !take_after_blanks(&reader, "<BlockList>"))
		return fail(e, ERR_BLOB_XML, NULL);
	while (!is_empty && !take_after_blanks(&reader, "</BlockList>")) {
		int rc = count < most ? read_block(&reader, arena, &list[count++], e) : fail(e, ERR_BLOB_XML, NULL);
		if (rc < 0)
			return rc;
	}
	skip_blanks(&reader);
	if (reader.at < reader.end)
		return fail(e, ERR_BLOB_XML, NULL);
	*ret = list;
	*ret_count = count;
	return 0;
}
