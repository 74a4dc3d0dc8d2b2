/* Where the server is and which token to use. */
#ifndef CMD_PROFILE_H
#define CMD_PROFILE_H

#include "cmd/client.h"

/* Sets url and token, each from the option, else the environment (CHATELAINE_URL, CHATELAINE_TOKEN), else the profile. A profile file
 * that others may read is refused. */
int profile_find(struct client *client, struct err *e);

#endif
