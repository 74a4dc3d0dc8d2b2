/* What the calls on configurations, rows and versions share: who may, which one, how it is shown, what is recorded. */
#ifndef API_CONFIG_COMMON_H
#define API_CONFIG_COMMON_H

#include "http/req.h"
#include "work/configs.h"

#define CONFIG_JSON_MAX (4 * 1024 * 1024)

/* Path segment 0 is the component: may the caller, is it known? ERR_COMPONENT_NOT_FOUND. key is without id. */
int config_path_component(struct req *rq, bool write, struct config_key *ret, struct err *e);
/* Path segments 0 and 1: the living configuration. ERR_CONFIG_NOT_FOUND; ERR_CONFIG_GONE when something was to be changed. */
int config_path(struct req *rq, bool write, struct config **ret, struct err *e);
/* Path segments 0, 1 and 2: the living row of it. */
int config_row_path(struct req *rq, bool write, struct config **ret_config, struct config_row **ret_row, struct err *e);
/* The branch of the request is not the project's default one. */
int config_branch_is_development(struct req *rq, bool *ret, struct err *e);

/* An argument that is JSON, as compact text; standard when it was not given. code is the error of one that is none, "<what> body format". */
struct config_json_arg {
	const char *name;
	enum err_code code;
	const char *what; /* "configuration" */
};
int config_arg_json(struct req *rq, const struct config_json_arg *arg, const char *standard, const char **ret, struct err *e);
/* The body of PUT .../state: nothing but a state. code and prefix are of its errors. */
int config_arg_state(struct req *rq, enum err_code code, const char *prefix, const char **ret, struct err *e);
extern const struct param CONFIG_STATE_PARAMS[];

/* Which parts a list shows. */
struct config_parts {
	bool configuration, rows, state;
};
/* rows are looked at only when parts say so. */
json_t *config_json_rows(const struct config *config, const struct config_parts *parts, const struct config_row_list *rows);
json_t *config_row_json(const struct config_row *row, const struct config_parts *parts);
json_t *config_row_list_json(const struct config_row_list *rows, const struct config_parts *parts);
json_t *config_token_json(int64_t token_id, const char *description);
/* Everything, with the rows read. */
int config_reply(struct req *rq, int status, const struct config *config, struct err *e);

/* After each change: the token of a configuration that has one of its own follows (R17). */
int config_token_follow(struct req *rq, struct config *config, struct err *e);

/* The event's object and params: {component, configurationId, name, version}. */
json_t *config_event_params(const struct config *config);
void config_event(struct req *rq, const struct config *config);
/* {rowId, name, version, configuration{...}}. */
json_t *config_row_event_params(const struct config *config, const struct config_row *row);
void config_row_event(struct req *rq, const struct config *config, const struct config_row *row);

#endif
