/* The file of the ledger of revocations: what is read from it, what stays when it is tidied up. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "work/ledger_file.h"

static struct err e;

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static const struct token_mark *mark_of(const struct ledger_list *list, int64_t token_id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].mark.token_id == token_id)
			return &list->entries[i].mark;
	return NULL;
}

static void test_read_and_merge(const char *path)
{
	struct ledger_list list;
	put(path, "7 1 10 2 500\n7 1 11 3 600\n7 done\n"
		  "8 1 10 4 700\n8 done\n"
		  "9 1 11 0 0\n9 done\n"
		  "10 1 12 5 800\n" /* its server died before or after its commit */
		  "11 1 13 2 900\n11 done\n"
		  "12 1 14 2 90"); /* cut off */
	CHECK(ledger_read(path, &list, &e) == 0);
	CHECK(list.count == 6 && list.last_batch == 12);
	CHECK(list.entries[0].done && list.entries[3].done && !list.entries[4].done && list.entries[5].done);
	ledger_merge(&list);
	CHECK(list.count == 3);
	CHECK(mark_of(&list, 10)->version == 4 && mark_of(&list, 10)->refreshed_us == 700);
	CHECK(mark_of(&list, 11)->version == 0); /* gone is the last word */
	CHECK(mark_of(&list, 12) == NULL && mark_of(&list, 13)->version == 2);
	CHECK(ledger_write(path, &list, &e) == 0);
	ledger_list_done(&list);
	CHECK(ledger_read(path, &list, &e) == 0);
	CHECK(list.count == 3 && list.entries[0].done && list.entries[2].done && list.lines == 3);
	ledger_list_done(&list);
}

static void test_interleaved_batches(const char *path)
{
	struct ledger_list list;
	put(path, "20 1 1 2 5\n21 1 2 2 5\n22 1 3 2 5\n21 done\n20 done\n");
	CHECK(ledger_read(path, &list, &e) == 0);
	CHECK(list.entries[0].done && list.entries[1].done && !list.entries[2].done);
	ledger_list_done(&list);
}

static void test_junk(const char *path)
{
	struct ledger_list list;
	put(path, "\n\nnonsense\n1 2 3\n1 2 3 4 5 6\n-1 1 1 1 1\n1 1 1 1 x\n99999999999999999999 done\n0 1 5 6 7\n");
	CHECK(ledger_read(path, &list, &e) == 0);
	CHECK(list.count == 1 && list.entries[0].mark.token_id == 5 && list.entries[0].done);
	ledger_list_done(&list);
	unlink(path);
	CHECK(ledger_read(path, &list, &e) == 0 && list.count == 0);
	ledger_list_done(&list);
	CHECK(ledger_read("/proc/self/mem/nothing", &list, &e) < 0);
	err_done(&e);
}

int main(void)
{
	char path[] = "/tmp/chatelaine-ledger-XXXXXX";
	close(mkstemp(path));
	test_read_and_merge(path);
	test_interleaved_batches(path);
	test_junk(path);
	return test_end();
}
