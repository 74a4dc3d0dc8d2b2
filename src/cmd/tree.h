/* Folders copied whole. */
#ifndef CMD_TREE_H
#define CMD_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct tree_sum {
	int64_t files, bytes;
};
/* Copies what is below from into to (made, 0700). Files that end in .db are copied as databases, their logs left out. What
 * goes away meanwhile is passed over; a folder that is not there is an empty one. Nothing is overwritten. */
int tree_copy(const char *from, const char *to, struct tree_sum *sum, struct err *e);
/* One plain file, 0600. */
int file_copy(const char *from, const char *to, struct tree_sum *sum, struct err *e);
/* Everything written to the file system of path is on the disk afterwards. */
int tree_sync(const char *path, struct err *e);
/* Not there, or nothing in it. */
bool folder_is_empty(const char *path);
/* A folder with all that is in it. */
int tree_remove(const char *path, struct err *e);

#endif
