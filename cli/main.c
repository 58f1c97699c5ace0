/* The `atto` command: finds the subcommand.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "report.h"

static const char usage_begin[] = "usage: atto COMMAND [arguments]\n";

static const char usage_end[] =
    "\n"
    "'atto help COMMAND' or 'atto COMMAND --help' tell more.\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage. Of commands that talk to a device also: 3 no answer,\n"
    "4 a local file or key cannot be used.\n";

/* All commands, in the order and under the headings in which they are listed. */
static const struct command {
    const char *heading; /* NULL: that of the one before */
    const char *name, *title;
    int (*run)(int argc, char **argv);
    const char *text;
} commands[] = {
#define COMMAND(heading, name, function, text) {heading, name, "atto " name, function, text}
    COMMAND("Programs", "build", atto_command_build, "compile C or C++ into a container image"),
    COMMAND(NULL, "inspect", atto_command_inspect,
            "show what is in a file: an image, an envelope, a signed command, a key"),
    COMMAND(NULL, "check", atto_command_check, "judge an image as a device does before it installs it"),
    COMMAND(NULL, "run", atto_command_run, "run an image here, or on an emulated board"),
    COMMAND("Devices over the network", "context", atto_command_context, "name devices and their keys"),
    COMMAND(NULL, "device", atto_command_device, "what a device is, and what room it has"),
    COMMAND(NULL, "ps", atto_command_ps, "list the containers of a device"),
    COMMAND(NULL, "top", atto_command_top, "watch what they do"),
    COMMAND(NULL, "stats", atto_command_stats, "the counters of a container"),
    COMMAND(NULL, "image", atto_command_image, "list the images that are installed"),
    COMMAND(NULL, "push", atto_command_push, "install a container, or a new version of it"),
    COMMAND(NULL, "update", atto_command_update, "install a new version of a container that is there"),
    COMMAND(NULL, "rollback", atto_command_rollback, "install the version before again"),
    COMMAND(NULL, "start", atto_command_start, "start a container"),
    COMMAND(NULL, "stop", atto_command_stop, "stop a container"),
    COMMAND(NULL, "pause", atto_command_pause, "freeze a container where it stands"),
    COMMAND(NULL, "resume", atto_command_resume, "let a paused container go on"),
    COMMAND(NULL, "rm", atto_command_rm, "remove a container"),
    COMMAND(NULL, "call", atto_command_call, "call an entry point of a container"),
    COMMAND(NULL, "policy", atto_command_policy, "get or set the rights of a container"),
    COMMAND(NULL, "schedule", atto_command_schedule, "get or set when and for how long a container runs"),
    COMMAND(NULL, "logs", atto_command_logs, "print what containers log"),
    COMMAND(NULL, "trace", atto_command_trace, "print what the engine does"),
    COMMAND(NULL, "postmortem", atto_command_postmortem, "show a container's last fault, with its source line"),
    COMMAND(NULL, "audit", atto_command_audit, "print what was refused, and how rights were changed"),
    COMMAND("Keys, envelopes, signed commands", "keygen", atto_command_keygen, "make a key to sign with"),
    COMMAND(NULL, "pack", atto_command_pack, "put an image into an envelope that installs it"),
    COMMAND(NULL, "sign", atto_command_sign, "sign an envelope"),
    COMMAND(NULL, "verify", atto_command_verify_file, "verify an envelope or a signed command as a device does"),
    COMMAND(NULL, "command", atto_command_command,
            "make a signed command: start, stop, change rights, rotate a key"),
    COMMAND(NULL, "tenant", atto_command_tenant, "enrol, revoke and list tenants, of a device or a flash file"),
    COMMAND("Flash files", "flash", atto_command_flash,
            "do to a flash file what a device does with envelopes and signed commands"),
    COMMAND(NULL, "fsck", atto_command_fsck, "explain what lies in a device's flash"),
#undef COMMAND
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_usage(FILE *out)
{
    fputs(usage_begin, out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].heading != NULL)
            fprintf(out, "\n%s:\n", commands[i].heading);
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].text);
    }
    fputs(usage_end, out);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

/* argv[0] is what the command is called in messages. */
static int run(const char *name, int argc, char **argv)
{
    const struct command *command = find(name);

    if (command == NULL) {
        atto_report("there is no command '%s'; 'atto help' lists them", name);
        return ATTO_EXIT_USAGE;
    }
    argv[0] = (char *)(size_t)command->title;
    return command->run(argc, argv);
}

static int help(const char *name)
{
    static char option[] = "--help";
    char *arguments[] = {NULL, option, NULL};

    if (name != NULL)
        return run(name, 2, arguments);
    print_usage(stdout);
    return ATTO_EXIT_FINE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return ATTO_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("atto " ATTO_VERSION);
        return ATTO_EXIT_FINE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    return run(argv[1], argc - 1, argv + 1);
}
