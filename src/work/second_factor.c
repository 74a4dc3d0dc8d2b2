/* The second factor of signing in. */
#include "work/second_factor.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/secret.h"

#define STEP_US (30 * US_PER_S)
#define SECRET_LENGTH 32 /* of base32: 160 bits */
#define RECOVERY_LENGTH 12

static char *seal_context(struct arena *arena, int64_t user_id)
{
	return arena_printf(arena, "totp:%lld", (long long)user_id);
}

int second_factor_setup(struct db *db, struct arena *arena, const struct user *user, char **ret_secret, struct err *e)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t bytes[SECRET_LENGTH];
	char *secret = arena_alloc(arena, SECRET_LENGTH + 1);
	char *context = seal_context(arena, user->id);
	if (!secret || !context)
		return fail_internal(e, ERR_INTERNAL, "no memory for a second factor");
	secret_random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < SECRET_LENGTH; i++)
		secret[i] = alphabet[bytes[i] & 31];
	secret_wipe(bytes, sizeof(bytes));
	own(own_free) char *sealed = secret_seal(secret, context);
	if (!sealed)
		return fail_internal(e, ERR_INTERNAL, "no memory for a second factor");
	*ret_secret = secret;
	return user_set_totp_pending(db, user->id, sealed, e);
}

/* The step (30 s) at which the app shows this code, one earlier or later allowed for clocks that differ; 0: none. */
static int64_t matching_step(struct arena *arena, int64_t user_id, const char *sealed, const char *code)
{
	own(own_secret) char *secret = secret_open(sealed, seal_context(arena, user_id));
	int64_t now = now_us(), step = 0;
	if (!secret || strlen(code) != 6)
		return 0;
	for (int64_t i = -1; i <= 1; i++) {
		char expected[16];
		snprintf(expected, sizeof(expected), "%06d", totp_code(secret, now + i * STEP_US));
		if (secret_equal(expected, code, 6))
			step = now / STEP_US + i;
	}
	return step;
}

/* Groups and case are for the eye only. */
static void recovery_hash(int64_t user_id, const char *code, uint8_t ret_hash[SECRET_HASH_SIZE])
{
	char text[64];
	size_t length = (size_t)snprintf(text, sizeof(text), "recovery:%lld:", (long long)user_id);
	for (; *code && length + 1 < sizeof(text); code++)
		if (isalnum((unsigned char)*code))
			text[length++] = (char)tolower((unsigned char)*code);
	secret_hash(text, length, ret_hash);
	secret_wipe(text, sizeof(text));
}

static int recovery_make(struct db *db, struct arena *arena, int64_t user_id, char *ret_codes[RECOVERY_CODES], struct err *e)
{
	uint8_t hashes[RECOVERY_CODES][SECRET_HASH_SIZE];
	for (int i = 0; i < RECOVERY_CODES; i++) {
		char text[RECOVERY_LENGTH + 1];
		secret_random_text(text, RECOVERY_LENGTH);
		for (char *c = text; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (!(ret_codes[i] = arena_printf(arena, "%.4s-%.4s-%.4s", text, text + 4, text + 8)))
			return fail_internal(e, ERR_INTERNAL, "no memory for recovery codes");
		recovery_hash(user_id, ret_codes[i], hashes[i]);
	}
	return recovery_set(db, user_id, (const uint8_t(*)[32])hashes, RECOVERY_CODES, e);
}

int second_factor_enable(struct db *db, struct arena *arena, const struct user *user, const char *code,
	char *ret_codes[RECOVERY_CODES], struct err *e)
{
	if (!user->totp_pending_sealed)
		return fail(e, ERR_MANAGE_VALIDATION, "Set the second factor up first.");
	int64_t step = matching_step(arena, user->id, user->totp_pending_sealed, code);
	if (!step)
		return fail(e, ERR_MANAGE_VALIDATION, "The code is not right. Is the clock of your device?");
	int rc = user_set_totp(db, user->id, user->totp_pending_sealed, e);
	if (rc < 0 || (rc = user_use_totp_step(db, user->id, step, e)) < 0)
		return rc;
	return recovery_make(db, arena, user->id, ret_codes, e);
}

int second_factor_check(struct db *db, struct arena *arena, const struct user *user, const char *code, struct err *e)
{
	uint8_t hash[SECRET_HASH_SIZE];
	int64_t step = matching_step(arena, user->id, user->totp_sealed, code);
	if (step)
		return user_use_totp_step(db, user->id, step, e);
	recovery_hash(user->id, code, hash);
	return recovery_use(db, user->id, hash, e);
}

int second_factor_disable(struct db *db, int64_t user_id, struct err *e)
{
	int rc = user_set_totp(db, user_id, NULL, e);
	return rc < 0 ? rc : recovery_set(db, user_id, NULL, 0, e);
}
