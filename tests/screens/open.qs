# The models at hand: listed, filtered, refused, opened; one that fails leaves the open one alone.
:auto off
:metric weight_error
:wait
key O
:wait
:save-display OUT/list
type bert
key Enter
:save-display OUT/refused
key Escape
:open org/tiny
:wait
:open org/half
:wait
:focus log
:save-display OUT/kept
key :
type open org/
:save-display OUT/complete
