/* Mails: queued in the database by the transaction that wants them, sent by a thread of the mailer: by SMTP, or, with no server set, as
 * .eml files in <data>/outbox. A failed sending is tried again with growing pauses, for about a day. Never a secret in a mail but
 * links that open once. */
#ifndef WORK_MAIL_H
#define WORK_MAIL_H

#include "db/db.h"
#include "work/app.h"

/* Plain text in UTF-8; lines end with \n. All borrowed. */
struct mail {
	const char *to;
	const char *subject;
	const char *text;
	int64_t project_id; /* 0: of no project */
};
/* Inside a write: the mail leaves after the commit. ERR_VALIDATION when the address is none. */
int mail_queue(struct db *db, const struct mail *mail, struct err *e);

int mailer_start(struct app *app, struct mailer **ret, struct err *e);
/* Ends the thread; what is not sent waits for the next start. NULL is fine. */
void mailer_stop(struct mailer *mailer);
/* There is something in the queue: look now and not only at the next round. */
void mailer_wake(struct mailer *mailer);

#endif
