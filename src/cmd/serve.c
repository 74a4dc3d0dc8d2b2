/* chatelaine serve: makes what lives as long as the process, answers until it is told to end, and ends it in good order. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/index.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "http/server.h"
#include "store/blob/blob.h"
#include "work/catalogue.h"
#include "work/ledger.h"
#include "work/mail.h"
#include "work/runner.h"
#include "work/sweepers.h"

enum { STOP_WAIT_S = 30 };

struct house {
	struct app app;
	struct http_server *server;
	struct sweepers *sweepers;
	struct ledger *ledger;
	int fd, port;
	char *url;
	const char *port_file;
};

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Else the first client finds it out, or the first mail that never comes. */
static int check_addresses(const struct conf *conf, struct err *e)
{
	const char *url = conf->public_url, *smtp = conf->smtp;
	if (!str_empty(url) && !str_starts(url, "http://") && !str_starts(url, "https://"))
		return fail(e, ERR_VALIDATION, "public_url: \"%.64s\" does not begin with http:// or https://", url);
	/* not shown: it may hold a password */
	if (!str_empty(smtp) && !str_starts(smtp, "smtp://") && !str_starts(smtp, "smtp+starttls://") &&
		!str_starts(smtp, "smtps://"))
		return fail(e, ERR_VALIDATION, "smtp: the address begins with none of smtp://, smtp+starttls://, smtps://");
	return 0;
}

static int listen_first(struct house *house, struct err *e)
{
	const struct conf *conf = &house->app.conf;
	int rc = check_addresses(conf, e);
	if (rc == 0)
		rc = http_listen(conf, &house->fd, &house->port, &house->url, e);
	if (rc < 0)
		return rc;
	const char *public_url = str_empty(conf->public_url) ? house->url : conf->public_url;
	house->app.public_url = public_url ? strdup(public_url) : NULL;
	if (!house->app.public_url)
		return fail(e, ERR_INTERNAL, NULL);
	size_t length = strlen(house->app.public_url);
	while (length && house->app.public_url[length - 1] == '/')
		house->app.public_url[--length] = '\0';
	return 0;
}

/* Everything between the database and the first answer, in the order in which one needs the other. */
static int house_furnish(struct house *house, struct err *e)
{
	struct app *app = &house->app;
	int rc = listen_first(house, e);
	if (rc == 0)
		rc = house_open(&app->conf, false, &app->database, e);
	if (rc == 0)
		rc = ledger_open(&app->conf, app->database, &house->ledger, e);
	if (rc == 0)
		rc = catalogue_open(&app->conf, &app->catalogue, e);
	if (rc == 0)
		rc = blobs_open(&app->conf, &app->blobs, e);
	if (rc == 0)
		rc = index_open(&app->conf, app->database, &app->index, e);
	if (rc == 0)
		rc = mailer_start(app, &app->mailer, e);
	if (rc == 0)
		rc = runner_start(app, &app->runner, e);
	if (rc == 0)
		rc = sweepers_start(app, &house->sweepers, e);
	if (rc == 0)
		rc = http_start(app, ROUTE_TABLES, house->fd, &house->server, e);
	house->fd = rc == 0 ? -1 : house->fd;
	return rc;
}

/* Backwards; what was never made is NULL. */
static void house_clear(struct house *house)
{
	struct app *app = &house->app;
	own(err_done) struct err e = { 0 };
	sweepers_stop(house->sweepers);
	runner_stop(app->runner);
	mailer_stop(app->mailer);
	if (app->index && index_flush_uses(app->index, &e) < 0)
		log_line(LOG_WARN, "the latest uses of tokens were not written", "error", err_text(&e), NULL);
	if (app->index)
		index_close(app->index);
	if (app->blobs)
		blobs_close(app->blobs);
	if (app->catalogue)
		catalogue_close(app->catalogue);
	if (app->database)
		database_close(app->database);
	ledger_close(house->ledger);
	if (house->fd >= 0)
		close(house->fd);
	free(app->public_url);
	free(house->url);
	conf_done(&app->conf);
}

static void write_port(const struct house *house)
{
	FILE *file = house->port_file ? fopen(house->port_file, "we") : NULL;
	if (!file)
		return;
	fprintf(file, "%d\n", house->port);
	fclose(file);
}

static void answer_until_told(struct house *house, const sigset_t *signals)
{
	int signal = 0;
	log_line(LOG_INFO, "listening", "url", house->url, "version", VERSION, NULL);
	write_port(house);
	while (sigwait(signals, &signal) != 0)
		;
	log_line(LOG_INFO, "ending", "signal", strsignal(signal), NULL);
	if (http_stop(house->server, STOP_WAIT_S))
		return;
	log_line(LOG_ERROR, "requests did not finish in time", NULL);
	_exit(1);
}

int cmd_serve(int argc, char **argv)
{
	struct house house = { .fd = -1 };
	own(err_done) struct err e = { 0 };
	sigset_t signals;
	const struct option_row rows[] = { { .name = "port-file", .text = &house.port_file }, { 0 } };
	int rc = options_read(argc, argv, rows, &house.app.conf, &e);
	block_signals(&signals);
	if (rc == 0) {
		log_init((enum log_level)house.app.conf.log_level);
		house.app.started_us = now_us();
		rc = house_furnish(&house, &e);
	}
	if (rc == 0)
		answer_until_told(&house, &signals);
	int status = rc < 0 ? options_refuse("serve", &e) : 0;
	house_clear(&house);
	return status;
}
