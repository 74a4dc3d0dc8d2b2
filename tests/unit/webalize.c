/* Names out of any text. */
#include "base/webalize.h"

#include "test.h"

static void column(const char *text, const char *expected)
{
	struct buf name = { 0 };
	webalize_column(text, &name);
	CHECK_TEXT(name.length ? name.data : "", expected);
	buf_done(&name);
}

static void display(const char *text, const char *expected)
{
	struct buf name = { 0 };
	webalize_display(text, &name);
	CHECK_TEXT(name.length ? name.data : "", expected);
	buf_done(&name);
}

int main(void)
{
	column("with spaces", "with_spaces");
	column("ščřšč", "scrsc");
	column("_with_underscore", "with_underscore");
	column("language-id", "language_id");
	column("_abc-def----ghi_", "abc_def_ghi");
	column("lot__of_____underscores____", "lot__of_____underscores");
	column("€ ß đ ł Æ", "EUR_ss_d_l_AE");
	column("e\xcc\x81t\xc3\xa9", "ete"); /* a combining accent is no separator */
	column("日本", "");
	column("日本a", "a");
	column("---", "");
	column("", "");
	column("Nguyễn Văn", "Nguyen_Van");
	column("\xff\xfe"
	       "a\xc3",
		"a");
	column("queryId", "queryId");
	display("Môj 1$ obľúbený bucket $", "Moj-1-oblubeny-bucket");
	display("-----", "");
	display("a_b-c", "a_b-c");
	return test_end();
}
