# One model without a tokenizer: everything on these screens follows from the weights alone.
:auto off
:metric weight_error
:wait
:select layers.1.mlp.down
:set bits=3
:wait
:focus knobs
:save-display OUT/changed
:undo
:wait
:metric bits
:focus map
:zoom
:save-display OUT/map
:zoom
