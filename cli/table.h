/* Tables for people. What devices say goes into them, so control characters are never printed as they are.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_TABLE_H
#define ATTO_CLI_TABLE_H

#include <jansson.h>
#include <stddef.h>

/* A column. Rows are objects. */
struct atto_column {
    const char *title;
    const char *key;
};

/* Prints the members of each object of an array that the columns name; numbers to the right, texts to the left. A
 * member that is missing, or empty, is a "-". The column behind the last one is all 0. */
void atto_table_print(const json_t *rows, const struct atto_column *columns);

/* Prints the members of an object, one a line; those of objects in it with both names. */
void atto_table_print_object(const json_t *object);

/* Prints a text; a control character as the hex digits of its bytes: \x1b. */
void atto_table_print_text(const char *text);

/* A container as people name it, TENANT/NAME or NAME (tenant NULL or empty), to be freed. Names are chosen by others,
 * and one such as "x  running" or "acme/x" would look like two columns, or like another container: of each, all but
 * printable ASCII is hex digits, and so are blanks, '/' and '\'. */
char *atto_table_name(const char *tenant, const char *name);

#endif
