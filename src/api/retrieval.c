/* The page behind a link that shares a token (R12). Opening it shows nothing and uses nothing up, whoever does it and however often;
 * the token is shown to whoever types the recipient's address. */
#include <string.h>

#include "api/retrieval_page.h"
#include "base/own.h"
#include "base/str.h"
#include "http/req.h"
#include "work/token_links.h"

static int reply_page(struct req *rq, int status, struct buf *page)
{
	reply_header(rq, "Content-Security-Policy",
		"default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
		"'none'");
	reply_header(rq, "Cache-Control", "no-store");
	reply_header(rq, "Referrer-Policy", "no-referrer");
	reply_header(rq, "X-Content-Type-Options", "nosniff");
	reply_header(rq, "X-Frame-Options", "DENY");
	reply_header(rq, "X-Robots-Tag", "noindex");
	return reply_text(rq, status, "text/html; charset=utf-8", page);
}

/* What to say of a link that shows nothing (any more). */
static int reply_dead(struct req *rq, enum link_state state)
{
	static const struct {
		const char *title, *words;
	} WORDS[] = {
		[LINK_RETRIEVED] = { "This link was used",
			"It showed its token once and does not show it again. If that was not you, tell the "
			"person who sent it, so that they refresh the token." },
		[LINK_EXPIRED] = { "This link has expired", "Ask the person who sent it to share the token again." },
		[LINK_REVOKED] = { "This link is no longer valid",
			"It was revoked, a wrong address was typed too often, or the token was "
			"refreshed since. Ask the person who sent it to share the token again." },
	};
	own(buf_done) struct buf page = { 0 };
	retrieval_page_words(WORDS[state].title, WORDS[state].words, &page);
	return reply_page(rq, 410, &page);
}

static int reply_unknown(struct req *rq)
{
	own(buf_done) struct buf page = { 0 };
	retrieval_page_words("There is nothing behind this link",
		"Its address is not complete, or its token was deleted or has expired. Ask the person who sent it.", &page);
	return reply_page(rq, 404, &page);
}

static int reply_form(struct req *rq, int status, const struct opened_link *opened, const char *notice)
{
	own(buf_done) struct buf page = { 0 };
	struct retrieval_form form = { opened->token->description, opened->project_name, notice };
	retrieval_page_form(&form, &page);
	return reply_page(rq, status, &page);
}

static bool is_alive(const struct opened_link *opened)
{
	return opened->state == LINK_SENT || opened->state == LINK_OPENED;
}

/* The first opening, after the answer was made: written only when there is something to write. */
static int retrieval_note_opened(struct db *db, void *arg, struct err *e)
{
	struct req *rq = arg;
	struct opened_link opened;
	own(own_arena) struct arena *arena = arena_new();
	int rc = share_open(db, arena, req_path(rq, 0), true, &opened, e);
	if (rc == 1 && opened.state == LINK_SENT)
		return share_note_opened(db, &rq->origin, &opened, e);
	return rc < 0 ? rc : 0;
}

static int retrieval_show(struct req *rq, struct err *e)
{
	struct opened_link opened;
	int rc = share_open(rq->db, rq->arena, req_path(rq, 0), false, &opened, e);
	if (rc == 0)
		return reply_unknown(rq);
	if (rc < 0)
		return rc;
	if (!is_alive(&opened))
		return reply_dead(rq, opened.state);
	if (opened.state == LINK_SENT && str_eq(req_method(rq), "GET") &&
		(rc = database_transact(rq->app->database, retrieval_note_opened, rq, e)) < 0)
		return rc;
	return reply_form(rq, 200, &opened, NULL);
}

/* Blanks around an address that was pasted are no part of it. */
static const char *typed_address(struct req *rq)
{
	const char *text = arg_text(rq, "email", "");
	text += strspn(text, " \t\r\n");
	size_t length = strlen(text);
	while (length && strchr(" \t\r\n", text[length - 1]))
		length--;
	return arena_strndup(rq->arena, text, length);
}

static int retrieval_try(struct req *rq, struct err *e)
{
	struct opened_link opened;
	own(own_secret) char *string = NULL;
	own(buf_done) struct buf page = { 0 };
	const char *address = typed_address(rq);
	int rc = share_open(rq->db, rq->arena, req_path(rq, 0), true, &opened, e);
	if (rc == 0)
		return reply_unknown(rq);
	if (rc < 0)
		return rc;
	if (!is_alive(&opened))
		return reply_dead(rq, opened.state);
	if (str_empty(address))
		return reply_form(rq, 200, &opened, "Type your e-mail address first.");
	if ((rc = share_retrieve(rq->db, &rq->origin, &opened, address, &string, e)) < 0)
		return rc;
	if (!string && !is_alive(&opened))
		return reply_dead(rq, opened.state);
	if (!string)
		return reply_form(rq, 403, &opened, "The link was not sent to this address. After five wrong ones it is closed.");
	retrieval_page_token(opened.token->description, string, &page);
	return reply_page(rq, 200, &page);
}

static int reply_asset(struct req *rq, const char *content_type, const char *text)
{
	own(buf_done) struct buf body = { 0 };
	buf_puts(&body, text);
	reply_header(rq, "Cache-Control", "max-age=3600");
	reply_header(rq, "X-Content-Type-Options", "nosniff");
	return reply_text(rq, 200, content_type, &body);
}

static int retrieval_css(struct req *rq, struct err *e)
{
	(void)e;
	return reply_asset(rq, "text/css; charset=utf-8", RETRIEVAL_CSS);
}

static int retrieval_js(struct req *rq, struct err *e)
{
	(void)e;
	return reply_asset(rq, "text/javascript; charset=utf-8", RETRIEVAL_JS);
}

static const struct param TRY_PARAMS[] = { { "email", P_TEXT, 1000, "the recipient's e-mail address" }, { NULL } };

const struct route RETRIEVAL_ROUTES[] = {
	{ "GET", "/retrieve/{link}", ALLOW_PUBLIC, EVENT_NONE, RUN_WORK, retrieval_show,
		.summary = "The page of a shared token's link" },
	{ "POST", "/retrieve/{link}", ALLOW_PUBLIC, EVENT_NONE, RUN_WRITE, retrieval_try, TRY_PARAMS,
		"Show the token to whoever knows its recipient's address" },
	{ "GET", "/retrieve/assets/page.css", ALLOW_PUBLIC, EVENT_NONE, RUN_LOOP, retrieval_css,
		.summary = "How that page looks" },
	{ "GET", "/retrieve/assets/copy.js", ALLOW_PUBLIC, EVENT_NONE, RUN_LOOP, retrieval_js, .summary = "Its copy button" },
	{ 0 },
};
