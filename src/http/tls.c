/* Certificate and key for direct TLS, checked before the server starts with them. */
#include "http/tls.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/secret.h"

enum { PEM_MOST = 1 << 20 };

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file ? calloc(1, PEM_MOST + 1) : NULL;
	if (text && (fread(text, 1, PEM_MOST, file) == 0 || ferror(file))) {
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text;
}

static bool pair_fits(const struct tls *tls)
{
	gnutls_certificate_credentials_t credentials;
	if (gnutls_certificate_allocate_credentials(&credentials) < 0)
		return false;
	const gnutls_datum_t cert = { (unsigned char *)tls->cert, (unsigned)strlen(tls->cert) };
	const gnutls_datum_t key = { (unsigned char *)tls->key, (unsigned)strlen(tls->key) };
	int rc = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
	gnutls_certificate_free_credentials(credentials);
	return rc >= 0;
}

int tls_read(const struct conf *conf, struct tls *ret, struct err *e)
{
	*ret = (struct tls){ 0 };
	if (!*conf->tls_cert && !*conf->tls_key)
		return 0;
	if (!*conf->tls_cert || !*conf->tls_key)
		return fail(e, ERR_DATA_INVALID, "TLS needs both, tls_cert and tls_key.");
	ret->cert = read_file(conf->tls_cert);
	ret->key = read_file(conf->tls_key);
	if (!ret->cert || !ret->key)
		return fail(e, ERR_DATA_INVALID, "%s can't be read.", ret->cert ? conf->tls_key : conf->tls_cert);
	if (!pair_fits(ret))
		return fail(e, ERR_DATA_INVALID, "%s and %s are no certificate and its key.", conf->tls_cert, conf->tls_key);
	return 0;
}

void tls_done(struct tls *tls)
{
	if (tls->key)
		secret_wipe(tls->key, strlen(tls->key));
	free(tls->cert);
	free(tls->key);
	*tls = (struct tls){ 0 };
}
