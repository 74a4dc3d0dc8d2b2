/* Contents: they appear at once or not at all, and nothing is left of what was replaced or removed. */
#include "../unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/str.h"
#include "store/blob/blob.h"

#define CONTAINER "exp-15-files-1-42"

static struct err e;
static struct arena *arena;
static struct blobs *blobs;
static char folder[] = "/tmp/test-blob-XXXXXX";

static char *path_of(const char *name)
{
	return arena_printf(arena, "%s/%s", folder, name);
}

static const char *local_file(const char *text)
{
	char *path = path_of("upload");
	FILE *file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	return path;
}

/* The blob's contents, or NULL when it is not there. */
static const char *contents(const char *name, struct blob_info *info)
{
	static char text[256];
	int fd;
	if (blob_open(blobs, arena, CONTAINER, name, &fd, info, &e) != 1)
		return NULL;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static int files_in_container(void)
{
	int count = 0;
	DIR *dir = opendir(path_of("blobs/1/" CONTAINER));
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return dir ? count : -1;
}

static void test_put(void)
{
	struct blob_info info = { .content_type = "text/csv" }, seen, again;
	CHECK(contents("42.a", NULL) == NULL);
	CHECK(blob_put_file(blobs, CONTAINER, "42.a", local_file("first"), &info, &e) == 0);
	CHECK(access(path_of("upload"), F_OK) < 0);
	CHECK_TEXT(contents("42.a", &seen), "first");
	CHECK_TEXT(seen.content_type, "text/csv");
	CHECK(seen.size_bytes == 5 && seen.etag[0] == '"' && seen.created_us == seen.modified_us);
	info.only_new = true;
	CHECK(blob_put_file(blobs, CONTAINER, "42.a", local_file("second"), &info, &e) == -ERR_BLOB_EXISTS);
	CHECK_TEXT(contents("42.a", &again), "first");
	CHECK(blob_put_file(blobs, CONTAINER, "42.a", local_file("third"), NULL, &e) == 0);
	CHECK_TEXT(contents("42.a", &again), "third");
	CHECK(!str_eq(seen.etag, again.etag) && seen.created_us == again.created_us && !again.content_type);
	CHECK(files_in_container() == 2);
	CHECK(blob_put_file(blobs, CONTAINER, "42.empty", NULL, NULL, &e) == 0);
	CHECK_TEXT(contents("42.empty", &again), "");
	err_done(&e);
}

static int refuse(void *arg, struct err *err)
{
	CHECK_TEXT(contents("42.a", NULL), arg); /* nothing is visible yet */
	return fail(err, ERR_BLOB_SIGNATURE, NULL);
}

static void test_late_refusal(void)
{
	char third[] = "third";
	struct blob_info info = { .allow = refuse, .allow_arg = third };
	int before = files_in_container();
	CHECK(blob_put_file(blobs, CONTAINER, "42.a", local_file("fourth"), &info, &e) == -ERR_BLOB_SIGNATURE);
	CHECK_TEXT(contents("42.a", NULL), third);
	CHECK(files_in_container() == before);
	err_done(&e);
}

static void test_writer(void)
{
	struct blob_writer *writer;
	CHECK(blob_write_open(blobs, CONTAINER, "42.w/../../x", &writer, &e) == 0);
	CHECK(blob_write(writer, "ab", 2, &e) == 0 && contents("42.w/../../x", NULL) == NULL);
	CHECK(blob_write(writer, "cd", 2, &e) == 0 && blob_write_commit(writer, NULL, &e) == 0);
	CHECK_TEXT(contents("42.w/../../x", NULL), "abcd");
	int before = files_in_container();
	CHECK(blob_write_open(blobs, CONTAINER, "42.gone", &writer, &e) == 0);
	blob_write_abort(writer);
	CHECK(contents("42.gone", NULL) == NULL && files_in_container() == before);
}

static void test_blocks(void)
{
	struct blob_block two[] = { { "Yg==", BLOB_UNCOMMITTED }, { "YQ==", BLOB_LATEST } };
	struct blob_block mixed[] = { { "YQ==", BLOB_COMMITTED }, { "Yw==", BLOB_LATEST }, { "Yg==", BLOB_LATEST } };
	struct blob_block missing[] = { { "ZZZZ", BLOB_LATEST } };
	int before = files_in_container();
	CHECK(blob_block_put(blobs, CONTAINER, "42.b", "YQ==", local_file("world"), &e) == 0);
	CHECK(blob_block_put(blobs, CONTAINER, "42.b", "Yg==", local_file("hello "), &e) == 0);
	CHECK(blob_block_put(blobs, CONTAINER, "42.b", "ZA==", NULL, &e) == 0);
	CHECK(contents("42.b", NULL) == NULL);
	CHECK(blob_blocks_commit(blobs, CONTAINER, "42.b", missing, 1, NULL, &e) == -ERR_BLOB_BLOCK_LIST);
	CHECK(blob_blocks_commit(blobs, CONTAINER, "42.b", two, 2, NULL, &e) == 0);
	CHECK_TEXT(contents("42.b", NULL), "hello world");
	CHECK(files_in_container() == before + 3); /* its meta, data, list */
	CHECK(blob_block_put(blobs, CONTAINER, "42.b", "Yw==", local_file(", "), &e) == 0);
	CHECK(blob_blocks_commit(blobs, CONTAINER, "42.b", mixed, 3, NULL, &e) == 0);
	CHECK_TEXT(contents("42.b", NULL), "world, hello ");
	CHECK(files_in_container() == before + 3);
	err_done(&e);
}

static void test_list(void)
{
	struct blob_entry *list;
	size_t count;
	CHECK(blob_list(blobs, arena, CONTAINER, &list, &count, &e) == 0 && count == 4);
	CHECK_TEXT(list[0].name, "42.a");
	CHECK_TEXT(list[3].name, "42.w/../../x");
	CHECK(list[3].info.size_bytes == 4 && list[3].info.etag);
	CHECK(blob_list(blobs, arena, "exp-15-files-1-43", &list, &count, &e) == 0 && count == 0);
}

static void test_remove(void)
{
	CHECK(blob_remove_container(blobs, CONTAINER, &e) == 0);
	CHECK(files_in_container() == -1 && contents("42.a", NULL) == NULL);
	CHECK(blob_remove_container(blobs, CONTAINER, &e) == 0);
}

static void test_names(void)
{
	static const char *const bad[] = { "", "exp", "exp-15-files-1", "exp-15-files-1-", "exp-15-files-1-2x", "exp--files-1-2",
		"exp-15-files-1-2/..", "../exp-15-files-1-2", "exp-15-files-1-9999999999999999999999" };
	int64_t project, file;
	int fd;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!blob_container_parse(bad[i], &project, &file));
		CHECK(blob_open(blobs, arena, bad[i], "x", &fd, NULL, &e) == 0);
	}
	CHECK(blob_container_parse(CONTAINER, &project, &file) && project == 1 && file == 42);
}

int main(void)
{
	struct conf conf;
	CHECK(mkdtemp(folder) != NULL);
	arena = arena_new();
	CHECK(secret_init(path_of("secret.key"), true, &e) == 0);
	CHECK(conf_init(&conf, &e) == 0 && conf_set(&conf, "data", folder, &e) == 0);
	CHECK(blobs_open(&conf, &blobs, &e) == 0);
	test_put();
	test_late_refusal();
	test_writer();
	test_blocks();
	test_names();
	test_list();
	test_remove();
	blobs_close(blobs);
	conf_done(&conf);
	CHECK(system(arena_printf(arena, "rm -r %s", folder)) == 0);
	arena_free(arena);
	return test_end();
}
