/* The `atto` command: finds the subcommand.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "report.h"

static const char usage[] =
    "usage: atto COMMAND [arguments]\n"
    "\n"
    "  build      compile C or C++ into a container image\n"
    "  inspect    show what is in a file: an image, an envelope, a signed command, a key\n"
    "  check      judge an image as a device does before it installs it\n"
    "  run        run an image here, or on an emulated board\n"
    "  keygen     make a key to sign with\n"
    "  pack       put an image into an envelope that installs it\n"
    "  sign       sign an envelope\n"
    "  verify     verify an envelope or a signed command as a device does\n"
    "  command    make a signed command: start, stop, change rights, rotate a key\n"
    "  tenant     enrol and revoke tenants by signed commands, list those of a flash file\n"
    "  flash      do to a flash file what a device does with envelopes and signed commands\n"
    "  fsck       explain what lies in a device's flash\n"
    "  help       print this; 'atto help COMMAND' or 'atto COMMAND --help' tell more\n"
    "\n"
    "Exit status: 0 fine, 1 refused or failed, 2 wrong usage.\n";

struct command {
    const char *name, *title;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"build", "atto build", atto_command_build},
    {"inspect", "atto inspect", atto_command_inspect},
    {"check", "atto check", atto_command_check},
    {"run", "atto run", atto_command_run},
    {"keygen", "atto keygen", atto_command_keygen},
    {"pack", "atto pack", atto_command_pack},
    {"sign", "atto sign", atto_command_sign},
    {"verify", "atto verify", atto_command_verify_file},
    {"command", "atto command", atto_command_command},
    {"tenant", "atto tenant", atto_command_tenant},
    {"flash", "atto flash", atto_command_flash},
    {"fsck", "atto fsck", atto_command_fsck},
};

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
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
    fputs(usage, stdout);
    return ATTO_EXIT_FINE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs(usage, stderr);
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
