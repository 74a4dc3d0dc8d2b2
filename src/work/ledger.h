/* The ledger of revocations: <data>/revocations.log, kept outside backups, so that a restored backup brings no revoked token
 * back. Every change that must be seen at once (R13) writes the token's new version there, on the disk, before its transaction
 * commits; after the commit it is marked as done. A database in which a token is older than the ledger says has been restored
 * from an older copy: all that the ledger knows is then applied to it (store/token_ledger.h). Numbers only, no secret. */
#ifndef WORK_LEDGER_H
#define WORK_LEDGER_H

#include "base/conf.h"
#include "db/db.h"

struct ledger;

/* Opens or makes the ledger of a server, applies it when the database is older, and watches the database from then on. Refuses a
 * second server on the embedded engine. */
int ledger_open(const struct conf *conf, struct database *database, struct ledger **ret, struct err *e);
/* After the database was closed; NULL is fine. */
void ledger_close(struct ledger *ledger);
/* Applies a ledger's file to a database that was just restored; a file that is not there is an empty one. */
int ledger_apply(struct database *database, const char *path, int64_t *ret_revoked, struct err *e);

#endif
