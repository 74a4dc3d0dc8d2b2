/* What is done from time to time. */
#include "work/sweepers.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "work/checkpoints.h"
#include "work/event_sweep.h"
#include "work/files.h"
#include "work/invitations.h"
#include "work/projects.h"
#include "work/token_sweeps.h"

const struct sweep SWEEPS[] = {
	{ "memberships and sessions that are over", 10, accounts_sweep },
	{ "checkpoints of events", 60, checkpoints_sweep },
	{ "old events", 600, event_sweep },
	{ "contents of purged projects", 15, projects_sweep },
	{ "uses of tokens", 3, sweep_token_uses },
	{ "expired tokens", 5, sweep_expired_tokens },
	{ "expiry notices", 300, sweep_expiry_notices },
	{ "answers that may be repeated", 30, sweep_token_replays },
	{ "links that share tokens", 300, sweep_token_links },
	{ "contents of removed and expired files", 10, files_sweep },
	{ NULL, 0, NULL },
};

enum { SWEEP_COUNT = sizeof SWEEPS / sizeof SWEEPS[0] - 1 };

struct sweepers {
	struct app *app;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool is_stopping;
	int64_t next_us[SWEEP_COUNT];
};

static void sweep_once(struct sweepers *sweepers, int n)
{
	own(err_done) struct err e = { 0 };
	int rc = SWEEPS[n].run(sweepers->app, now_us(), &e);
	if (rc < 0)
		log_line(LOG_WARN, "a sweep failed", "sweep", SWEEPS[n].name, "cause", err_text(&e), NULL);
	sweepers->next_us[n] = monotonic_us() + (rc > 0 ? 0 : SWEEPS[n].period_s * US_PER_S);
}

static bool is_stopping(struct sweepers *sweepers)
{
	pthread_mutex_lock(&sweepers->lock);
	bool stopping = sweepers->is_stopping;
	pthread_mutex_unlock(&sweepers->lock);
	return stopping;
}

static void rest_until(struct sweepers *sweepers, int64_t time_us)
{
	struct timespec until = { .tv_sec = time_us / US_PER_S, .tv_nsec = time_us % US_PER_S * 1000 };
	pthread_mutex_lock(&sweepers->lock);
	while (!sweepers->is_stopping && pthread_cond_timedwait(&sweepers->stopped, &sweepers->lock, &until) == 0)
		;
	pthread_mutex_unlock(&sweepers->lock);
}

static void *sweepers_run(void *arg)
{
	struct sweepers *sweepers = arg;
	while (!is_stopping(sweepers)) {
		int64_t now = monotonic_us(), next = INT64_MAX;
		for (int n = 0; n < SWEEP_COUNT && !is_stopping(sweepers); n++) {
			if (sweepers->next_us[n] <= now)
				sweep_once(sweepers, n);
			next = sweepers->next_us[n] < next ? sweepers->next_us[n] : next;
		}
		rest_until(sweepers, next);
	}
	return NULL;
}

/* The condition waits by the clock that monotonic_us() reads. */
static void condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

int sweepers_start(struct app *app, struct sweepers **ret, struct err *e)
{
	struct sweepers *sweepers = calloc(1, sizeof *sweepers);
	if (!sweepers)
		return fail(e, ERR_INTERNAL, NULL);
	sweepers->app = app;
	pthread_mutex_init(&sweepers->lock, NULL);
	condition_init(&sweepers->stopped);
	for (int n = 0; n < SWEEP_COUNT; n++)
		sweepers->next_us[n] = monotonic_us() + US_PER_S + n * US_PER_S / 4;
	if (pthread_create(&sweepers->thread, NULL, sweepers_run, sweepers) != 0) {
		free(sweepers);
		return fail_internal(e, ERR_INTERNAL, "no thread for the sweepers");
	}
	*ret = sweepers;
	return 0;
}

void sweepers_stop(struct sweepers *sweepers)
{
	if (!sweepers)
		return;
	pthread_mutex_lock(&sweepers->lock);
	sweepers->is_stopping = true;
	pthread_cond_signal(&sweepers->stopped);
	pthread_mutex_unlock(&sweepers->lock);
	pthread_join(sweepers->thread, NULL);
	pthread_cond_destroy(&sweepers->stopped);
	pthread_mutex_destroy(&sweepers->lock);
	free(sweepers);
}
