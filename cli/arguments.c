/* Arguments of the subcommands, see arguments.h. The C library takes them apart.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "report.h"

#define OPTIONS_MAX 24
#define BY_NAME 256 /* what getopt_long makes of the name of option n: BY_NAME + n */

bool atto_parse_number(const char *option, const char *text, uint32_t min, uint32_t max, uint32_t *number)
{
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, hexadecimal ? 16 : 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < min || value > max) {
        atto_report("--%s: '%s' is not a whole number from %u to %u", option, text, min, max);
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

static void add_passed(struct atto_passed *passed, char letter, const char *value)
{
    passed->list = atto_grow(passed->list, passed->count, passed->count + 1, sizeof passed->list[0]);
    passed->list[passed->count++] = atto_format("-%c%s", letter, value);
}

static bool take_option(const struct atto_option *option, const char *value)
{
    if (option->answers != NULL)
        return atto_answers_add(option->answers, value);
    if (option->number != NULL)
        return atto_parse_number(option->name, value, option->min, option->max, option->number);
    if (option->flag != NULL)
        *option->flag = true;
    else if (option->text != NULL)
        *option->text = value;
    else if (option->passed != NULL)
        add_passed(option->passed, option->letter, value);
    else if (value != NULL)
        *option->optional = value;
    return true;
}

static bool is_end(const struct atto_option *option)
{
    return option->name == NULL && option->letter == '\0';
}

/* The options as getopt_long wants them. */
struct known {
    struct option names[OPTIONS_MAX + 2];
    char letters[2 * OPTIONS_MAX + 2];
};

static void list_known(const struct atto_option *options, struct known *known)
{
    struct option *name = known->names;
    char *letter = known->letters;

    *known = (struct known){.letters = ""};
    *name++ = (struct option){"help", no_argument, NULL, 'h'};
    *letter++ = 'h';
    for (int i = 0; !is_end(&options[i]); i++) {
        int value = options[i].flag != NULL ? no_argument : options[i].optional != NULL ? optional_argument
                                                                                        : required_argument;

        assert(i < OPTIONS_MAX);
        if (options[i].name != NULL)
            *name++ = (struct option){options[i].name, value, NULL, BY_NAME + i};
        if (options[i].letter != '\0')
            *letter++ = options[i].letter;
        if (options[i].letter != '\0' && value != no_argument)
            *letter++ = ':';
    }
}

/* What getopt_long has found; NULL: nothing that there is. */
static const struct atto_option *find_option(const struct atto_option *options, int found)
{
    if (found >= BY_NAME)
        return &options[found - BY_NAME];
    for (; !is_end(options); options++) {
        if (options->letter == found)
            return options;
    }
    return NULL;
}

bool atto_options_read(int argc, char **argv, const char *usage, const struct atto_option *options, int *status)
{
    struct known known;
    int found;

    list_known(options, &known);
    while ((found = getopt_long(argc, argv, known.letters, known.names, NULL)) != -1) {
        const struct atto_option *option = find_option(options, found);

        if (found == 'h') {
            fputs(usage, stdout);
            *status = ATTO_EXIT_FINE;
            return false;
        }
        if (option == NULL || !take_option(option, optarg)) {
            *status = atto_wrong_usage(argv[0]);
            return false;
        }
    }
    return true;
}

char **atto_files(int argc, char **argv, size_t *count)
{
    *count = (size_t)(argc - optind);
    return argv + optind;
}

bool atto_take_file(int argc, char **argv, const char **path)
{
    int spare = argc - optind - (*path == NULL);

    if (spare < 0)
        atto_report("no file is given");
    else if (spare > 0)
        atto_report("one file at a time: '%s' is too many", argv[argc - spare]);
    else if (*path == NULL)
        *path = argv[optind];
    return spare == 0;
}

int atto_wrong_usage(const char *command)
{
    fprintf(stderr, "'%s --help' tells how it is used\n", command);
    return ATTO_EXIT_USAGE;
}
