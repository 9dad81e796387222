# The chooser of methods: all, those that a word finds, one of them set.
:auto off
:metric weight_error
:wait
key C
type bitsandbytes
key Down
:save-display OUT/chooser
key Enter
:wait
:focus knobs
:save-display OUT/chosen
