/* Arguments of the subcommands: options, each a row of a table that says where its value goes, and files.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_ARGUMENTS_H
#define ATTO_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "local.h"

/* Options as they were given, for another program; each to be freed, and the list. */
struct atto_passed {
    char **list;
    size_t count;
};

/* An option, with one place for what it says. The row behind the last one is all 0. */
struct atto_option {
    const char *name; /* "fuel" for --fuel; NULL: it has a letter only */
    char letter;      /* 0: it has a name only */
    bool *flag;       /* becomes true; the option has no value */
    const char **text;
    const char **optional; /* the same, and the value may be left out */
    uint32_t *number, min, max;
    struct atto_answers *answers; /* gets one more */
    struct atto_passed *passed;   /* gets one more */
};

/* Reads the options; there is always --help, which prints `usage`. Returns false if the command is over, with its exit
 * status: after help, or because an option is wrong, which is reported. */
bool atto_options_read(int argc, char **argv, const char *usage, const struct atto_option *options, int *status);

/* The arguments that are left. */
char **atto_files(int argc, char **argv, size_t *count);

/* Takes the one file that is left; if there is a *path already, none may be left. Reports and returns false if that is
 * not so. */
bool atto_take_file(int argc, char **argv, const char **path);

/* The same for the name of something that is no file. */
bool atto_take_name(int argc, char **argv, const char **name);

/* Is nothing left? Reports what is. */
bool atto_take_nothing(int argc, char **argv);

/* Reads a whole number from min to max, the value of --OPTION, decimal or hexadecimal with 0x. Reports and returns false
 * if it is none. */
bool atto_parse_number(const char *option, const char *text, uint32_t min, uint32_t max, uint32_t *number);

/* Ends a command that was called wrongly, after the reason was reported: says where help is. Returns the exit
 * status. */
int atto_wrong_usage(const char *command);

#endif
