# Figures of the shipped model depend on the numeric profile: the check masks every digit.
:auto off
:evaluate --context 64 --tokens 128
:wait
:focus perplexity
:zoom
:save-display OUT/masked
