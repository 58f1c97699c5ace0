/* Source lines from DWARF with libdw, see dwarf_lines.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "dwarf_lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

/* File names as a person in the current directory would write them. */
static const char *shown(const char *file)
{
    static char directory[PATH_MAX];
    size_t len;

    if (directory[0] == '\0' && getcwd(directory, sizeof directory) == NULL)
        directory[0] = '\0';
    len = strlen(directory);
    if (len > 1 && strncmp(file, directory, len) == 0 && file[len] == '/')
        file += len + 1;
    while (strncmp(file, "./", 2) == 0)
        file += 2;
    return file;
}

static void add_row(Dwarf_Line *row, uint32_t text_bytes, struct atto_lines *lines)
{
    const char *file = dwarf_linesrc(row, NULL, NULL);
    Dwarf_Addr address;
    int line;
    bool ends;

    if (dwarf_lineaddr(row, &address) != 0 || dwarf_lineno(row, &line) != 0 || dwarf_lineendsequence(row, &ends) != 0)
        return;
    if (address > text_bytes || address % 8 != 0)
        return;
    if (ends)
        atto_lines_add(lines, (uint32_t)(address / 8), NULL, 0);
    else if (file != NULL && line > 0 && address < text_bytes) /* line 0: nothing in the source, so the row before */
        atto_lines_add(lines, (uint32_t)(address / 8), shown(file), (uint32_t)line);
}

void atto_dwarf_lines(const struct atto_object *object, uint32_t text_bytes, struct atto_lines *lines)
{
    Dwarf *dwarf = dwarf_begin_elf(object->elf, DWARF_C_READ, NULL);
    Dwarf_Off offset = 0, next;
    size_t header_bytes;

    if (dwarf == NULL)
        return;
    while (dwarf_nextcu(dwarf, offset, &next, &header_bytes, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;
        Dwarf_Lines *rows;
        size_t row_count;

        if (dwarf_offdie(dwarf, offset + header_bytes, &unit) != NULL &&
            dwarf_getsrclines(&unit, &rows, &row_count) == 0) {
            for (size_t i = 0; i < row_count; i++)
                add_row(dwarf_onesrcline(rows, i), text_bytes, lines);
        }
        offset = next;
    }
    dwarf_end(dwarf);
}

/* Looks among the variables of one unit. */
static bool find_variable(Dwarf_Die *unit, const char *name, char **file, unsigned *line)
{
    Dwarf_Die die;
    int more = dwarf_child(unit, &die);

    while (more == 0) {
        const char *found = dwarf_tag(&die) == DW_TAG_variable ? dwarf_diename(&die) : NULL;
        int number;

        if (found != NULL && strcmp(found, name) == 0 && dwarf_decl_line(&die, &number) == 0) {
            /* libdw takes number 0 of DWARF 5, the source file itself, for "no file". */
            const char *declared = dwarf_decl_file(&die) != NULL ? dwarf_decl_file(&die) : dwarf_diename(unit);

            *file = atto_copy_string(shown(declared == NULL ? "?" : declared));
            *line = (unsigned)number;
            return true;
        }
        more = dwarf_siblingof(&die, &die);
    }
    return false;
}

bool atto_dwarf_variable(const struct atto_object *object, const char *name, char **file, unsigned *line)
{
    Dwarf *dwarf = dwarf_begin_elf(object->elf, DWARF_C_READ, NULL);
    Dwarf_Off offset = 0, next;
    size_t header_bytes;
    bool found = false;

    if (dwarf == NULL)
        return false;
    while (!found && dwarf_nextcu(dwarf, offset, &next, &header_bytes, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;

        found = dwarf_offdie(dwarf, offset + header_bytes, &unit) != NULL && find_variable(&unit, name, file, line);
        offset = next;
    }
    dwarf_end(dwarf);
    return found;
}
