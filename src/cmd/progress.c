/* A bar for transfers, a counter of seconds for jobs. */
#include "cmd/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define BAR_WIDTH 30
#define INTERVAL_US 100000

void progress_begin(struct progress *progress, const char *label)
{
	int64_t now = monotonic_us();
	*progress = (struct progress){ .label = label, .begun_us = now, .is_terminal = isatty(STDERR_FILENO) };
}

static bool is_due(struct progress *progress)
{
	int64_t now = monotonic_us();
	if (!progress->is_terminal || now - progress->shown_us < INTERVAL_US)
		return false;
	progress->shown_us = now;
	progress->shown = true;
	return true;
}

static void print_rate(const struct progress *progress, int64_t done)
{
	double seconds = (double)(monotonic_us() - progress->begun_us) / (double)US_PER_S;
	if (seconds > 0.2)
		fprintf(stderr, "  %.1f MB/s", (double)done / 1e6 / seconds);
}

bool progress_bytes(void *arg, int64_t done, int64_t total)
{
	struct progress *progress = arg;
	if (!is_due(progress))
		return true;
	done += progress->before;
	total = progress->total ? progress->total : total;
	fprintf(stderr, "\r\033[K%s ", progress->label);
	if (total > 0) {
		int filled = (int)((double)done / (double)total * BAR_WIDTH);
		filled = filled > BAR_WIDTH ? BAR_WIDTH : filled;
		fprintf(stderr, "[%.*s%*s] %3d%%", filled, "##############################", BAR_WIDTH - filled, "",
			(int)((double)done / (double)total * 100));
	}
	fprintf(stderr, "  %.1f MB", (double)done / 1e6);
	print_rate(progress, done);
	fflush(stderr);
	return true;
}

void progress_wait(struct progress *progress, const char *state)
{
	if (!is_due(progress))
		return;
	fprintf(stderr, "\r\033[K%s %s, %.0f s", progress->label, state ? state : "runs",
		(double)(monotonic_us() - progress->begun_us) / (double)US_PER_S);
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}
