/* The subcommands, and what their exit status means.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_COMMANDS_H
#define ATTO_CLI_COMMANDS_H

enum {
    ATTO_EXIT_FINE = 0,
    ATTO_EXIT_REFUSED = 1, /* refused, faulted, or could not be done */
    ATTO_EXIT_USAGE = 2,
    /* of commands that talk to a device */
    ATTO_EXIT_SILENT = 3, /* no answer: whether it was done is not known */
    ATTO_EXIT_LOCAL = 4   /* a file or a key here cannot be used */
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
int atto_command_context(int argc, char **argv);
int atto_command_push(int argc, char **argv);
int atto_command_update(int argc, char **argv);
int atto_command_rollback(int argc, char **argv);
int atto_command_ps(int argc, char **argv);
int atto_command_top(int argc, char **argv);
int atto_command_stats(int argc, char **argv);
int atto_command_device(int argc, char **argv);
int atto_command_image(int argc, char **argv);
int atto_command_start(int argc, char **argv);
int atto_command_stop(int argc, char **argv);
int atto_command_pause(int argc, char **argv);
int atto_command_resume(int argc, char **argv);
int atto_command_rm(int argc, char **argv);
int atto_command_call(int argc, char **argv);
int atto_command_policy(int argc, char **argv);
int atto_command_schedule(int argc, char **argv);
int atto_command_logs(int argc, char **argv);
int atto_command_trace(int argc, char **argv);
int atto_command_audit(int argc, char **argv);
int atto_command_postmortem(int argc, char **argv);

#endif
