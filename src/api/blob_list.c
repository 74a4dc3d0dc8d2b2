/* The list of a container's blobs: the one call of the blob endpoint that is about no single blob. */
#include <stdlib.h>
#include <string.h>

#include "api/blob_admit.h"
#include "base/str.h"
#include "store/blob/blob.h"
#include "work/files.h"

#define RESULTS_MAX 5000

/* Which of them, and how many at a time. */
struct page {
	const char *prefix;
	const char *first; /* name of the first one, "" */
	int64_t most;
};

static void add_escaped(struct buf *xml, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '&')
			buf_puts(xml, "&amp;");
		else if (*text == '<')
			buf_puts(xml, "&lt;");
		else if (*text == '>')
			buf_puts(xml, "&gt;");
		else
			buf_putc(xml, *text);
	}
}

/* XML has no place for control characters: such a name goes percent-encoded, and says so. */
static void add_name(struct buf *xml, const char *name)
{
	bool plain = true;
	for (const char *c = name; *c; c++)
		plain = plain && (unsigned char)*c >= ' ' && *c != 127;
	buf_puts(xml, plain ? "<Name>" : "<Name Encoded=\"true\">");
	if (plain)
		add_escaped(xml, name);
	for (const char *c = plain ? "" : name; *c; c++)
		buf_printf(xml, "%%%02X", (unsigned char)*c);
	buf_puts(xml, "</Name>");
}

static void add_blob(struct buf *xml, const struct blob_entry *entry)
{
	char created[BLOB_TIME_SIZE], modified[BLOB_TIME_SIZE];
	const struct blob_info *info = &entry->info;
	buf_puts(xml, "<Blob>");
	add_name(xml, entry->name);
	buf_printf(xml,
		"<Properties><Creation-Time>%s</Creation-Time><Last-Modified>%s</Last-Modified><Etag>%.*s</Etag>"
		"<Content-Length>%lld</Content-Length><Content-Type>",
		blob_time_text(info->created_us, created), blob_time_text(info->modified_us, modified),
		(int)strcspn(info->etag + 1, "\""), info->etag + 1, (long long)info->size_bytes);
	add_escaped(xml, str_empty(info->content_type) ? "application/octet-stream" : info->content_type);
	buf_puts(xml, "</Content-Type><BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</"
		      "LeaseState>"
		      "<ServerEncrypted>false</ServerEncrypted></Properties></Blob>");
}

static void add_element(struct buf *xml, const char *name, const char *text)
{
	buf_printf(xml, "<%s>", name);
	add_escaped(xml, text);
	buf_printf(xml, "</%s>", name);
}

static void add_blobs(struct buf *xml, const struct page *page, const struct blob_entry *list, size_t count)
{
	int64_t shown = 0;
	const char *next = "";
	buf_puts(xml, "<Blobs>");
	for (size_t i = 0; i < count && !*next; i++) {
		if (!str_starts(list[i].name, page->prefix) || strcmp(list[i].name, page->first) < 0)
			continue;
		if (shown++ == page->most)
			next = list[i].name;
		else
			add_blob(xml, &list[i]);
	}
	buf_puts(xml, "</Blobs>");
	buf_puts(xml, "<NextMarker>");
	for (; *next; next++)
		buf_printf(xml, "%02x", (unsigned char)*next);
	buf_puts(xml, "</NextMarker>");
}

/* A marker is the name of the next blob in hexadecimal digits: opaque to clients, and any name fits. NULL: it is none of ours. */
static char *read_marker(struct arena *arena, const char *marker)
{
	size_t length = strlen(marker) / 2;
	char *name = arena_alloc(arena, length + 1);
	if (!name || strlen(marker) % 2 || strspn(marker, "0123456789abcdef") != 2 * length)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		char digits[3] = { marker[2 * i], marker[2 * i + 1], '\0' };
		name[i] = (char)strtol(digits, NULL, 16);
	}
	return name;
}

static int read_page(struct req *rq, struct page *ret, struct err *e)
{
	const char *prefix = req_raw_query(rq, "prefix"), *marker = req_raw_query(rq, "marker"),
		   *most = req_raw_query(rq, "maxresults");
	*ret = (struct page){ prefix ? prefix : "", read_marker(rq->arena, marker ? marker : ""), RESULTS_MAX };
	if (most && (!str_to_i64(most, &ret->most) || ret->most < 1))
		return fail(e, ERR_BLOB_QUERY, NULL);
	if (ret->most > RESULTS_MAX)
		ret->most = RESULTS_MAX;
	bool is_list = str_eq(req_raw_query(rq, "comp"), "list");
	return is_list && ret->first && utf8_valid(ret->prefix, strlen(ret->prefix)) ? 0 : fail(e, ERR_BLOB_QUERY, NULL);
}

static int blobs_list(struct req *rq, struct err *e)
{
	struct sas sas;
	struct file *file = NULL;
	struct page page = { 0 };
	struct blob_entry *list = NULL;
	size_t count = 0;
	int rc = blob_admit(rq, NEED_LIST, &sas, &file, e);
	if (rc == 0)
		rc = read_page(rq, &page, e);
	if (rc == 0)
		rc = blob_list(rq->app->blobs, rq->arena, req_path(rq, 0), &list, &count, e);
	if (rc < 0)
		return rc;
	struct buf xml = { 0 };
	buf_printf(&xml,
		"<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"%s" BLOB_ROOT
		"/\" ContainerName=\"%s\">",
		req_public_url(rq), file->container);
	add_element(&xml, "Prefix", page.prefix);
	add_blobs(&xml, &page, list, count);
	buf_puts(&xml, "</EnumerationResults>");
	blob_common_headers(rq);
	return reply_text(rq, 200, "application/xml", &xml);
}

const struct route BLOB_LIST_ROUTES[] = {
	{ "GET", BLOB_ROOT "/{container}", ALLOW_SIGNED_URL, EVENT_NONE, RUN_WORK, blobs_list, NULL,
		"List the contents of a file", .xml_errors = true },
	{ 0 },
};
