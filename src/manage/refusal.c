/* From a status to a code of CoAP and a diagnostic payload: the status as a number and, where it is known, the place and
 * what is missing. What a number means in words is for the command to say; the words would cost the device 4 KB.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

/* Whatever is not here was refused by the pre-flight check, by admission, or by a digest: 4.22. */
static const struct {
    int8_t status;
    uint8_t code;
} codes[] = {
    { ATTO_E_ARGUMENT, ATTO_COAP_BAD_REQUEST },
    { ATTO_E_ENVELOPE, ATTO_COAP_BAD_REQUEST },
    { ATTO_E_COMMAND, ATTO_COAP_BAD_REQUEST },
    { ATTO_E_COSE, ATTO_COAP_BAD_REQUEST },
    { ATTO_E_TENANT, ATTO_COAP_BAD_REQUEST },
    { ATTO_E_UNSUPPORTED, ATTO_COAP_BAD_REQUEST },
    { ATTO_E_ALGORITHM, ATTO_COAP_UNAUTHORIZED },
    { ATTO_E_SIGNER, ATTO_COAP_UNAUTHORIZED },
    { ATTO_E_SIGNATURE, ATTO_COAP_UNAUTHORIZED },
    { ATTO_E_DENIED, ATTO_COAP_FORBIDDEN },
    { ATTO_E_EXPIRED, ATTO_COAP_FORBIDDEN },
    { ATTO_E_VENDOR, ATTO_COAP_FORBIDDEN },
    { ATTO_E_CLASS, ATTO_COAP_FORBIDDEN },
    { ATTO_E_DEVICE, ATTO_COAP_FORBIDDEN },
    { ATTO_E_SLOT, ATTO_COAP_FORBIDDEN },
    { ATTO_E_ABORT, ATTO_COAP_FORBIDDEN },
    { ATTO_E_NOT_FOUND, ATTO_COAP_NOT_FOUND },
    { ATTO_E_SEQUENCE, ATTO_COAP_CONFLICT },
    { ATTO_E_STATE, ATTO_COAP_CONFLICT },
    { ATTO_E_BUSY, ATTO_COAP_CONFLICT },
    { ATTO_E_NO_SPACE, ATTO_COAP_SERVICE_UNAVAILABLE },
    { ATTO_E_NO_MEMORY, ATTO_COAP_SERVICE_UNAVAILABLE },
    { ATTO_E_QUOTA, ATTO_COAP_SERVICE_UNAVAILABLE },
    { ATTO_E_FLASH, ATTO_COAP_INTERNAL_SERVER_ERROR },
    { ATTO_E_DAMAGED, ATTO_COAP_INTERNAL_SERVER_ERROR },
};

static enum atto_coap_code code_of(enum atto_status status)
{
    for (uint32_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].status == status)
            return (enum atto_coap_code)codes[i].code;
    }
    return ATTO_COAP_UNPROCESSABLE_ENTITY;
}

/* Longest: "-104 constraint 7 missing 4294967295". */
#define TEXT_BYTES 40u

static char *put_text(char *at, const char *text)
{
    while (*text != '\0')
        *at++ = *text++;
    return at;
}

static char *put_number(char *at, uint32_t value)
{
    char digits[10];
    uint32_t count = 0;
    do
        digits[count++] = (char)('0' + value % 10u);
    while ((value /= 10u) != 0u);
    while (count != 0u)
        *at++ = digits[--count];
    return at;
}

void atto_refuse_with(struct atto_coap_reply *reply, enum atto_status status, const struct atto_refusal *refusal,
                      const struct atto_report *report)
{
    char text[TEXT_BYTES], *at = put_number(put_text(text, "-"), (uint32_t)-(int32_t)status);
    if (report != NULL && (status == ATTO_E_ADMISSION || status == ATTO_E_NO_MEMORY)) {
        at = put_number(put_text(at, " constraint "), (uint32_t)report->constraint);
        at = put_number(put_text(at, " missing "), report->missing);
    } else if (refusal != NULL && refusal->status == status) {
        at = put_number(put_text(at, " at "), refusal->at);
    }
    *at = '\0';
    atto_coap_refuse(reply, code_of(status), text);
}
