/* Values of command line options, see arguments.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "report.h"

bool atto_parse_number(const char *option, const char *text, uint32_t min, uint32_t max, uint32_t *number)
{
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, hexadecimal ? 16 : 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < min || value > max) {
        atto_report("%s: '%s' is not a whole number from %u to %u", option, text, min, max);
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

bool atto_parse_file(int argc, char **argv, int first, const char **path)
{
    if (argc == first)
        atto_report("no file is given");
    else if (argc - first > 1)
        atto_report("one file at a time: '%s' is too many", argv[first + 1]);
    else
        *path = argv[first];
    return argc - first == 1;
}

int atto_wrong_usage(const char *command)
{
    fprintf(stderr, "'%s --help' tells how it is used\n", command);
    return ATTO_EXIT_USAGE;
}
