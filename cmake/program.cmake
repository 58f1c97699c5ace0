# How programs are made: the same sources become a Linux process or a firmware image, whichever the preset is for.
#
# SPDX-License-Identifier: Apache-2.0

# atto_add_program(NAME SOURCE...): a program with main(), linked with the library and the board. One that the board has
# no memory for (ATTO_LEFT_OUT, of ports/qemu/BOARD.cmake) is known and not built.
function(atto_add_program name)
    add_executable(${name} ${ARGN})
    if(name IN_LIST ATTO_LEFT_OUT)
        set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
    target_link_libraries(${name} PRIVATE board atto)
    if(ATTO_BOARD)
        set_target_properties(${name} PROPERTIES SUFFIX .elf)
    endif()
endfunction()

# atto_add_test(NAME SOURCE... [ARGUMENTS ...]): a program that scripts/check runs. tests.list in the build directory
# has a line for each: the program and its arguments, with tabs between them.
file(WRITE ${CMAKE_BINARY_DIR}/tests.list "")
function(atto_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 test "" "" ARGUMENTS)
    atto_add_program(${name} ${test_UNPARSED_ARGUMENTS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    get_target_property(suffix ${name} SUFFIX)
    if(NOT suffix)
        set(suffix "")
    endif()
    list(JOIN test_ARGUMENTS "\t" arguments)
    if(name IN_LIST ATTO_LEFT_OUT)
        return()
    endif()
    file(APPEND ${CMAKE_BINARY_DIR}/tests.list "tests/${name}${suffix}\t${arguments}\n")
endfunction()
