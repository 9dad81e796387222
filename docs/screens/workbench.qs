# The README's first screen: 3-bit rtn, then gptq on the same grid.
:select layers.3.mlp.down
key [
:wait
key m
key m
:wait
:save-display docs/screens/workbench.svg
:save-display docs/screens/workbench.txt
