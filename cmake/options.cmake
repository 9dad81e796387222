# One interface library carries what every target is compiled with. -ffp-contract=off: results must not
# depend on what the compiler fused; where FMA is wanted the source says fmaf.
add_library(qscope_options INTERFACE)
target_compile_options(qscope_options INTERFACE
	-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
	-ffp-contract=off -fno-math-errno -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
	$<$<BOOL:${QSCOPE_WERROR}>:-Werror>)
target_compile_definitions(qscope_options INTERFACE _GNU_SOURCE)
target_include_directories(qscope_options INTERFACE ${CMAKE_SOURCE_DIR})
if(QSCOPE_SANITIZE)
	target_compile_options(qscope_options INTERFACE -fsanitize=${QSCOPE_SANITIZE}
		-fno-omit-frame-pointer -fno-sanitize-recover=all)
	target_link_options(qscope_options INTERFACE -fsanitize=${QSCOPE_SANITIZE})
endif()

# qscope_folder(NAME LINKS...): the library of one folder, from every .c file in it and below it.
function(qscope_folder name)
	file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.c)
	list(SORT sources)
	if(NOT sources)
		add_library(${name} INTERFACE)
		target_link_libraries(${name} INTERFACE qscope_options ${ARGN})
		return()
	endif()
	add_library(${name} STATIC ${sources})
	target_link_libraries(${name} PUBLIC qscope_options ${ARGN})
endfunction()
