/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of the control socket, but for reload; context is the controller. */
#pragma once

#include "controller.h"
#include "serve/control.h"

void answer_status(void *context, const struct control_request *request, struct sink *reply);
void answer_snapshot(void *context, const struct control_request *request, struct sink *reply);
void answer_plan(void *context, const struct control_request *request, struct sink *reply);
