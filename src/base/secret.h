/* Secrets: the only user of libsodium. Keys live here and nowhere else; nothing here is ever logged. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SECRET_HASH_SIZE 32
#define TOKEN_RANDOM_LENGTH 34
#define TOKEN_CHECK_LENGTH 6
#define TOKEN_SECRET_LENGTH (TOKEN_RANDOM_LENGTH + TOKEN_CHECK_LENGTH)

/* Loads the key file, making it (0600, synced) when it is not there and create is set. Locks the keys in memory and
 * turns off core dumps (R07). Call once. */
int secret_init(const char *key_path, bool create, struct err *e);

/* Keyed BLAKE2b-256 of a string: what is stored instead of a token (R07). */
void secret_hash(const char *text, size_t length, uint8_t ret_hash[SECRET_HASH_SIZE]);
/* Unkeyed BLAKE2b-256, for fingerprints of things that are no secrets (a request's body). */
void plain_hash(const void *data, size_t length, uint8_t ret_hash[SECRET_HASH_SIZE]);
/* Constant-time comparison. */
bool secret_equal(const void *a, const void *b, size_t length);

/* Seals text with a key that is not in the database (XChaCha20-Poly1305, random nonce). context is authenticated with it
 * ("token:<project>:<id>"), so that a sealed value can't be moved to another row. Base64 text, the caller's to free; NULL when memory is short. */
char *secret_seal(const char *text, const char *context);
/* The text again, the caller's to free through secret_free(); NULL when it was not sealed here with this context. */
char *secret_open(const char *sealed, const char *context);
/* Wipes and frees; text may be NULL. */
void secret_free(char *text);
void own_secret(char **text);
/* Overwrites; the compiler does not remove it. */
void secret_wipe(void *data, size_t length);

/* length random base62 characters and a NUL. */
void secret_random_text(char *text, size_t length);
void secret_random_bytes(void *data, size_t length);

/* The third part of a token: 34 random characters and 6 of checksum (CRC-32 of "<project>-<token>-<random>" in base62). */
void token_secret_make(int64_t project_id, int64_t token_id, char ret_secret[TOKEN_SECRET_LENGTH + 1]);
/* Reads "<projectId>-<tokenId>-<40 characters>" and checks the checksum; false for junk, without looking anything up. */
bool token_parse(const char *text, int64_t *ret_project_id, int64_t *ret_token_id);

/* Argon2id. The hash is the caller's to free. Takes about 50 ms on purpose: never on a loop. */
char *password_hash(const char *password, struct err *e);
bool password_verify(const char *hash, const char *password);

/* HMAC-SHA256 of text with a key derived for purpose ("sas", "csrf"...), as URL-safe base64 without padding; ret holds 44 bytes. */
void secret_sign(const char *purpose, const char *text, char ret[44]);
/* RFC 6238 code of a base32 secret at a time; -1 when the secret is not base32. Six digits. */
int totp_code(const char *secret_base32, int64_t time_us);

#endif
