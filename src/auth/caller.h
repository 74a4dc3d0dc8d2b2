/* Who is calling: a snapshot of the token with its project and user, from the request's headers. */
#ifndef AUTH_CALLER_H
#define AUTH_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "store/token.h"

enum role { ROLE_NONE, ROLE_GUEST, ROLE_READ_ONLY, ROLE_SHARE, ROLE_ADMIN };
const char *role_name(enum role role);      /* "admin", "share", "guest", "readOnly" */
enum role role_from_name(const char *name); /* ROLE_NONE when unknown */

/* A storage token as the index knows it: immutable once made, shared by reference (index.h). */
struct identity {
	struct token token;
	enum role role; /* master tokens: the user's role in the project; others ROLE_NONE */
	int64_t project_version;
	int64_t default_branch_id; /* of the project */
	char *project_name;
	int64_t organization_id;
	bool project_gone, project_disabled;
	char *project_disabled_reason;
	int64_t ends_us; /* the earliest end of token, membership and project; 0: none. Judged by the clock at every look-up (R11) */
	char *admin_name, *admin_email; /* of token.admin_id; may be NULL */
	bool admin_disabled;
	bool can_manage_tokens;  /* derived: master with role admin or share */
	bool can_manage_buckets; /* derived: the token's flag, or master admin, share, guest */
	bool can_write;          /* derived: false only for readOnly masters */
};

enum caller_kind { CALLER_NOBODY, CALLER_STORAGE, CALLER_MANAGE };

struct caller {
	enum caller_kind kind;
	/* CALLER_STORAGE */
	const struct identity *identity;       /* held for the request */
	uint8_t string_hash[SECRET_HASH_SIZE]; /* of the string in the header; zeros for a session */
	/* CALLER_MANAGE: a management token or a browser's session outside projects */
	int64_t user_id;
	int64_t manage_token_id;     /* 0: a session */
	int64_t manage_refreshed_us; /* when the string that admitted was made: a refresh since then ends it (R13) */
	char *user_email, *user_name;
	bool is_super;        /* may act on every organization */
	bool scope_read_only; /* the management token was made for reading only */
	/* a browser's session, 0: none. Set for both kinds */
	int64_t session_id;
};

/* Where a change comes from: what every event records about its cause. All texts borrowed. */
struct origin {
	int64_t project_id;
	int64_t branch_id;
	int64_t token_id; /* 0: the server itself, or a management call */
	const char *token_description;
	const char *run_id; /* "" when none */
	const char *address;
	const char *user_agent, *client_agent /* X-User-Agent or NULL */, *referer;
	const char *via; /* "api", "session", "job", "server", "manage" */
	bool async;
};

#endif
