/* Names and sentences of the status codes, made from the one table in atto/status.h. Nothing on the device needs them;
 * a firmware that never asks for a sentence does not link this file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/status.h"

const char *atto_status_text(enum atto_status status)
{
    switch (status) {
#define STATUS_TEXT(name, value, sentence) \
    case name:                             \
        return sentence;
        ATTO_STATUS_TABLE(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

const char *atto_status_name(enum atto_status status)
{
    switch (status) {
#define STATUS_NAME(name, value, sentence) \
    case name:                             \
        return #name;
        ATTO_STATUS_TABLE(STATUS_NAME)
#undef STATUS_NAME
    }
    return "?";
}
