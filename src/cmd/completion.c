/* chatelaine completion: scripts for shells, and the commands as a section of the man page, all from the tables of verbs. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/client.h"
#include "cmd/cmd.h"

/* --- pieces that both shells share ------------------------------------------------------------------------------------------- */

static void print_groups(void)
{
	for (const struct command *command = COMMANDS; command->name; command++)
		printf("%s ", command->name);
	for (const struct verb_group *const *group = CLIENT_GROUPS; *group; group++)
		printf("%s ", (*group)->name);
}

static void print_options(const struct verb_option *options)
{
	for (const struct verb_option *option = options; option && option->name; option++)
		printf("--%s ", option->name);
}

/* Of "add --data DIR [--json]" what is typed as it stands: add, --data, --json; of "bash|zsh|man" each. */
static void print_synopsis(const char *synopsis)
{
	static const char BETWEEN[] = " |[]";
	for (const char *word = synopsis + strspn(synopsis, BETWEEN); *word; word += strspn(word, BETWEEN)) {
		size_t length = strcspn(word, BETWEEN);
		if (strspn(word, "abcdefghijklmnopqrstuvwxyz-") == length)
			printf("%.*s ", (int)length, word);
		word += length;
	}
}

static const char *const SETTINGS[] = {
#define SETTING_TEXT(name, standard, help) #name,
#define SETTING_NUMBER(name, standard, lowest, highest, help) #name,
#define SETTING_SWITCH(name, standard, help) #name,
#include "base/settings.h"
#undef SETTING_TEXT
#undef SETTING_NUMBER
#undef SETTING_SWITCH
};

static void print_settings(void)
{
	for (size_t i = 0; i < sizeof(SETTINGS) / sizeof(SETTINGS[0]); i++) {
		printf("--");
		for (const char *p = SETTINGS[i]; *p; p++)
			putchar(*p == '_' ? '-' : *p);
		putchar(' ');
	}
}

/* Every command takes settings; only of the server they are what one looks for. */
static void print_command_words(const struct command *command)
{
	if (command->run != cmd_serve) {
		print_synopsis(command->synopsis);
		return;
	}
	printf("--config ");
	print_settings();
}

/* Options that take the name of a local file. */
static const char FILE_OPTIONS[] =
	"--ca-file|--config|--tls-cert|--tls-key|--data|--to|--from|--ledger|--key-file|--components|--web";

/* case "<group> <verb>" in ... with the options of each. */
static void print_option_cases(void)
{
	for (const struct command *command = COMMANDS; command->name; command++) {
		printf("\t\"%s \"*) list=\"", command->name);
		print_command_words(command);
		printf("\" ;;\n");
	}
	for (const struct verb_group *const *group = CLIENT_GROUPS; *group; group++)
		for (const struct verb *verb = (*group)->verbs; verb->name; verb++) {
			printf("\t\"%s %s\") list=\"", (*group)->name, verb->name);
			print_options(verb->options);
			print_options(CLIENT_OPTIONS);
			printf("\" ;;\n");
		}
}

static void print_verb_cases(void)
{
	for (const struct command *command = COMMANDS; command->name; command++) {
		printf("\t%s) list=\"", command->name);
		print_command_words(command);
		printf("\" ;;\n");
	}
	for (const struct verb_group *const *group = CLIENT_GROUPS; *group; group++) {
		printf("\t%s) list=\"", (*group)->name);
		for (const struct verb *verb = (*group)->verbs; verb->name; verb++)
			printf("%s ", verb->name);
		printf("\" ;;\n");
	}
}

/* --- shells -------------------------------------------------------------------------------------------------------------------- */

static void print_bash(void)
{
	printf("# Completion of chatelaine for bash: source <(chatelaine completion bash)\n"
	       "_chatelaine() {\n"
	       "\tlocal list=\"\" word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
	       "\tCOMPREPLY=()\n"
	       "\tcase \"$before\" in %s) COMPREPLY=($(compgen -f -- \"$word\")); return ;; esac\n",
		FILE_OPTIONS);
	printf("\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tlist=\"");
	print_groups();
	printf("\"\n\telif [ \"$COMP_CWORD\" -eq 2 ]; then\n\tcase \"${COMP_WORDS[1]}\" in\n");
	print_verb_cases();
	printf("\tesac\n\telif [ \"${word:0:1}\" = - ]; then\n\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n");
	print_option_cases();
	printf("\tesac\n\telse\n\t\tCOMPREPLY=($(compgen -f -- \"$word\")); return\n\tfi\n"
	       "\tCOMPREPLY=($(compgen -W \"$list\" -- \"$word\"))\n}\ncomplete -o filenames -F _chatelaine chatelaine\n");
}

static void print_zsh(void)
{
	printf("#compdef chatelaine\n"
	       "# Completion of chatelaine for zsh: source <(chatelaine completion zsh), or as _chatelaine in a folder of fpath\n"
	       "_chatelaine() {\n"
	       "\tlocal list=\"\" word=\"${words[CURRENT]}\" first=\"${words[2]}\" second=\"${words[3]}\" "
	       "before=\"${words[CURRENT-1]}\"\n");
	printf("\tcase \"$before\" in %s) _files; return ;; esac\n", FILE_OPTIONS);
	printf("\tif (( CURRENT == 2 )); then\n\t\tlist=\"");
	print_groups();
	printf("\"\n\telif (( CURRENT == 3 )); then\n\tcase \"$first\" in\n");
	print_verb_cases();
	printf("\tesac\n\telif [[ \"$word\" == -* ]]; then\n\tcase \"$first $second\" in\n");
	print_option_cases();
	printf("\tesac\n\telse\n\t\t_files; return\n\tfi\n\tcompadd -- ${=list}\n}\n"
	       "if [ \"$funcstack[1]\" = _chatelaine ]; then _chatelaine \"$@\"; else compdef _chatelaine chatelaine; fi\n");
}

/* --- man page ------------------------------------------------------------------------------------------------------------------ */

/* A hyphen that is one, a backslash that is none of roff's. */
static void print_roff(const char *text)
{
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

static void print_roff_line(const char *macro, const char *text)
{
	printf("%s ", macro);
	print_roff(text);
	putchar('\n');
}

static void print_roff_options(const struct verb_option *options)
{
	for (const struct verb_option *option = options; option && option->name; option++) {
		printf(".TP\n.B \\-\\-");
		print_roff(option->name);
		if (option->metavar)
			printf(" \\fI%s\\fR", option->metavar);
		putchar('\n');
		print_roff(option->help);
		putchar('\n');
	}
}

static void print_man(void)
{
	for (const struct command *command = COMMANDS; command->name; command++) {
		printf(".SS chatelaine %s ", command->name);
		print_roff(command->synopsis);
		putchar('\n');
		print_roff(command->help);
		putchar('\n');
	}
	for (const struct verb_group *const *group = CLIENT_GROUPS; *group; group++)
		for (const struct verb *verb = (*group)->verbs; verb->name; verb++) {
			printf(".SS chatelaine %s %s ", (*group)->name, verb->name);
			print_roff(verb->arguments);
			putchar('\n');
			print_roff(verb->help);
			putchar('\n');
			print_roff_options(verb->options);
		}
	print_roff_line(".SS", "Options of all of token, bucket, table, file, event, job, project");
	print_roff_options(CLIENT_OPTIONS);
}

int cmd_completion(int argc, char **argv)
{
	if (argc == 2 && str_eq(argv[1], "bash"))
		print_bash();
	else if (argc == 2 && str_eq(argv[1], "zsh"))
		print_zsh();
	else if (argc == 2 && str_eq(argv[1], "man"))
		print_man();
	else {
		fputs("usage: chatelaine completion bash|zsh|man\n", stderr);
		return EXIT_WRONG_CALL;
	}
	return EXIT_FINE;
}
