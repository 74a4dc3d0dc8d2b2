/* chatelaine: one program, one sub-command per file. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/json_read.h"
#include "cmd/client.h"
#include "cmd/cmd.h"

static int print_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("chatelaine " VERSION);
	return 0;
}

const struct command COMMANDS[] = {
	{ "backup", "--data DIR --to FOLDER [--rotate] [--with-key] [--json]",
		"copy database, rows and files while the server runs", cmd_backup },
	{ "completion", "bash|zsh|man", "print a completion script, or the man page's list of commands", cmd_completion },
	{ "doctor", "--data DIR", "look for what is wrong with a server's data folder", cmd_doctor },
	{ "init", "--data DIR --email E --password P --organization O --project N [--json]", "make a server's data folder",
		cmd_init },
	{ "prove", "--data DIR [--project ID] [--known HASH] [--public-key KEY]",
		"check that the recorded history was not changed: every event against the signed checkpoints", cmd_prove },
	{ "restore", "--data DIR --from FOLDER [--engine URL] [--ledger FILE] [--json]", "make a server of a backup",
		cmd_restore },
	{ "routes", "", "print the routing table: method, path, who may call, event", cmd_routes },
	{ "serve", "--data DIR --listen HOST:PORT [--public-url URL] [--config FILE]", "run the server", cmd_serve },
	{ "user", "add --data DIR --project ID --email E --password P --role ROLE [--json]", "add a member to a project",
		cmd_user },
	{ "version", "", "print the version", print_version },
	{ NULL },
};

static int print_help(FILE *out)
{
	fputs("usage: chatelaine COMMAND [options]\n\n", out);
	for (const struct command *command = COMMANDS; command->name; command++)
		fprintf(out, "  %-10s %s\n             chatelaine %s %s\n", command->name, command->help, command->name,
			command->synopsis);
	fputs("\nand, as a client of a server (chatelaine COMMAND --help):\n\n", out);
	for (const struct verb_group *const *group = CLIENT_GROUPS; *group; group++)
		fprintf(out, "  %-10s %s\n", (*group)->name, (*group)->help);
	return out == stdout ? 0 : 2;
}

/* How to call one command, and the settings that every command takes as well. */
static int print_command(const struct command *command)
{
	struct conf conf;
	printf("usage: chatelaine %s %s\n%s\n\nSettings, also in the file of --config and as CHATELAINE_... in the "
	       "environment:\n",
		command->name, command->synopsis, command->help);
	if (conf_init(&conf, NULL) == 0)
		conf_print(&conf, stdout);
	conf_done(&conf);
	return 0;
}

static bool asks_help(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], "--help"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	json_read_init();
	if (argc < 2)
		return print_help(stderr);
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return print_help(stdout);
	for (const struct command *command = COMMANDS; command->name; command++)
		if (!strcmp(argv[1], command->name) || (!strcmp(argv[1], "--version") && !strcmp(command->name, "version")))
			return asks_help(argc, argv) ? print_command(command) : command->run(argc - 1, argv + 1);
	for (const struct verb_group *const *group = CLIENT_GROUPS; *group; group++)
		if (!strcmp(argv[1], (*group)->name))
			return client_main(*group, argc - 1, argv + 1);
	fprintf(stderr, "chatelaine: \"%s\" is no command\n\n", argv[1]);
	return print_help(stderr);
}
