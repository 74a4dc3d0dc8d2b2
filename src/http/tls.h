/* Certificate and key for direct TLS. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "base/conf.h"

#define TLS_PRIORITIES "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"

/* PEM texts; cert NULL: no TLS. */
struct tls {
	char *cert, *key;
};
/* Reads what conf names. ERR_DATA_INVALID when one is missing, can't be read, or the key is not the certificate's. */
int tls_read(const struct conf *conf, struct tls *ret, struct err *e);
void tls_done(struct tls *tls);

#endif
