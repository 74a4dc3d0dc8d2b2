/* Signatures that anybody can check: made with a key that is derived from the server's, checked with the public one. The code is
 * in secret.c, the only user of libsodium. */
#ifndef BASE_SIGNATURE_H
#define BASE_SIGNATURE_H

#include <stdbool.h>

#define SIGNATURE_TEXT_SIZE 87
#define SIGNATURE_KEY_TEXT_SIZE 44

/* Ed25519 over the text, as URL-safe base64. secret_init() first. */
void signature_make(const char *text, char ret[SIGNATURE_TEXT_SIZE]);
void signature_public_key(char ret[SIGNATURE_KEY_TEXT_SIZE]);
/* False also for a key or a signature that is none. Needs no secret. */
bool signature_valid(const char *public_key, const char *text, const char *signature);

#endif
