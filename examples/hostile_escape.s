# A hostile container that attacks the virtual machine itself. The second half of a wide instruction is not looked at
# by simple verifiers, so an instruction hides there and a jump leads to it. The hidden one names register 12, which
# does not exist: an interpreter that believed it would write behind its registers, into the firmware's memory.
# Made with `atto build --no-check`; a device refuses it, with both reasons.
#
# SPDX-License-Identifier: Apache-2.0
        .text
        .globl  run
        .type   run, @function
run:
        r1 = 0x41414141
        if r1 != 0 goto +1              # to the hidden instruction
        .byte   0x18, 0x02, 0, 0, 0, 0, 0, 0    # r2 = ... ll, first half
        .byte   0xbf, 0x1c, 0, 0, 0, 0, 0, 0    # second half: in truth r12 = r1
        r0 = 0
        exit
        .size   run, . - run
