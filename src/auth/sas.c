/* Signed addresses of contents: made, read, checked. */
#include "auth/sas.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"

#define SERVICE_VERSION "2017-11-09"
#define SIGNATURE_LENGTH 43

/* The letters of base64 that mean something in a query are replaced: clients decode and encode as they like. */
static void sign(const char *text, char ret[44])
{
	secret_sign("sas", text, ret);
	for (char *c = ret; *c; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
}

/* Lengths stand before the texts, so that no text can reach into the next. */
static char *canonical(const struct sas_text *text, const char *container, const char *name)
{
	bool is_blob = str_eq(text->resource, "b");
	const char *parts[] = { text->resource, container, is_blob ? name : "", text->identifier, text->starts, text->expires,
		text->permissions };
	struct buf buf = { 0 };
	buf_puts(&buf, "sas1");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		buf_printf(&buf, "\n%zu:%s", strlen(parts[i]), parts[i]);
	return buf_take(&buf);
}

static char *time_make(struct arena *arena, int64_t time_us)
{
	time_t seconds = time_us / US_PER_S;
	struct tm tm;
	char text[32];
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_strdup(arena, text);
}

/* ':' as clients escape it; nothing else in our values needs it. */
static char *escape_colons(struct arena *arena, const char *text)
{
	struct buf buf = { 0 };
	for (; *text; text++)
		*text == ':' ? buf_puts(&buf, "%3A") : buf_putc(&buf, *text);
	char *copy = arena_strdup(arena, buf.data);
	buf_done(&buf);
	return copy;
}

char *sas_make(struct arena *arena, const struct sas *sas, const char *container, const char *name)
{
	char signature[44];
	struct sas_text text = {
		.resource = sas->is_blob ? "b" : "c",
		.identifier = arena_printf(arena, "%lld.%lld", (long long)sas->token_id, (long long)sas->token_version),
		.starts = time_make(arena, sas->starts_us),
		.expires = time_make(arena, sas->expires_us),
		.permissions = arena_printf(arena, "%s%s%s", sas->read ? "r" : "", sas->write ? "w" : "", sas->list ? "l" : ""),
	};
	if (!text.identifier || !text.starts || !text.expires || !text.permissions)
		return NULL;
	char *signed_text = canonical(&text, container, name);
	if (!signed_text)
		return NULL;
	sign(signed_text, signature);
	free(signed_text);
	return arena_printf(arena, "sv=" SERVICE_VERSION "&sr=%s&si=%s&st=%s&se=%s&sp=%s&sig=%s", text.resource, text.identifier,
		escape_colons(arena, text.starts), escape_colons(arena, text.expires), text.permissions, signature);
}

bool sas_time_read(const char *text, int64_t *ret_us)
{
	struct tm tm = { 0 };
	if (strlen(text) != 20)
		return false;
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end)
		return false;
	*ret_us = (int64_t)timegm(&tm) * US_PER_S;
	return true;
}

static bool identifier_read(const char *text, struct sas *ret)
{
	char token[24];
	const char *dot = strchr(text, '.');
	if (!dot || (size_t)(dot - text) >= sizeof(token))
		return false;
	memcpy(token, text, (size_t)(dot - text));
	token[dot - text] = '\0';
	return str_to_i64(token, &ret->token_id) && str_to_i64(dot + 1, &ret->token_version) && ret->token_id > 0;
}

static bool permissions_read(const char *text, struct sas *ret)
{
	for (; *text; text++) {
		bool *flag = *text == 'r' ? &ret->read : *text == 'w' ? &ret->write : *text == 'l' ? &ret->list : NULL;
		if (!flag || *flag)
			return false;
		*flag = true;
	}
	return true;
}

bool sas_read(const struct sas_text *text, struct sas *ret)
{
	struct sas sas = { 0 };
	if (!text->resource || !text->identifier || !text->starts || !text->expires || !text->permissions || !text->signature)
		return false;
	sas.is_blob = str_eq(text->resource, "b");
	if (!sas.is_blob && !str_eq(text->resource, "c"))
		return false;
	if (!sas_time_read(text->starts, &sas.starts_us) || !sas_time_read(text->expires, &sas.expires_us))
		return false;
	if (!identifier_read(text->identifier, &sas) || !permissions_read(text->permissions, &sas))
		return false;
	*ret = sas;
	return true;
}

bool sas_signed(const struct sas_text *text, const char *container, const char *name)
{
	char signature[44];
	char *signed_text = canonical(text, container, name);
	if (!signed_text)
		return false;
	sign(signed_text, signature);
	free(signed_text);
	return strlen(text->signature) == SIGNATURE_LENGTH && secret_equal(signature, text->signature, SIGNATURE_LENGTH);
}

bool sas_check(const struct sas_text *text, const char *container, const char *name, int64_t now_us, struct sas *ret)
{
	struct sas sas;
	if (!sas_read(text, &sas) || !sas_signed(text, container, name))
		return false;
	if (now_us < sas.starts_us || now_us >= sas.expires_us)
		return false;
	*ret = sas;
	return true;
}
