/* The XML body that names the blocks of a blob. */
#ifndef STORE_BLOB_BLOCK_LIST_H
#define STORE_BLOB_BLOCK_LIST_H

#include "store/blob/blob.h"

/* <BlockList><Latest>id</Latest>...</BlockList>, ids copied into the arena. ERR_BLOB_XML for anything else, ERR_BLOB_BLOCK_LIST
 * for an id that is none or too many of them. text needs no NUL at its end. */
int block_list_parse(
	struct arena *arena, const char *text, size_t length, struct blob_block **ret, size_t *ret_count, struct err *e);
/* One to 64 bytes as base64. */
bool block_id_valid(const char *id);

#endif
