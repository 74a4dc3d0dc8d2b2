/* The command line: one file per sub-command, one row each in main.c's table. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

struct command {
	const char *name;     /* "init" */
	const char *synopsis; /* what follows the name: "--data DIR --email E ..." */
	const char *help;     /* one line */
	/* argv[0] is the sub-command's name. The result is the exit status. */
	int (*run)(int argc, char **argv);
};

/* The server's side; ends with a row whose name is NULL. The client's side: CLIENT_GROUPS. */
extern const struct command COMMANDS[];

int cmd_backup(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_prove(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_routes(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_user(int argc, char **argv);

#endif
