/* The catalogue of components: one definition file each (components/definitions/<id>.json), read once at the start. */
#ifndef WORK_CATALOGUE_H
#define WORK_CATALOGUE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/conf.h"
#include "base/err.h"

struct catalogue;

/* Reads every definition of the folder: conf->components, or the one found beside the program or in the source tree.
 * A definition that can't be read ends the start, with its name in the error. */
int catalogue_open(const struct conf *conf, struct catalogue **ret, struct err *e);
void catalogue_close(struct catalogue *catalogue);

/* A component as GET components/{id} shows it, without uri; borrowed and never changed. NULL when it is not known. */
json_t *catalogue_find(const struct catalogue *catalogue, const char *component_id);
/* Every component, sorted by id: array of the same; borrowed. */
json_t *catalogue_list(const struct catalogue *catalogue);

/* Do configurations of the component get a token of their own ("ownToken", R17)? */
bool catalogue_owns_token(const struct catalogue *catalogue, const char *component_id);

/* Does a posted event fulfil what its component's definition demands ("eventSchema")? ERR_EVENT_SCHEMA with "errors" when not.
 * Unknown components and NULL are not checked. */
int catalogue_check_event(
	const struct catalogue *catalogue, const char *component_id, json_t *params, json_t *results, struct err *e);

#endif
