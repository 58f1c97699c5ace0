/* Finds files that belong to Atto: the guest SDK, scripts, firmware. They lie beside the command where it is installed,
 * or in the source tree that it was built in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_HOME_H
#define ATTO_CLI_HOME_H

/* The path of the file `relative` ("sdk/atto.h") below $ATTO_HOME, or else below any directory above the command's
 * own, or in share/atto there; NULL if it is nowhere. To be freed. */
char *atto_home_path(const char *relative);

#endif
