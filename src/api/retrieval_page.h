/* The page of a link that shares a token: plain HTML, no script but the copy button's. */
#ifndef API_RETRIEVAL_PAGE_H
#define API_RETRIEVAL_PAGE_H

#include "base/buf.h"

/* Asks for the recipient's address. notice: what was wrong with the last one, or NULL. All texts are escaped here. */
struct retrieval_form {
	const char *description, *project_name, *notice;
};
void retrieval_page_form(const struct retrieval_form *form, struct buf *ret);
void retrieval_page_token(const char *description, const char *token, struct buf *ret);
/* There is nothing (any more) behind the link. */
void retrieval_page_words(const char *title, const char *words, struct buf *ret);

extern const char RETRIEVAL_CSS[], RETRIEVAL_JS[];

#endif
