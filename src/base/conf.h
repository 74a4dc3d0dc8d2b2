/* Settings: one table (settings.h) is the parser, the help, the file reader and the list that docs/config.md is checked against. */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* struct conf has one member per row of settings.h. Texts are owned by it. */
struct conf {
#define SETTING_TEXT(name, standard, help) char *name;
#define SETTING_NUMBER(name, standard, lowest, highest, help) int64_t name;
#define SETTING_SWITCH(name, standard, help) bool name;
#include "base/settings.h"
#undef SETTING_TEXT
#undef SETTING_NUMBER
#undef SETTING_SWITCH
};

/* Standard values. conf_done() frees. */
int conf_init(struct conf *conf, struct err *e);
void conf_done(struct conf *conf);

/* Sets one by its name as written on the command line or in the file ("public-url" or "public_url"). An unknown name or a
 * value out of its limits is an error that names both. */
int conf_set(struct conf *conf, const char *name, const char *value, struct err *e);
/* "name = value" lines, # comments. */
int conf_read(struct conf *conf, const char *path, struct err *e);
/* As conf_read() from memory; for the fuzzer and tests. */
int conf_parse(struct conf *conf, const char *text, size_t length, struct err *e);
/* CHATELAINE_PUBLIC_URL... from the environment. */
int conf_environment(struct conf *conf, struct err *e);
/* Prints the table: name, standard, limits, help. Secret values are never printed. */
void conf_print(const struct conf *conf, FILE *out);

#endif
