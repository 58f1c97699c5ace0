/* `atto tenant list`: the tenants that a device has in its flash.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_TENANTS_LIST_H
#define ATTO_CLI_TENANTS_LIST_H

int atto_tenants_list(int argc, char **argv);

#endif
