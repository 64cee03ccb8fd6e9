/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What jettison-kube gives up before it says its first word to anybody. */
#pragma once

/* Keeps of its capabilities CAP_SYS_ADMIN (trusted.* labels) and CAP_DAC_OVERRIDE (cgroups and files of
 * others), as far as it has them, and never gets others; starting programs, looking into processes, sending
 * signals to them, mounts and the like end the process. For good. 0 or a negative errno. */
int confine_enter(void);
