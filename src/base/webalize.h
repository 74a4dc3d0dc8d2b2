/* Names out of any text: Latin letters lose their accents, everything else becomes a separator (behaviour.md §10.3). */
#ifndef BASE_WEBALIZE_H
#define BASE_WEBALIZE_H

#include <stdbool.h>

#include "base/buf.h"

/* Adds the name to ret: ASCII letters, digits and "_"; a run of anything else becomes one "_"; none at the ends. Not cut. May add nothing. */
void webalize_column(const char *text, struct buf *ret);
/* "Môj 1$ bucket $" -> "Moj-1-bucket": a run of what is not a letter, a digit, "_" or "-" becomes one "-"; none at the ends. */
void webalize_display(const char *text, struct buf *ret);

#endif
