:auto off
:metric weight_error
:wait
key ?
type undo
:save-display OUT/help
key Escape
key :
type set bi
:save-display OUT/complete
key Tab
key 3
key Enter
:wait
key u
:save-display OUT/undone
