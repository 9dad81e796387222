#ifndef TESTS_SUPPORT_TOKENIZERS_H
#define TESTS_SUPPORT_TOKENIZERS_H

/* Opening this tokenizer, encoding `text` and decoding it again fail with ERR_NOMEM alone wherever
 * memory runs out, and at last succeed. */
void tokenizers_survive_no_memory(const char *path, const char *text);

#endif
