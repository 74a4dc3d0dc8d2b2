/* A mail as text: nothing in it can add a header, no line is too long, what is not ASCII arrives. */
#include "test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "work/mail_text.h"

static struct mail_text mail = { .from = "keys@house.example",
	.to = "r@example.org",
	.subject = "plain",
	.text = "a\nb\n",
	.id = "1.2",
	.time_us = INT64_C(1486978070) * US_PER_S };

static void test_plain(void)
{
	struct buf buf = { 0 };
	mail_text_write(&mail, &buf);
	CHECK_TEXT(buf.data, "From: <keys@house.example>\r\nTo: <r@example.org>\r\nSubject: plain\r\n"
			     "Date: Mon, 13 Feb 2017 09:27:50 +0000\r\nMessage-ID: <1.2@house.example>\r\n"
			     "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
			     "Content-Transfer-Encoding: 7bit\r\n\r\na\r\nb\r\n");
	buf_done(&buf);
}

static void test_hostile(void)
{
	struct buf buf = { 0 };
	struct mail_text hostile = mail;
	hostile.subject = "a\r\nBcc: x@y.example";
	hostile.text = "one\r\ntwo\rthree\n\nž";
	mail_text_write(&hostile, &buf);
	CHECK(strstr(buf.data, "Subject: a  Bcc: x@y.example\r\n") != NULL);
	CHECK(strstr(buf.data, "8bit\r\n\r\none\r\ntwo\r\nthree\r\n\r\nž\r\n") != NULL);
	buf_done(&buf);
}

static void test_long(void)
{
	struct buf buf = { 0 };
	struct mail_text lengthy = mail;
	char *text = malloc(10001);
	for (int i = 0; i < 10000; i += 2)
		memcpy(text + i, "ž", 2);
	text[10000] = '\0';
	lengthy.text = text;
	lengthy.subject = "žluťoučký kůň úpěl ďábelské ódy, a pak ještě jednou dokola až do konce řádku";
	mail_text_write(&lengthy, &buf);
	for (const char *line = buf.data, *end; *line; line = end + 2) {
		end = strstr(line, "\r\n");
		CHECK(end && end - line <= 998);
		CHECK(((unsigned char)*line & 0xc0) != 0x80);
	}
	CHECK(strstr(buf.data, "Subject: =?UTF-8?B?") && strstr(buf.data, "?=\r\n =?UTF-8?B?"));
	free(text);
	buf_done(&buf);
}

int main(void)
{
	test_plain();
	test_hostile();
	test_long();
	return test_end();
}
