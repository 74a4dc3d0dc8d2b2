/* What the handlers of the blob endpoint share: who may, and the headers of every answer. The path is {container}/{blob*}. */
#ifndef API_BLOB_ADMIT_H
#define API_BLOB_ADMIT_H

#include "auth/sas.h"
#include "http/req.h"
#include "store/file.h"

enum need { NEED_READ, NEED_WRITE, NEED_LIST };

/* What needs no database: signature, time, permission. */
int blob_check_signature(struct req *rq, enum need need, struct sas *ret, struct err *e);
/* And the rest: the token that got the signature must still live, unchanged, and may still use the file (R13). */
int blob_admit(struct req *rq, enum need need, struct sas *ret_sas, struct file **ret, struct err *e);

void blob_common_headers(struct req *rq);
#define BLOB_TIME_SIZE 40
/* "Sun, 29 Nov 2026 13:47:20 GMT", into text, which is returned. */
char *blob_time_text(int64_t time_us, char text[BLOB_TIME_SIZE]);
void blob_header_time(struct req *rq, const char *name, int64_t time_us);

#endif
