/* The sweep that ends old events (R14): see sweepers.h. */
#ifndef WORK_EVENT_SWEEP_H
#define WORK_EVENT_SWEEP_H

#include "work/app.h"

int event_sweep(struct app *app, int64_t now_us, struct err *e);

#endif
