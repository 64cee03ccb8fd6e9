/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the exporter gives up before it listens to anybody. */
#pragma once

/* Becomes 'user' (a name, with all its groups; UID or UID:GID, with no others; NULL: stays who it is), drops
 * every capability for good and sets no_new_privs. To be called while the process has one thread. 0, or a
 * negative errno, having said why. */
int privilege_drop(const char *user);
