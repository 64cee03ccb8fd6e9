/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of the control protocol, read. */
#pragma once

#include <stddef.h>

#include "serve/control.h"

/* NULL with *request filled, or what is wrong with the line, in words for whoever wrote it; *request is
 * then undefined. 'line' holds len bytes of any kind, without the newline. */
const char *request_parse(const char *line, size_t len, struct control_request *request);
