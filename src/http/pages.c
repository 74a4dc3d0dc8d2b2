/* The built pages, served as files. */
#include "http/pages.h"

#include "http/exchange.h"

bool pages_answer(struct http_exchange *x)
{
	(void)x;
	return false;
}
