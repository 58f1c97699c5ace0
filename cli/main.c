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
    "  inspect    show what is in an image: header, manifest, sections, disassembly\n"
    "  check      judge an image as a device does before it installs it\n"
    "  run        run an image here, or on an emulated board\n"
    "  help       print this; 'atto help COMMAND' or 'atto COMMAND --help' tell more\n"
    "\n"
    "Exit status: 0 fine, 1 refused or failed, 2 wrong usage.\n";

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"build", atto_command_build},
    {"inspect", atto_command_inspect},
    {"check", atto_command_check},
    {"run", atto_command_run},
};

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int help(const char *name)
{
    static char option[] = "--help";
    const struct command *command = name == NULL ? NULL : find(name);
    char *arguments[] = {NULL, option, NULL};

    if (command != NULL) {
        arguments[0] = (char *)(size_t)command->name;
        return command->run(2, arguments);
    }
    if (name != NULL) {
        atto_report("there is no command '%s'", name);
        return ATTO_EXIT_USAGE;
    }
    fputs(usage, stdout);
    return ATTO_EXIT_FINE;
}

int main(int argc, char **argv)
{
    const struct command *command;

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
    command = find(argv[1]);
    if (command == NULL) {
        atto_report("there is no command '%s'; 'atto help' lists them", argv[1]);
        return ATTO_EXIT_USAGE;
    }
    return command->run(argc - 1, argv + 1);
}
