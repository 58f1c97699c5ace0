# Compiler and linker flags that all targets share. The flags that select a processor are in the toolchain files.
#
# SPDX-License-Identifier: Apache-2.0

# Separate arguments of ATTO_OPTIMISE, which may hold several options.
separate_arguments(atto_optimise UNIX_COMMAND "${ATTO_OPTIMISE}")
add_compile_options(${atto_optimise} -g -Wall -Wextra -Wconversion -Werror)

# No path of the machine that compiles goes into what it makes.
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")

if(ATTO_SANITIZE)
    add_compile_options(-fsanitize=${ATTO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${ATTO_SANITIZE})
endif()

# Code that a fuzz target calls must report its coverage.
if(ATTO_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(ATTO_BOARD)
    add_compile_options(-ffunction-sections -fdata-sections)
    add_link_options(-Wl,--gc-sections)
endif()
