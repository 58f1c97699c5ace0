/* Writes what goes out: CBOR in its deterministic encoding, from lists of fields, and refusals. An item goes out as
 * it is written: the reply keeps of it what the requested block needs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

/* Simple values of RFC 8949 section 3.3: major type 7. */
#define SIMPLE ((enum atto_cbor_type)7)
#define SIMPLE_FALSE 20u

void atto_out_bytes(struct atto_view *view, const void *bytes, uint32_t len)
{
    view->len += len;
    if (!view->is_counted)
        atto_coap_write(view->reply, bytes, len);
}

void atto_out_begin(struct atto_view *view, enum atto_coap_code code)
{
    atto_coap_answer(view->reply, code, ATTO_COAP_FORMAT_CBOR);
    view->items = 1;
}

static void put_head(struct atto_view *view, enum atto_cbor_type type, uint64_t argument)
{
    uint8_t bytes[9];
    struct atto_cbor_writer writer = { bytes, sizeof bytes, 0 };
    atto_cbor_put_head(&writer, type, (uint32_t)argument);
    if (argument > UINT32_MAX) {
        bytes[0] = (uint8_t)((uint32_t)type * 32u + 27u);
        for (uint32_t i = 8; i != 0u; i--, argument >>= 8)
            bytes[i] = (uint8_t)argument;
        writer.len = 9;
    }
    atto_out_bytes(view, bytes, writer.len);
}

void atto_out_head(struct atto_view *view, enum atto_cbor_type type, uint32_t argument)
{
    put_head(view, type, argument);
}

static void put_key(struct atto_view *view)
{
    if (view->items != 0u)
        view->items--;
    else
        atto_out_head(view, ATTO_CBOR_UINT, view->key++);
}

void atto_out_map(struct atto_view *view, uint32_t count)
{
    atto_out_head(view, ATTO_CBOR_MAP, count);
    view->key = 0;
    view->items = 0;
}

void atto_out_array(struct atto_view *view, uint32_t count)
{
    put_key(view);
    atto_out_head(view, ATTO_CBOR_ARRAY, count);
    view->items = count;
}

void atto_out_member(struct atto_view *view, uint32_t value)
{
    put_key(view);
    atto_out_head(view, ATTO_CBOR_UINT, value);
}

void atto_out_string(struct atto_view *view, enum atto_cbor_type type, const void *bytes, uint32_t len)
{
    put_key(view);
    atto_out_head(view, type, len);
    atto_out_bytes(view, bytes, len);
}

uint32_t atto_out_count(struct atto_view *view, uint32_t from, uint32_t *end, atto_item_fn *item)
{
    uint32_t count = 0, items = view->items;
    view->is_counted = true;
    view->len = 0;
    for (; from != *end; from++) {
        bool is_there = item(view, from);
        if (view->len > view->room && count != 0u)
            *end = from--;
        else
            count += is_there;
    }
    view->is_counted = false;
    view->items = items;
    return count;
}

void atto_out_items(struct atto_view *view, uint32_t end, atto_item_fn *item)
{
    view->room = UINT32_MAX;
    atto_out_array(view, atto_out_count(view, 0, &end, item));
    for (uint32_t number = 0; number != end; number++)
        item(view, number);
}

static void put_field(struct atto_view *view, enum atto_field field, const void *at)
{
    const struct atto_span *span = at;
    enum atto_cbor_type type = ATTO_CBOR_UINT;
    int64_t number;
    switch (field) {
    case FIELD_U8:
        number = *(const uint8_t *)at;
        break;
    case FIELD_U16:
        number = *(const uint16_t *)at;
        break;
    case FIELD_U32:
        number = *(const uint32_t *)at;
        break;
    case FIELD_U64:
        number = (int64_t)*(const uint64_t *)at;
        break;
    case FIELD_S8:
        number = *(const int8_t *)at;
        type = number < 0 ? ATTO_CBOR_NEGATIVE : ATTO_CBOR_UINT;
        break;
    case FIELD_S64:
        number = *(const int64_t *)at;
        type = number < 0 ? ATTO_CBOR_NEGATIVE : ATTO_CBOR_UINT;
        break;
    case FIELD_BOOL:
        number = SIMPLE_FALSE + *(const bool *)at;
        type = SIMPLE;
        break;
    case FIELD_STRING:
        atto_out_string(view, ATTO_CBOR_TEXT, *(const char *const *)at, (uint32_t)strlen(*(const char *const *)at));
        return;
    case FIELD_TEXT:
        atto_out_string(view, ATTO_CBOR_TEXT, span->ptr, span->len);
        return;
    case FIELD_BYTES:
        atto_out_string(view, ATTO_CBOR_BYTES, span->ptr, span->len);
        return;
    default:
        atto_out_string(view, ATTO_CBOR_BYTES, at, field == FIELD_16 ? 16u : 32u);
        return;
    }
    put_key(view);
    put_head(view, type, (uint64_t)(type == ATTO_CBOR_NEGATIVE ? ~number : number));
}

void atto_out_fields(struct atto_view *view, const void *structure, const uint16_t *fields)
{
    for (; *fields != 0u; fields++) {
        enum atto_field field = (enum atto_field)(*fields >> 12);
        uint32_t number = *fields & 0xfffu;
        if (field == FIELD_MAP) {
            atto_out_map(view, number >> 6);
            view->key = number & 63u;
        } else if (field <= FIELD_LIST) {
            if (field == FIELD_ROW)
                view->items = 1;
            atto_out_array(view, number);
        } else {
            put_field(view, field, (const uint8_t *)structure + number);
        }
    }
}

/* ---- refusals ---- */

void atto_view_code(struct atto_view *view, enum atto_coap_code code, uint32_t limit)
{
    atto_coap_refuse(view->reply, code, NULL);
    view->reply->limit = limit;
}

/* From each status on, down to the next one. Most are of the image, the pre-flight check, or admission: 4.22. */
static const struct {
    int8_t status;
    uint8_t code;
} codes[] = {
    { ATTO_E_ARGUMENT, ATTO_COAP_BAD_REQUEST },
    { ATTO_E_STATE, ATTO_COAP_CONFLICT },
    { ATTO_E_NO_MEMORY, ATTO_COAP_SERVICE_UNAVAILABLE },
    { ATTO_E_NOT_FOUND, ATTO_COAP_NOT_FOUND },
    { ATTO_E_DENIED, ATTO_COAP_FORBIDDEN },
    { ATTO_E_BUSY, ATTO_COAP_CONFLICT },
    { ATTO_E_ADMISSION, ATTO_COAP_UNPROCESSABLE_ENTITY },
    { ATTO_E_QUOTA, ATTO_COAP_SERVICE_UNAVAILABLE },
    { ATTO_E_FORMAT, ATTO_COAP_UNPROCESSABLE_ENTITY },
    { ATTO_E_FLASH, ATTO_COAP_INTERNAL_SERVER_ERROR },
    { ATTO_E_NO_SPACE, ATTO_COAP_SERVICE_UNAVAILABLE },
    { ATTO_E_DAMAGED, ATTO_COAP_INTERNAL_SERVER_ERROR },
    { ATTO_E_ENVELOPE, ATTO_COAP_BAD_REQUEST },
    { ATTO_E_ALGORITHM, ATTO_COAP_UNAUTHORIZED },
    { ATTO_E_DIGEST, ATTO_COAP_UNPROCESSABLE_ENTITY },
    { ATTO_E_SEQUENCE, ATTO_COAP_CONFLICT },
    { ATTO_E_EXPIRED, ATTO_COAP_FORBIDDEN },
    { INT8_MIN, 0 },
};

/* Puts a text and a number behind it in front of what is there. */
static char *put_number(char *at, const char *text, uint32_t value)
{
    size_t len = strlen(text);
    do
        *--at = (char)('0' + value % 10u);
    while ((value /= 10u) != 0u);
    return memcpy(at - len, text, len);
}

/* What a number means in words is for the command to say; the words would cost the device 4 KB. */
void atto_refuse_with(struct atto_coap_reply *reply, enum atto_status status, const struct atto_refusal *refusal,
                      const struct atto_report *report)
{
    char text[sizeof "-104 constraint 7 missing 4294967295"], *at = text + sizeof text - 1u;
    uint32_t i = 1;
    *at = '\0';
    if (report != NULL && report->constraint != ATTO_CONSTRAINT_NONE) {
        at = put_number(at, " missing ", report->missing);
        at = put_number(at, " constraint ", (uint32_t)report->constraint);
    } else if (refusal != NULL && refusal->status == status) {
        at = put_number(at, status != ATTO_E_SEQUENCE ? " at " : " last ", refusal->at);
    }
    while (status <= codes[i].status)
        i++;
    atto_coap_refuse(reply, (enum atto_coap_code)codes[i - 1u].code, put_number(at, "-", (uint32_t)-(int32_t)status));
}
