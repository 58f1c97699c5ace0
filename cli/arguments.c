/* Values of command line options, see arguments.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "report.h"

bool atto_parse_number(const char *option, const char *text, uint32_t max, uint32_t *number)
{
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, hexadecimal ? 16 : 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value > max) {
        atto_report("%s: '%s' is not a whole number from 0 to %u", option, text, max);
        return false;
    }
    *number = (uint32_t)value;
    return true;
}
