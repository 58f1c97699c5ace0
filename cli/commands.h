/* The subcommands, and what their exit status means.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_COMMANDS_H
#define ATTO_CLI_COMMANDS_H

enum {
    ATTO_EXIT_FINE = 0,
    ATTO_EXIT_REFUSED = 1, /* refused, faulted, or could not be done */
    ATTO_EXIT_USAGE = 2
};

/* argv[0] is what the command is called in messages, such as "atto run". */
int atto_command_build(int argc, char **argv);
int atto_command_inspect(int argc, char **argv);
int atto_command_check(int argc, char **argv);
int atto_command_run(int argc, char **argv);
int atto_command_keygen(int argc, char **argv);
int atto_command_pack(int argc, char **argv);
int atto_command_sign(int argc, char **argv);
int atto_command_verify_file(int argc, char **argv);
int atto_command_command(int argc, char **argv);
int atto_command_tenant(int argc, char **argv);
int atto_command_flash(int argc, char **argv);
int atto_command_fsck(int argc, char **argv);

#endif
