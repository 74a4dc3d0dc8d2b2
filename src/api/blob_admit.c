/* Who may read and write contents: the signature, the token behind it, the file. */
#include "api/blob_admit.h"

#include <string.h>
#include <time.h>

#include "auth/index.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "store/blob/blob.h"
#include "work/files.h"

#define NAME_MAX_BYTES 1024

static struct sas_text sas_of(struct req *rq)
{
	return (struct sas_text){ req_raw_query(rq, "sr"), req_raw_query(rq, "si"), req_raw_query(rq, "st"),
		req_raw_query(rq, "se"), req_raw_query(rq, "sp"), req_raw_query(rq, "sig") };
}

/* The blob of the path; a list is about a whole container. */
static const char *name_of(struct req *rq, enum need need)
{
	return need == NEED_LIST ? "" : req_path(rq, 1);
}

int blob_check_signature(struct req *rq, enum need need, struct sas *ret, struct err *e)
{
	struct sas_text text = sas_of(rq);
	if (!sas_check(&text, req_path(rq, 0), name_of(rq, need), now_us(), ret))
		return fail(e, ERR_BLOB_SIGNATURE, NULL);
	bool allowed = need == NEED_WRITE ? ret->write : need == NEED_LIST ? ret->list && !ret->is_blob : ret->read;
	return allowed ? 0 : fail(e, ERR_BLOB_PERMISSION, NULL);
}

/* A file's blobs: its one, or everything that begins with its prefix. */
static bool is_of(const struct file *file, const char *name)
{
	return file->is_sliced ? str_starts(name, file->blob) : str_eq(name, file->blob);
}

/* From here on a refusal is this token's, and recorded. */
static void be_origin(struct req *rq, const struct identity *identity, const struct file *file)
{
	rq->origin.branch_id = file->branch_id;
	rq->origin.project_id = identity->token.project_id;
	rq->origin.token_id = identity->token.id;
	rq->origin.token_description = arena_strdup(rq->arena, identity->token.description);
}

static int admit_identity(
	struct req *rq, const struct identity *identity, enum need need, int64_t file_id, struct file **ret, struct err *e)
{
	struct caller who = { .kind = CALLER_STORAGE, .identity = identity };
	int rc = file_find(rq->db, rq->arena, identity->token.project_id, file_id, ret, e);
	if (rc == 0)
		return fail(e, ERR_BLOB_NOT_FOUND, NULL);
	if (rc < 0)
		return rc;
	be_origin(rq, identity, *ret);
	if (!str_eq((*ret)->container, req_path(rq, 0)) || (need != NEED_LIST && !is_of(*ret, req_path(rq, 1))))
		return fail(e, need == NEED_WRITE ? ERR_BLOB_PERMISSION : ERR_BLOB_NOT_FOUND, NULL);
	rc = file_permit(rq->db, &who, *ret, need == NEED_WRITE, e);
	return rc == -ERR_ACCESS_DENIED ? fail(e, ERR_BLOB_PERMISSION, NULL) : rc;
}

int blob_admit(struct req *rq, enum need need, struct sas *ret_sas, struct file **ret, struct err *e)
{
	int64_t project_id, file_id;
	int rc = blob_check_signature(rq, need, ret_sas, e);
	if (rc < 0)
		return rc;
	size_t length = strlen(name_of(rq, need));
	if (length > NAME_MAX_BYTES || !utf8_valid(name_of(rq, need), length))
		return fail(e, ERR_BLOB_QUERY, NULL);
	if (!blob_container_parse(req_path(rq, 0), &project_id, &file_id))
		return fail(e, ERR_BLOB_SIGNATURE, NULL);
	struct index_lookup lookup = {
		.project_id = project_id, .token_id = ret_sas->token_id, .by_id = true, .address = req_address(rq)
	};
	rc = index_find_wait(rq->app->index, &lookup);
	if (rc < 0) {
		bool is_ours = lookup.err.code == ERR_INTERNAL || lookup.err.code == ERR_UNAVAILABLE;
		rc = fail(e, is_ours ? lookup.err.code : ERR_BLOB_SIGNATURE, NULL);
		err_done(&lookup.err);
		return rc;
	}
	rc = lookup.identity->token.version == ret_sas->token_version ? 0 : fail(e, ERR_BLOB_SIGNATURE, NULL);
	if (rc == 0)
		rc = admit_identity(rq, lookup.identity, need, file_id, ret, e);
	identity_give(rq->app->index, lookup.identity);
	return rc;
}

void blob_common_headers(struct req *rq)
{
	const char *version = req_header(rq, "x-ms-version");
	const char *client_id = req_header(rq, "x-ms-client-request-id");
	reply_header(rq, "x-ms-request-id", log_request_id() ? log_request_id() : "0");
	reply_header(rq, "x-ms-version", version ? version : "2017-11-09");
	if (client_id)
		reply_header(rq, "x-ms-client-request-id", client_id);
}

char *blob_time_text(int64_t time_us, char text[BLOB_TIME_SIZE])
{
	struct tm tm;
	time_t seconds = time_us / US_PER_S;
	gmtime_r(&seconds, &tm);
	strftime(text, BLOB_TIME_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return text;
}

void blob_header_time(struct req *rq, const char *name, int64_t time_us)
{
	char text[BLOB_TIME_SIZE];
	reply_header(rq, name, blob_time_text(time_us, text));
}
