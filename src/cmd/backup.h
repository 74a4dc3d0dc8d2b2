/* What backup and restore share. */
#ifndef CMD_BACKUP_H
#define CMD_BACKUP_H

#include <limits.h>

#include "base/conf.h"

#define BACKUP_MANIFEST "manifest.json"

/* <data>/name */
void house_path(const struct conf *conf, const char *name, char ret[PATH_MAX]);
/* folder/name */
void folder_path(const char *folder, const char *name, char ret[PATH_MAX]);

#endif
