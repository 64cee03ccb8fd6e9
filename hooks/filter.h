/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hook's system-call filter. */
#pragma once

/* From here on the process can read and write files, label, and send datagrams to local sockets; every other
 * call fails with EPERM. For good. 0 or a negative errno. */
int filter_enter(void);
