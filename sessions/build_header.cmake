# Writes OUT with the version and the commit of SOURCE; run at every build.
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD
	OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR NOT EXISTS ${SOURCE}/.git)
	set(commit "")
endif()
set(text "#define QSCOPE_VERSION \"${VERSION}\"\n#define QSCOPE_COMMIT \"${commit}\"\n")
if(EXISTS ${OUT})
	file(READ ${OUT} before)
endif()
if(NOT "${before}" STREQUAL "${text}")
	file(WRITE ${OUT} "${text}")
endif()
