/* The compiler and the board, as lwIP asks for them. A broken assertion of lwIP's ends the program; its text would take
 * some kilobytes and is left out.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stdint.h>
#include <stdlib.h>

uint32_t net_random(void);
#define LWIP_RAND() net_random()

#define LWIP_NO_CTYPE_H 1 /* a table of 256 bytes */

#define LWIP_PLATFORM_ASSERT(text) abort()
#define LWIP_PLATFORM_DIAG(arguments)

#endif
