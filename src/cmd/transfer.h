/* Contents of files between this machine and the blob store that the server names. */
#ifndef CMD_TRANSFER_H
#define CMD_TRANSFER_H

#include "cmd/client.h"

/* Announces a local file and uploads it. options (stolen, an object) goes into the announcement: tags, isPermanent...; name and size are added.
 * *ret is the file as the server described it. */
int transfer_upload(struct client *client, const char *path, json_t *stolen_options, json_t **ret, struct err *e);
/* Downloads a file into a local one ("-": standard output), slices one after another; begin (may be NULL) is written first. Nothing is left at
 * path when it fails. */
int transfer_download(struct client *client, const char *file_id, const char *path, const char *begin, struct err *e);

#endif
