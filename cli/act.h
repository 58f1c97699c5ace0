/* What the commands share that change a container of a device.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_ACT_H
#define ATTO_CLI_ACT_H

#include "remote.h"

/* Appends the name as a component of an envelope or a command. Reports what is none. */
bool atto_act_put_component(const struct atto_remote_name *name, struct atto_buffer *out);

/* Carries out a change of the container that is named by `text`, from opening the device to closing it, and returns the
 * exit status. add: appends what the operation takes beside the container to change->arguments, or reports and returns
 * false; NULL: nothing. answer: see atto_remote_change. */
int atto_act_on_container(const struct atto_remote_options *options, const char *text, struct atto_change *change,
                          bool (*add)(struct atto_change *change), struct atto_buffer *answer);

/* Says why a container could not be found: the device has none of this name; else `missing`, if that is not NULL. */
void atto_act_explain(struct atto_remote *remote, const struct atto_change *change, const char *missing);

/* What the device says of a container; NULL if there is none (*gone), or if it cannot be read, which is reported. */
json_t *atto_act_container(struct atto_remote *remote, const struct atto_remote_name *name, bool *gone);

#endif
