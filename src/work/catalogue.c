/* Reading the catalogue of components and answering from it. Nothing of it changes after the start. */
#include "work/catalogue.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "base/str.h"

struct catalogue {
	json_t *list;    /* sorted by id */
	json_t *by_id;   /* id -> the same objects */
	json_t *schemas; /* id -> what its events must hold */
	json_t *owners;  /* ids of those whose configurations own a token */
};

/* Every member of a component as clients read it; a definition says only what differs. "{" an object, "[" a list, "s" a text,
 * "t" true, "n" null. */
static const struct {
	const char *name;
	char standard;
} MEMBERS[] = {
	{ "id", 's' },
	{ "name", 's' },
	{ "type", 's' },
	{ "description", 's' },
	{ "longDescription", 's' },
	{ "version", 'v' },
	{ "complexity", 's' },
	{ "categories", '[' },
	{ "hasRun", 't' },
	{ "hasUI", 't' },
	{ "ico32", 's' },
	{ "ico64", 's' },
	{ "ico128", 's' },
	{ "data", '{' },
	{ "flags", '[' },
	{ "documentationUrl", 'n' },
	{ "configurationSchema", '{' },
	{ "configurationRowSchema", '{' },
	{ "emptyConfiguration", '{' },
	{ "emptyConfigurationRow", '{' },
	{ "createConfigurationRowSchema", '{' },
	{ "configurationDescription", 'n' },
	{ "uiOptions", '{' },
	{ "features", '[' },
	{ "expiredOn", 'n' },
	{ "dataTypesConfiguration", '{' },
	{ "processorConfiguration", '{' },
};

static json_t *standard_value(char standard)
{
	switch (standard) {
	case 's':
		return json_string("");
	case 'v':
		return json_integer(1);
	case 't':
		return json_true();
	case '[':
		return json_array();
	case '{':
		return json_object();
	default:
		return json_null();
	}
}

static json_t *complete(json_t *definition)
{
	json_t *component = json_object();
	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++) {
		json_t *value = json_object_get(definition, MEMBERS[i].name);
		json_object_set_new(component, MEMBERS[i].name, value ? json_incref(value) : standard_value(MEMBERS[i].standard));
	}
	return component;
}

/* --- finding and reading the files --------------------------------------------------------------------------------------- */

static int read_definition(struct catalogue *catalogue, const char *folder, const char *name, struct err *e)
{
	char path[PATH_MAX];
	json_error_t error;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return fail(e, ERR_INTERNAL, "the path of the component definition %s is too long", name);
	own(own_json) json_t *definition = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	const char *id = json_string_value(json_object_get(definition, "id"));
	if (!definition)
		return fail(e, ERR_INTERNAL, "component definition %s, line %d: %s", path, error.line, error.text);
	if (!id || strncmp(id, name, strlen(id)) != 0 || !str_eq(name + strlen(id), ".json"))
		return fail(e, ERR_INTERNAL, "component definition %s: its id must be its file's name", path);
	json_object_set_new(catalogue->by_id, id, complete(definition));
	json_t *schema = json_object_get(definition, "eventSchema");
	if (schema)
		json_object_set(catalogue->schemas, id, schema);
	if (json_is_true(json_object_get(definition, "ownToken")))
		json_object_set_new(catalogue->owners, id, json_true());
	return 0;
}

static int is_definition(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(entry->d_name, ".json");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct catalogue *catalogue, const char *folder, struct err *e)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_definition, by_name), rc = 0;
	if (count < 0)
		return fail(e, ERR_INTERNAL, "the folder of component definitions cannot be read: %s", folder);
	for (int i = 0; i < count; i++) {
		if (rc == 0)
			rc = read_definition(catalogue, folder, entries[i]->d_name, e);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

/* The folder beside the program (installed), or in the source tree that it was built in. */
static bool find_folder(char folder[PATH_MAX])
{
	static const char *const places[] = { "components/definitions", "../components/definitions",
		"../share/chatelaine/components" };
	char program[PATH_MAX - 64];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (length < 0)
		return false;
	program[length] = '\0';
	*strrchr(program, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(folder, PATH_MAX, "%s/%s", program, places[i]);
		if (access(folder, R_OK | X_OK) == 0)
			return true;
	}
	return false;
}

int catalogue_open(const struct conf *conf, struct catalogue **ret, struct err *e)
{
	char found[PATH_MAX];
	const char *folder = str_empty(conf->components) ? NULL : conf->components, *id;
	json_t *component;
	if (!folder && !find_folder(found))
		return fail(
			e, ERR_INTERNAL, "the folder of component definitions was not found; say where it is with --components");
	struct catalogue *catalogue = calloc(1, sizeof(*catalogue));
	if (!catalogue)
		return fail_internal(e, ERR_INTERNAL, "no memory for the catalogue");
	catalogue->list = json_array();
	catalogue->by_id = json_object();
	catalogue->schemas = json_object();
	catalogue->owners = json_object();
	int rc = read_folder(catalogue, folder ? folder : found, e);
	if (rc < 0) {
		catalogue_close(catalogue);
		return rc;
	}
	json_object_foreach(catalogue->by_id, id, component) {
		json_array_append(catalogue->list, component);
	}
	*ret = catalogue;
	return 0;
}

void catalogue_close(struct catalogue *catalogue)
{
	if (!catalogue)
		return;
	json_decref(catalogue->list);
	json_decref(catalogue->by_id);
	json_decref(catalogue->schemas);
	json_decref(catalogue->owners);
	free(catalogue);
}

/* --- answers -------------------------------------------------------------------------------------------------------------- */

json_t *catalogue_find(const struct catalogue *catalogue, const char *component_id)
{
	return json_object_get(catalogue->by_id, component_id);
}

json_t *catalogue_list(const struct catalogue *catalogue)
{
	return catalogue->list;
}

bool catalogue_owns_token(const struct catalogue *catalogue, const char *component_id)
{
	return json_object_get(catalogue->owners, component_id);
}

/* A small part of JSON Schema: "required" names of the members at path. */
static void check_required(const char *path, json_t *schema, json_t *value, struct err *e)
{
	size_t i;
	json_t *name;
	json_array_foreach(json_object_get(schema, "required"), i, name) {
		char key[256], message[256];
		if (json_object_get(value, json_string_value(name)))
			continue;
		snprintf(key, sizeof(key), "%s.%s", path, json_string_value(name));
		snprintf(message, sizeof(message), "The property %s is required", json_string_value(name));
		if (!e->code)
			fail(e, ERR_EVENT_SCHEMA, "The event does not match the schema of its component: %s: %s", key, message);
		err_field(e, key, message);
	}
}

int catalogue_check_event(
	const struct catalogue *catalogue, const char *component_id, json_t *params, json_t *results, struct err *e)
{
	json_t *schema = json_object_get(catalogue->schemas, component_id);
	check_required("params", json_object_get(schema, "params"), params, e);
	check_required("results", json_object_get(schema, "results"), results, e);
	return e->code ? -(int)e->code : 0;
}
