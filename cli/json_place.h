/* Where a value stands in a JSON text. The library that reads JSON keeps no places, but people who have to correct a
 * file need them; so this finds a value again, in a text that is known to be valid.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_JSON_PLACE_H
#define ATTO_CLI_JSON_PLACE_H

#include <stddef.h>

/* The first character of the value, of the value of member number `index` of the object at `object`, or of the element
 * with that number of the array at `array`; NULL if there is none. `name`, which may be NULL, takes the place of the
 * member's own name. Members are found by number because a name can be written in many ways. */
const char *atto_json_value(const char *text);
const char *atto_json_member(const char *object, size_t index, const char **name);
const char *atto_json_element(const char *array, size_t index);

/* Line and column, from 1, of a place in a text. */
void atto_json_line(const char *text, const char *place, unsigned *line, unsigned *column);

#endif
