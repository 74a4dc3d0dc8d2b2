/* Secrets: the only user of libsodium. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/shortage.h"
#include "base/signature.h"
#include "base/str.h"

#define KEY_SIZE 32
_Static_assert(KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "one size for all keys");
_Static_assert(KEY_SIZE == crypto_auth_hmacsha256_KEYBYTES, "one size for all keys");

/* Set once by secret_init(), locked in memory; read by every thread. */
static struct {
	uint8_t sign[KEY_SIZE]; /* the root that purposes of secret_sign() are derived from */
	uint8_t seal[KEY_SIZE];
	/* The keyed state of secret_hash(), made once: setting the key costs as much as hashing a token. */
	crypto_generichash_state hash;
} keys;

static void own_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void derive(const uint8_t root[KEY_SIZE], const char *purpose, uint8_t ret[KEY_SIZE])
{
	crypto_generichash(ret, KEY_SIZE, (const uint8_t *)purpose, strlen(purpose), root, KEY_SIZE);
}

static int sync_folder_of(const char *path, struct err *e)
{
	own(own_free) char *folder = strdup(path);
	if (!folder)
		return fail(e, ERR_INTERNAL, "Out of memory");
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = 0;
	own(own_fd) int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return fail(e, ERR_INTERNAL, "The folder of the key file %s could not be synced: %s", path, strerror(errno));
	return 0;
}

/* Written beside and linked into place: a crash leaves no half key, and two servers that start together agree on one. */
static int key_make(const char *path, struct err *e)
{
	char temporary[PATH_MAX];
	uint8_t root[KEY_SIZE];
	if (snprintf(temporary, sizeof(temporary), "%s.%ld", path, (long)getpid()) >= (int)sizeof(temporary))
		return fail(e, ERR_INTERNAL, "The path of the key file is too long");
	own(own_fd) int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(e, ERR_INTERNAL, "The key file %s could not be made: %s", path, strerror(errno));
	randombytes_buf(root, sizeof(root));
	bool written = write(fd, root, sizeof(root)) == (ssize_t)sizeof(root) && fsync(fd) == 0;
	sodium_memzero(root, sizeof(root));
	bool linked = written && (link(temporary, path) == 0 || errno == EEXIST);
	int why = errno;
	unlink(temporary);
	if (!linked)
		return fail(e, ERR_INTERNAL, "The key file %s could not be written: %s", path, strerror(why));
	return sync_folder_of(path, e);
}

static int key_read(const char *path, uint8_t ret_root[KEY_SIZE], struct err *e)
{
	own(own_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	if (fd < 0 || fstat(fd, &info) < 0)
		return fail(e, ERR_INTERNAL, "The key file %s could not be opened: %s", path, strerror(errno));
	if (!S_ISREG(info.st_mode) || info.st_mode & (S_IRWXG | S_IRWXO))
		return fail(e, ERR_INTERNAL, "The key file %s may be read by others than its owner: chmod 600 it", path);
	if (info.st_size != KEY_SIZE || read(fd, ret_root, KEY_SIZE) != KEY_SIZE)
		return fail(e, ERR_INTERNAL, "The key file %s does not hold a key of %d bytes", path, KEY_SIZE);
	return 0;
}

int secret_init(const char *key_path, bool create, struct err *e)
{
	/* A generator in the process, seeded by the kernel: asking the kernel for each token and event id costs as much as storing one. */
	if (randombytes_set_implementation(&randombytes_internal_implementation) < 0 || sodium_init() < 0)
		return fail(e, ERR_INTERNAL, "The cryptographic library did not start");
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	if (create && access(key_path, F_OK) < 0) {
		int rc = key_make(key_path, e);
		if (rc < 0)
			return rc;
	}
	uint8_t root[KEY_SIZE], hash_key[KEY_SIZE];
	int rc = key_read(key_path, root, e);
	if (rc < 0)
		return rc;
	sodium_mlock(&keys, sizeof(keys)); /* not allowed everywhere; swap is then the operator's matter */
	derive(root, "chatelaine sign", keys.sign);
	derive(root, "chatelaine seal", keys.seal);
	derive(root, "chatelaine hash", hash_key);
	crypto_generichash_init(&keys.hash, hash_key, KEY_SIZE, SECRET_HASH_SIZE);
	sodium_memzero(root, sizeof(root));
	sodium_memzero(hash_key, sizeof(hash_key));
	return 0;
}

void secret_hash(const char *text, size_t length, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	crypto_generichash_state state = keys.hash;
	crypto_generichash_update(&state, (const uint8_t *)text, length);
	crypto_generichash_final(&state, ret_hash, SECRET_HASH_SIZE);
}

void plain_hash(const void *data, size_t length, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	crypto_generichash(ret_hash, SECRET_HASH_SIZE, data, length, NULL, 0);
}

bool secret_equal(const void *a, const void *b, size_t length)
{
	return sodium_memcmp(a, b, length) == 0;
}

#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64 sodium_base64_VARIANT_ORIGINAL

char *secret_seal(const char *text, const char *context)
{
	size_t length = strlen(text), size = NONCE_SIZE + length + TAG_SIZE;
	size_t text_size = sodium_base64_ENCODED_LEN(size, BASE64);
	own(own_free) uint8_t *sealed = malloc(size);
	char *ret = malloc(text_size);
	if (!sealed || !ret) {
		free(ret);
		return NULL;
	}
	randombytes_buf(sealed, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_SIZE, NULL, (const uint8_t *)text, length,
		(const uint8_t *)context, strlen(context), NULL, sealed, keys.seal);
	return sodium_bin2base64(ret, text_size, sealed, size, BASE64);
}

char *secret_open(const char *sealed, const char *context)
{
	size_t length = strlen(sealed), size;
	own(own_free) uint8_t *bytes = malloc(length + 1);
	if (!bytes || sodium_base642bin(bytes, length, sealed, length, NULL, &size, NULL, BASE64) != 0)
		return NULL;
	if (size < NONCE_SIZE + TAG_SIZE)
		return NULL;
	char *text = calloc(1, size - NONCE_SIZE - TAG_SIZE + 1);
	if (!text)
		return NULL;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)text, NULL, NULL, bytes + NONCE_SIZE, size - NONCE_SIZE,
		    (const uint8_t *)context, strlen(context), bytes, keys.seal) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

void secret_free(char *text)
{
	if (text)
		sodium_memzero(text, strlen(text));
	free(text);
}

void own_secret(char **text)
{
	secret_free(*text);
}

void secret_wipe(void *data, size_t length)
{
	sodium_memzero(data, length);
}

void secret_random_bytes(void *data, size_t length)
{
	randombytes_buf(data, length);
}

void secret_random_text(char *text, size_t length)
{
	static const char DIGITS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint8_t bytes[64];
	for (size_t done = 0; done < length;) {
		randombytes_buf(bytes, sizeof(bytes));
		/* 248 = 4 * 62: what is above would favour the first digits */
		for (size_t i = 0; i < sizeof(bytes) && done < length; i++)
			if (bytes[i] < 248)
				text[done++] = DIGITS[bytes[i] % 62];
	}
	text[length] = 0;
	sodium_memzero(bytes, sizeof(bytes));
}

char *password_hash(const char *password, struct err *e)
{
	char *hash = malloc(crypto_pwhash_STRBYTES);
	if (!hash || crypto_pwhash_str(hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
			     crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
		free(hash);
		fail_internal(e, ERR_UNAVAILABLE, "no memory to hash a password");
		return NULL;
	}
	return hash;
}

bool password_verify(const char *hash, const char *password)
{
	/* the library says "wrong" also when it had no memory to find out: there must be room for what it is about to take */
	void *room = mmap(NULL, crypto_pwhash_MEMLIMIT_INTERACTIVE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED) {
		shortage_note();
		return false;
	}
	munmap(room, crypto_pwhash_MEMLIMIT_INTERACTIVE);
	return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

void secret_sign(const char *purpose, const char *text, char ret[44])
{
	uint8_t key[KEY_SIZE], mac[crypto_auth_hmacsha256_BYTES];
	derive(keys.sign, purpose, key);
	crypto_auth_hmacsha256(mac, (const uint8_t *)text, strlen(text), key);
	sodium_bin2base64(ret, 44, mac, sizeof(mac), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(key, sizeof(key));
}

/* --- signatures ------------------------------------------------------------------------------------------------------------- */

static void signature_pair(uint8_t ret_public[crypto_sign_PUBLICKEYBYTES], uint8_t ret_secret[crypto_sign_SECRETKEYBYTES])
{
	uint8_t seed[KEY_SIZE];
	derive(keys.sign, "checkpoints", seed);
	crypto_sign_seed_keypair(ret_public, ret_secret, seed);
	sodium_memzero(seed, sizeof(seed));
}

void signature_make(const char *text, char ret[SIGNATURE_TEXT_SIZE])
{
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES], signature[crypto_sign_BYTES];
	signature_pair(public_key, secret_key);
	crypto_sign_detached(signature, NULL, (const uint8_t *)text, strlen(text), secret_key);
	sodium_bin2base64(ret, SIGNATURE_TEXT_SIZE, signature, sizeof(signature), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(secret_key, sizeof(secret_key));
}

void signature_public_key(char ret[SIGNATURE_KEY_TEXT_SIZE])
{
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
	signature_pair(public_key, secret_key);
	sodium_bin2base64(ret, SIGNATURE_KEY_TEXT_SIZE, public_key, sizeof(public_key), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(secret_key, sizeof(secret_key));
}

static bool from_base64(const char *text, uint8_t *ret, size_t size)
{
	size_t length;
	return sodium_base642bin(ret, size, text, strlen(text), NULL, &length, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) ==
		       0 &&
	       length == size;
}

bool signature_valid(const char *public_key, const char *text, const char *signature)
{
	uint8_t key[crypto_sign_PUBLICKEYBYTES], bytes[crypto_sign_BYTES];
	if (!from_base64(public_key, key, sizeof(key)) || !from_base64(signature, bytes, sizeof(bytes)))
		return false;
	return crypto_sign_verify_detached(bytes, (const uint8_t *)text, strlen(text), key) == 0;
}
