/* Uploads in one piece or in blocks, downloads whole files or slice by slice. */
#include "cmd/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fetch.h"
#include "base/own.h"
#include "base/str.h"
#include "cmd/progress.h"

#define ONE_PIECE_MAX INT64_C(67108864)
#define BLOCK_SIZE INT64_C(16777216)
#define BLOB_VERSION "x-ms-version: 2021-12-02"
#define COPY_SIZE 262144

/* A place in the blob store. */
struct place {
	const char *endpoint, *signature; /* of the connection string */
	const char *container, *name;
};

/* Encodes what may not stand in a path; slashes stay. */
static char *escape_path(struct client *client, const char *text)
{
	struct buf buf = { 0 };
	for (; *text; text++) {
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/", *text))
			buf_putc(&buf, *text);
		else
			buf_printf(&buf, "%%%02X", (unsigned char)*text);
	}
	char *copy = arena_strdup(client->arena, buf.data ? buf.data : "");
	buf_done(&buf);
	return copy;
}

/* "BlobEndpoint=...;SharedAccessSignature=..." */
static bool read_connection(struct client *client, const char *text, struct place *place)
{
	static const char END[] = ";SharedAccessSignature=";
	const char *end = text ? strstr(text, END) : NULL;
	if (!end || !str_starts(text, "BlobEndpoint="))
		return false;
	text += strlen("BlobEndpoint=");
	place->endpoint = arena_strndup(client->arena, text, (size_t)(end - text));
	place->signature = arena_strndup(client->arena, end + strlen(END), strcspn(end + strlen(END), ";"));
	return true;
}

static const char *text_of(struct client *client, json_t *object, const char *key)
{
	return arena_strdup(client->arena, json_string_value(json_object_get(object, key)));
}

/* Of a file's JSON: where to write (prepare) or to read (federationToken). */
static int find_place(struct client *client, json_t *file, bool write, struct place *ret, struct err *e)
{
	json_t *params = json_object_get(file, write ? "absUploadParams" : "absPath");
	json_t *credentials = json_object_get(write ? params : file, "absCredentials");
	ret->container = text_of(client, params, "container");
	ret->name = text_of(client, params, write ? "blobName" : "name");
	if (!ret->container || !ret->name ||
		!read_connection(client, json_string_value(json_object_get(credentials, "SASConnectionString")), ret))
		return fail(e, ERR_DATA_INVALID, "the server keeps its files where this program cannot reach them");
	return 0;
}

static char *blob_url(struct client *client, const struct place *place, const char *name, const char *query)
{
	return arena_printf(client->arena, "%s/%s/%s?%s%s", place->endpoint, place->container, escape_path(client, name), query,
		place->signature);
}

/* The store's answer is an error: its code, never its address (the signature is in it). */
static int fail_store(const struct fetch *fetch, const char *what, struct err *e)
{
	char code[64];
	bool known = fetch_header(fetch, "x-ms-error-code", code, sizeof(code));
	enum err_code kind = fetch->status == 404 ? ERR_NOT_FOUND : fetch->status == 403 ? ERR_ACCESS_DENIED : ERR_DATA_INVALID;
	return fail(e, kind, "%s: the store answered %d%s%s", what, fetch->status, known ? " " : "", known ? code : "");
}

/* --- up ------------------------------------------------------------------------------------------------------------------- */

struct upload {
	struct client *client;
	struct place place;
	const char *path;
	int64_t size;
	struct progress progress;
};

static int put(struct upload *upload, struct fetch *fetch, struct err *e)
{
	static const char *const headers[] = { "x-ms-blob-type: BlockBlob", "Content-Type: application/octet-stream",
		BLOB_VERSION, NULL };
	fetch->method = "PUT";
	fetch->headers = headers;
	fetch->ca_file = upload->client->ca_file;
	fetch->progress = progress_bytes;
	fetch->progress_arg = &upload->progress;
	int rc = fetch_run(fetch, e);
	if (rc == 0 && fetch->status != 201)
		rc = fail_store(fetch, upload->path, e);
	fetch_done(fetch);
	return rc;
}

static int put_whole(struct upload *upload, struct err *e)
{
	struct fetch fetch = { .url = blob_url(upload->client, &upload->place, upload->place.name, "") };
	fetch.body_path = upload->size ? upload->path : NULL;
	return put(upload, &fetch, e);
}

static int put_block(struct upload *upload, int64_t number, struct err *e)
{
	int64_t offset = number * BLOCK_SIZE;
	const char *query = arena_printf(upload->client->arena, "comp=block&blockid=%012lld&", (long long)number);
	struct fetch fetch = { .url = blob_url(upload->client, &upload->place, upload->place.name, query),
		.body_path = upload->path,
		.body_offset = offset,
		.body_size = upload->size - offset < BLOCK_SIZE ? upload->size - offset : BLOCK_SIZE };
	upload->progress.before = offset;
	return put(upload, &fetch, e);
}

static int put_blocks(struct upload *upload, struct err *e)
{
	struct buf list = { 0 };
	int64_t count = (upload->size + BLOCK_SIZE - 1) / BLOCK_SIZE;
	int rc = 0;
	buf_puts(&list, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
	for (int64_t i = 0; rc == 0 && i < count; i++) {
		rc = put_block(upload, i, e);
		buf_printf(&list, "<Latest>%012lld</Latest>", (long long)i);
	}
	buf_puts(&list, "</BlockList>");
	upload->progress.before = upload->size;
	struct fetch fetch = { .url = blob_url(upload->client, &upload->place, upload->place.name, "comp=blocklist&"),
		.body = list.data,
		.body_length = list.length };
	if (rc == 0)
		rc = put(upload, &fetch, e);
	buf_done(&list);
	return rc;
}

static int local_size(const char *path, int64_t *ret, struct err *e)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return fail(e, ERR_DATA_INVALID, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(e, ERR_DATA_INVALID, "%s is no file", path);
	*ret = st.st_size;
	return 0;
}

int transfer_upload(struct client *client, const char *path, json_t *stolen_options, json_t **ret, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct upload upload = { .client = client, .path = path };
	own(own_json) json_t *file = NULL;
	int rc = local_size(path, &upload.size, e);
	if (rc < 0) {
		json_decref(stolen_options);
		return rc;
	}
	if (!json_object_get(stolen_options, "name"))
		json_object_set_new(stolen_options, "name", json_string(slash ? slash + 1 : path));
	json_object_set_new(stolen_options, "sizeBytes", json_integer(upload.size));
	json_object_set_new(stolen_options, "federationToken", json_true());
	rc = client_call(client, "POST", client_path(client, "files", "prepare", NULL), stolen_options, &file, e);
	if (rc == 0)
		rc = find_place(client, file, true, &upload.place, e);
	if (rc < 0)
		return rc;
	progress_begin(&upload.progress, "upload");
	upload.progress.total = upload.size;
	rc = upload.size > ONE_PIECE_MAX ? put_blocks(&upload, e) : put_whole(&upload, e);
	progress_end(&upload.progress);
	if (rc == 0)
		*ret = json_incref(file);
	return rc;
}

/* --- down ----------------------------------------------------------------------------------------------------------------- */

struct download {
	struct client *client;
	struct place place;
	char *part; /* where each piece lands before it is appended */
	FILE *to;
	struct progress progress;
};

static int get(struct download *download, const char *name, struct fetch *fetch, struct err *e)
{
	static const char *const headers[] = { BLOB_VERSION, NULL };
	fetch->url = blob_url(download->client, &download->place, name, "");
	fetch->headers = headers;
	fetch->ca_file = download->client->ca_file;
	fetch->progress = progress_bytes;
	fetch->progress_arg = &download->progress;
	int rc = fetch_run(fetch, e);
	return rc == 0 && fetch->status != 200 ? fail_store(fetch, name, e) : rc;
}

static void own_stream(FILE **stream)
{
	if (*stream && *stream != stdout)
		fclose(*stream);
}

/* The downloaded piece behind what is there already. */
static int append(struct download *download, struct err *e)
{
	own(own_free) char *data = malloc(COPY_SIZE);
	own(own_stream) FILE *from = fopen(download->part, "re");
	size_t n = 0;
	if (!data || !from)
		return fail(e, ERR_DATA_INVALID, "%s: %s", download->part, strerror(errno));
	while ((n = fread(data, 1, COPY_SIZE, from)) > 0) {
		download->progress.before += (int64_t)n;
		if (fwrite(data, 1, n, download->to) != n)
			return fail(e, ERR_DATA_INVALID, "the output cannot be written: %s", strerror(errno));
	}
	return ferror(from) ? fail(e, ERR_DATA_INVALID, "%s cannot be read", download->part) : 0;
}

static int get_piece(struct download *download, const char *name, struct err *e)
{
	struct fetch fetch = { .answer_path = download->part };
	int rc = get(download, name, &fetch, e);
	fetch_done(&fetch);
	return rc < 0 ? rc : append(download, e);
}

/* An entry of ours ends in <container>/<name of the blob>. */
static const char *entry_name(const struct download *download, json_t *entry)
{
	const char *url = json_string_value(json_object_get(entry, "url"));
	const char *at = url ? strstr(url, download->place.container) : NULL;
	return at && at[strlen(download->place.container)] == '/' ? at + strlen(download->place.container) + 1 : NULL;
}

static int get_slices(struct download *download, struct err *e)
{
	struct fetch fetch = { 0 };
	int rc = get(download, arena_printf(download->client->arena, "%smanifest", download->place.name), &fetch, e);
	own(own_json) json_t *manifest = rc == 0 && fetch.answer.data ? json_loads(fetch.answer.data, 0, NULL) : NULL;
	json_t *entries = json_object_get(manifest, "entries"), *entry;
	size_t i;
	fetch_done(&fetch);
	if (rc == 0 && !entries)
		rc = fail(e, ERR_DATA_INVALID, "the manifest of the sliced file cannot be read");
	json_array_foreach(entries, i, entry) {
		const char *name = entry_name(download, entry);
		if (rc == 0)
			rc = name ? get_piece(download, name, e)
				  : fail(e, ERR_DATA_INVALID, "the manifest names a slice elsewhere");
	}
	return rc;
}

static int get_all(struct download *download, json_t *file, const char *begin, struct err *e)
{
	if (begin && fputs(begin, download->to) < 0)
		return fail(e, ERR_DATA_INVALID, "the output cannot be written: %s", strerror(errno));
	int rc = json_is_true(json_object_get(file, "isSliced")) ? get_slices(download, e)
								 : get_piece(download, download->place.name, e);
	if (rc == 0 && fflush(download->to) != 0)
		rc = fail(e, ERR_DATA_INVALID, "the output cannot be written: %s", strerror(errno));
	return rc;
}

/* The folder of the output, or of temporary files. */
static char *part_path(struct client *client, const char *path)
{
	const char *folder = getenv("TMPDIR");
	if (str_eq(path, "-"))
		return arena_printf(client->arena, "%s/chatelaine-XXXXXX", str_empty(folder) ? "/tmp" : folder);
	return arena_printf(client->arena, "%s.XXXXXX", path);
}

static int open_output(struct download *download, const char *path, char **ret_whole, struct err *e)
{
	download->part = part_path(download->client, path);
	own(own_close) int part = download->part ? mkostemp(download->part, O_CLOEXEC) : -1;
	if (part < 0)
		return fail(e, ERR_DATA_INVALID, "%s: %s", path, strerror(errno));
	download->to = stdout;
	if (str_eq(path, "-"))
		return 0;
	*ret_whole = arena_printf(download->client->arena, "%s.part", download->part);
	download->to = fopen(*ret_whole, "wxe");
	return download->to ? 0 : fail(e, ERR_DATA_INVALID, "%s: %s", path, strerror(errno));
}

int transfer_download(struct client *client, const char *file_id, const char *path, const char *begin, struct err *e)
{
	struct download download = { .client = client };
	char *whole = NULL;
	own(own_json) json_t *file = NULL;
	const char *call = client_query(client, client_path(client, "files", file_id, NULL), "federationToken", "1");
	int rc = client_get(client, call, &file, e);
	if (rc == 0)
		rc = find_place(client, file, false, &download.place, e);
	if (rc == 0)
		rc = open_output(&download, path, &whole, e);
	own(own_stream) FILE *to = download.to;
	progress_begin(&download.progress, "download");
	if (rc == 0)
		rc = get_all(&download, file, begin, e);
	progress_end(&download.progress);
	if (rc == 0 && whole && rename(whole, path) < 0)
		rc = fail(e, ERR_DATA_INVALID, "%s: %s", path, strerror(errno));
	if (rc < 0 && whole)
		unlink(whole);
	if (download.part)
		unlink(download.part);
	return rc;
}
