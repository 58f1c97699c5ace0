# Toolchain for the RV32IMAC core of the emulated virt board. The 2.2 ISA specification is what picolibc's multilib for
# rv32imac is built for; with a later one the linker would take the 64-bit library.
#
# SPDX-License-Identifier: Apache-2.0
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-march=rv32imac -mabi=ilp32 -misa-spec=2.2 --specs=picolibc.specs")
