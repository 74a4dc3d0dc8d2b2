/* Address and token of the command line: options, environment, ~/.config/chatelaine/profiles:
 *
 *   [default]
 *   url = https://keys.example.com
 *   token = 1-42-...
 */
#include "cmd/profile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/str.h"

#define LINE_SIZE 4096

static char *profiles_path(struct client *client)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (!str_empty(config))
		return arena_printf(client->arena, "%s/chatelaine/profiles", config);
	return home ? arena_printf(client->arena, "%s/.config/chatelaine/profiles", home) : NULL;
}

/* Without blanks around it, in place. */
static char *trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	for (size_t n = strlen(text); n && isspace((unsigned char)text[n - 1]); n--)
		text[n - 1] = '\0';
	return text;
}

/* One line of the section asked for; what options and environment said stays. */
static int use_line(struct client *client, char *line, const char *path, struct err *e)
{
	char *equals = strchr(line, '=');
	if (!equals)
		return fail(e, ERR_VALIDATION, "%s: \"name = value\" is expected, not \"%.20s\"", path, line);
	*equals = '\0';
	const char *name = trim(line), *value = trim(equals + 1);
	if (str_eq(name, "url"))
		client->url = client->url ? client->url : arena_strdup(client->arena, value);
	else if (str_eq(name, "token"))
		client->token = client->token ? client->token : arena_strdup(client->arena, value);
	else
		return fail(e, ERR_VALIDATION, "%s: \"%.20s\" is neither url nor token", path, name);
	return 0;
}

static int read_section(struct client *client, FILE *file, const char *path, const char *section, struct err *e)
{
	char line[LINE_SIZE];
	bool is_here = false, found = false;
	while (fgets(line, sizeof(line), file)) {
		char *text = trim(line);
		if (!*text || *text == '#')
			continue;
		if (*text == '[') {
			is_here = strlen(text) == strlen(section) + 2 && !strncmp(text + 1, section, strlen(section));
			found = found || is_here;
			continue;
		}
		int rc = is_here ? use_line(client, text, path, e) : 0;
		if (rc < 0)
			return rc;
	}
	return found || str_eq(section, "default") ? 0 : fail(e, ERR_VALIDATION, "%s has no [%s]", path, section);
}

static void own_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static int read_profiles(struct client *client, const char *section, struct err *e)
{
	struct stat st;
	const char *path = profiles_path(client);
	own(own_file) FILE *file = path ? fopen(path, "re") : NULL;
	if (!file && (!path || errno == ENOENT))
		return str_eq(section, "default") ? 0
						  : fail(e, ERR_VALIDATION, "there is no file of profiles %s", path ? path : "");
	if (!file || fstat(fileno(file), &st) < 0)
		return fail(e, ERR_VALIDATION, "%s cannot be read: %s", path, strerror(errno));
	if (st.st_mode & 077)
		return fail(e, ERR_VALIDATION, "%s holds tokens and others may read it: chmod 600 %s", path, path);
	return read_section(client, file, path, section, e);
}

static const char *first_of(const char *a, const char *b)
{
	return !str_empty(a) ? a : !str_empty(b) ? b : NULL;
}

int profile_find(struct client *client, struct err *e)
{
	const char *section = first_of(client_option(client, "profile"), getenv("CHATELAINE_PROFILE"));
	client->url = first_of(client_option(client, "url"), getenv("CHATELAINE_URL"));
	client->token = first_of(client_option(client, "token"), getenv("CHATELAINE_TOKEN"));
	client->ca_file = first_of(client_option(client, "ca-file"), getenv("CHATELAINE_CA_FILE"));
	int rc = client->url && client->token && !section ? 0 : read_profiles(client, section ? section : "default", e);
	if (rc < 0)
		return rc;
	if (!client->url || !client->token)
		return fail(e, ERR_VALIDATION,
			"no %s: give --%s, set CHATELAINE_%s, or write it into ~/.config/chatelaine/profiles",
			client->url ? "token" : "address", client->url ? "token" : "url", client->url ? "TOKEN" : "URL");
	if (!str_starts(client->url, "http://") && !str_starts(client->url, "https://"))
		return fail(e, ERR_VALIDATION, "the address \"%.100s\" does not begin with http:// or https://", client->url);
	size_t length = strlen(client->url);
	while (length && client->url[length - 1] == '/')
		length--;
	client->url = arena_strndup(client->arena, client->url, length);
	return strpbrk(client->token, "\r\n") ? fail(e, ERR_VALIDATION, "the token has a line break in it") : 0;
}
