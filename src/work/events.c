/* Recording what happened: the type's row gives name, object type, class and message; the call gives the rest. */
#include "work/events.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/own.h"
#include "base/str.h"
#include "store/event.h"

static const struct {
	const char *name;
	const char *object_type;
	enum operation_class class;
	const char *message;
} TYPES[EVENT_TYPE_COUNT] = {
#define EVENT_TYPE(constant, name, object, class, message) [constant] = { name, object, class, message },
#include "work/event_types.h"
#undef EVENT_TYPE
	[EVENT_POSTED] = { "ext", NULL, OP_WRITE, "" },
};

const char *event_name(enum event_type type)
{
	return TYPES[type].name;
}

const char *operation_class_name(enum operation_class class)
{
	static const char *const names[] = { "read", "write", "manage", "refused" };
	return names[class];
}

enum operation_class event_class(enum event_type type)
{
	return TYPES[type].class;
}

/* The member of params that the path (bytes of a template, "a" or "a.b") names, or NULL. */
static json_t *params_member(json_t *params, const char *path, size_t length)
{
	const char *dot = memchr(path, '.', length);
	size_t first = dot ? (size_t)(dot - path) : length;
	json_t *member = json_object_getn(params, path, first);
	return dot ? json_object_getn(member, dot + 1, length - first - 1) : member;
}

static void add_member(struct buf *text, const struct event_object *object, const char *key, size_t length)
{
	json_t *member = object->params ? params_member(object->params, key, length) : NULL;
	if (length == 4 && strncmp(key, "name", 4) == 0 && object->name)
		buf_puts(text, object->name);
	else if (length == 2 && strncmp(key, "id", 2) == 0)
		buf_puts(text, object->id ? object->id : "");
	else if (json_is_string(member))
		buf_puts(text, json_string_value(member));
	else if (json_is_integer(member))
		buf_printf(text, "%lld", (long long)json_integer_value(member));
}

static void add_message(struct buf *text, const char *template, const struct event_object *object)
{
	for (const char *open; (open = strchr(template, '{')); template = strchr(open, '}') + 1) {
		buf_add(text, template, (size_t)(open - template));
		add_member(text, object, open + 1, strcspn(open + 1, "}"));
	}
	buf_puts(text, template);
}

/* Compact JSON, or NULL when there is nothing worth storing. */
static char *json_text(json_t *value)
{
	if (!value || (json_object_size(value) == 0 && json_array_size(value) == 0))
		return NULL;
	return json_dumps(value, JSON_COMPACT);
}

/* What was tried, of something refused: the class of what would have been recorded, else of reading or changing by the request's method. */
static const char *operation_of(enum operation_class class, const struct event_object *object)
{
	if (class == OP_REFUSED && object->tried)
		class = TYPES[object->tried].class;
	if (class != OP_REFUSED)
		return operation_class_name(class);
	const char *method = json_string_value(json_object_get(object->params, "method"));
	return operation_class_name(str_eq(method, "GET") || str_eq(method, "HEAD") ? OP_READ : OP_WRITE);
}

int emit(struct db *db, const struct origin *origin, enum event_type type, const struct event_object *object, struct err *e)
{
	static const struct event_object nothing = { 0 };
	own(buf_done) struct buf message = { 0 };
	char id[UUID_TEXT_SIZE];
	int64_t now = now_us();
	object = object ? object : &nothing;
	own(own_free) char *params = json_text(object->params);
	own(own_free) char *results = json_text(object->results);
	own(own_free) char *attachments = json_text(object->attachments);
	bool refused = TYPES[type].class == OP_REFUSED || object->is_refused;
	bool failed = type == EVENT_TABLE_IMPORT_ERROR || type == EVENT_JOB_FAILED;

	add_message(&message, TYPES[type].message, object);
	if (message.failed)
		return fail_internal(e, ERR_INTERNAL, "no memory for an event");
	struct event event = {
		.project_id = origin->project_id,
		.id = uuid_v7(now, id),
		.created_us = now,
		.branch_id = origin->branch_id,
		.name = TYPES[type].name,
		.component = object->component ? object->component : "storage",
		.message = message.data,
		.level = failed    ? "error"
			 : refused ? "warn"
				   : "info",
		.run_id = origin->run_id,
		.object_type = object->type ? object->type : TYPES[type].object_type,
		.object_id = object->id,
		.object_name = object->name,
		.token_id = origin->token_id,
		.token_name = origin->token_description,
		.operation = operation_of(TYPES[type].class, object),
		.outcome = refused  ? "refused"
			   : failed ? "error"
				    : "success",
		.address = origin->address,
		.user_agent = origin->user_agent,
		.client_agent = origin->client_agent,
		.referer = origin->referer,
		.via = origin->via,
		.is_async = origin->async,
		.params = params,
		.results = results,
		.attachments = attachments,
	};
	return event_insert(db, &event, e);
}
