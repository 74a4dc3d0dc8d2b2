/* The page of a link that shares a token. */
#include "api/retrieval_page.h"

const char RETRIEVAL_CSS[] =
	":root{color-scheme:light dark;--line:#ced4da;--accent:#1864ab}\n"
	"*{box-sizing:border-box}\n"
	"body{font:16px/1.55 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem}\n"
	"main{width:100%;max-width:34rem;border:1px solid var(--line);border-radius:.5rem;padding:2rem}\n"
	"h1{font-size:1.3rem;margin:0 0 1rem}\n"
	"label{display:block;font-weight:600;margin-bottom:.25rem}\n"
	"input{width:100%;font:inherit;padding:.55rem .7rem;border:1px solid var(--line);border-radius:.25rem}\n"
	"input[readonly]{font-family:ui-monospace,monospace;font-size:.9rem}\n"
	"button{font:inherit;font-weight:600;margin-top:1rem;padding:.55rem "
	"1.2rem;border:0;border-radius:.25rem;background:var(--accent);"
	"color:#fff;cursor:pointer}\n"
	"button:focus-visible,input:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\n"
	"[role=alert]{border-left:4px solid #c92a2a;padding-left:.75rem}\n"
	"[role=status]{min-height:1.5em}\n";

const char RETRIEVAL_JS[] = "\"use strict\";\n"
			    "const token = document.getElementById(\"token\");\n"
			    "const said = document.getElementById(\"said\");\n"
			    "token.addEventListener(\"focus\", () => token.select());\n"
			    "document.getElementById(\"copy\").addEventListener(\"click\", async () => {\n"
			    "\ttoken.select();\n"
			    "\ttry {\n"
			    "\t\tawait navigator.clipboard.writeText(token.value);\n"
			    "\t\tsaid.textContent = \"Copied.\";\n"
			    "\t} catch {\n"
			    "\t\tsaid.textContent = \"Press Ctrl+C to copy.\";\n"
			    "\t}\n"
			    "});\n";

static void put_escaped(struct buf *ret, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			buf_puts(ret, "&amp;");
			break;
		case '<':
			buf_puts(ret, "&lt;");
			break;
		case '>':
			buf_puts(ret, "&gt;");
			break;
		case '"':
			buf_puts(ret, "&quot;");
			break;
		case '\'':
			buf_puts(ret, "&#39;");
			break;
		default:
			buf_putc(ret, *text);
		}
	}
}

static void put_head(struct buf *ret, const char *title)
{
	buf_puts(ret, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" "
		      "content=\"noindex\">\n"
		      "<link rel=\"stylesheet\" href=\"/retrieve/assets/page.css\">\n<title>");
	put_escaped(ret, title);
	buf_puts(ret, "</title>\n</head>\n<body>\n<main>\n<h1>");
	put_escaped(ret, title);
	buf_puts(ret, "</h1>\n");
}

static void put_foot(struct buf *ret)
{
	buf_puts(ret, "</main>\n</body>\n</html>\n");
}

void retrieval_page_form(const struct retrieval_form *form, struct buf *ret)
{
	put_head(ret, "A token was shared with you");
	buf_puts(ret, "<p>Token <strong>");
	put_escaped(ret, form->description);
	buf_puts(ret, "</strong> of the project <strong>");
	put_escaped(ret, form->project_name);
	buf_puts(ret, "</strong>.</p>\n<p>Type the e-mail address that the link was sent to. The token is shown once.</p>\n");
	if (form->notice) {
		buf_puts(ret, "<p role=\"alert\">");
		put_escaped(ret, form->notice);
		buf_puts(ret, "</p>\n");
	}
	buf_puts(ret, "<form method=\"post\">\n<label for=\"email\">Your e-mail address</label>\n"
		      "<input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"email\" required autofocus>\n"
		      "<button type=\"submit\">Show the token</button>\n</form>\n");
	put_foot(ret);
}

void retrieval_page_token(const char *description, const char *token, struct buf *ret)
{
	put_head(ret, "Your token");
	buf_puts(ret, "<p>Token <strong>");
	put_escaped(ret, description);
	buf_puts(ret, "</strong>. Copy it now to where you keep secrets: this link does not show it again.</p>\n"
		      "<label for=\"token\">Token</label>\n<input id=\"token\" readonly value=\"");
	put_escaped(ret, token);
	buf_puts(ret, "\">\n<button type=\"button\" id=\"copy\">Copy</button>\n<p id=\"said\" role=\"status\"></p>\n"
		      "<script src=\"/retrieve/assets/copy.js\"></script>\n");
	put_foot(ret);
}

void retrieval_page_words(const char *title, const char *words, struct buf *ret)
{
	put_head(ret, title);
	buf_puts(ret, "<p>");
	put_escaped(ret, words);
	buf_puts(ret, "</p>\n");
	put_foot(ret);
}
