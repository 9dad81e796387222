# The README's screen: 3-bit rtn, then gptq on the same grid, the histogram of rtn ghosted behind.
:select layers.3.mlp.down
key [
:wait
:method gptq
:wait
:save-display docs/screens/workbench.svg
