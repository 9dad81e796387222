#!/usr/bin/env python3
"""Write tests/core/fixtures/tokenizers: small tokenizers that between them use every option qscope reads, and
for each what the Hugging Face `tokenizers` library makes of some texts; and beside the folder patterns.json, where
the library cuts texts by the patterns of published models. Training breaks some ties at random, so that a second
run may write other vocabularies.

usage: make_tokenizer_fixtures.py FOLDER     (tests/core/fixtures/tokenizers)
"""
import json
import pathlib
import sys

import tokenizer_recipes
from tokenizer_recipes import charsmap
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TRAINING = ["Once upon a time there was a little girl who loved to play in the park with the other children.",
            "The theory of the thing: there's nothing here that they'd rather have than this, isn't it?",
            "int main(void) { return 0; } // 2024-01-31 12:30", "Ein schönes Mädchen spielt im Garten, größer als gestern.",
            "    indented  text\n\twith tabs\n\n", "1 + 1 = 2; 123 456 7890 aaaa bbbb aaaaaaaa"] * 20
TEXTS = ["", " ", "a", "Once upon a time", " leading", "trailing ", "  two  spaces   three", "\n\n\n a\n b \r\n\tc",
         "it's they'll I'd we've you're I'm 'tis ''s 'S", "don't!'s", "x=1;y=22;z=333;12345678", "größer schönes 日本語 \u0391\u03b8",
         "e\u0301 \u00e9 \ufb01 \u2460 \u212b", "\U0001F600 \U0001F468\u200d\U0001F469\u200d\U0001F467", "\u00a0nbsp\u2003em\u3000",
         "tab\tand\u0085nel\u2028ls", "<s>Hello</s>", "a<s>b <s> c", " <s>  <mask>  x<mask>", "wordword word aword",
         "<|end|><|end|>text<|end", "<|end|>more|>", "▁under ▁▁score", "\x00nul\x7f", "ǅ ʰ ª ² ½ ٣ Ⅷ _under_ a_b", "aaaaaaaaaaaaaaaaa",
         "abcABC  123\n", "\U0001d7d8\U00010d40 \u1c89", "the the\u200bthe", "Hello, World! \u4f60\u597d\uff0c\u4e16\u754c\u3002",
         "a\u0301\u0323 \u1ab0x\u0300\u07fd", "\u0130 \u1e9e\u00df \u03a9\u2126\u0387 K\u212a", "\u0915\u094d\u0937\u093f \uac00\u11a8 \u1100\u1161",
         "\u200b\u00ad\ufeff\ufffd\u2581", "\u30ab\u30fc\u3072\u3089\u6f22\u5b57 \uff46\uff55\uff4c\uff4c \u3231", "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1 \u0420\u0443\u0441 \u05e2\u05d1 \u0e44\u0e17\u0e22",
         "1,234.56 $5.00 (ok) x\u2081\u00b2 isn't ``quoted'' do not"]
PARTS = {"gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
         "llama3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
                   r"|\s+(?!\S)|\s+",
         "deepseek": r"[\p{P}\p{S}]+|\p{Nd}|\w+"}


def bpe(alphabet=(), special=(), size=330, **options):
    """A tokenizer trained on TRAINING by what is set on it when train() runs."""
    tokenizer = Tokenizer(models.BPE(**options))

    def train(limit=size):
        tokenizer.train_from_iterator(TRAINING, trainers.BpeTrainer(
            vocab_size=limit, initial_alphabet=list(alphabet), special_tokens=list(special), show_progress=False,
            continuing_subword_prefix=options.get("continuing_subword_prefix") or "",
            end_of_word_suffix=options.get("end_of_word_suffix") or ""))
        return tokenizer
    return tokenizer, train


def byte_level(**options):
    tokenizer, train = bpe(pre_tokenizers.ByteLevel.alphabet(), ["<s>", "</s>"], **options.pop("model", {}))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(**options)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, train


def bos(tokenizer, template="<s> $A"):
    return processors.TemplateProcessing(single=template, special_tokens=[
        (t, tokenizer.token_to_id(t)) for t in ("<s>", "</s>") if t in template])


def make_byte_levels():
    tokenizer, train = byte_level(add_prefix_space=False)
    train().add_special_tokens(["<|end|>"])
    tokenizer.add_tokens([AddedToken("<mask>", lstrip=True), AddedToken("word", single_word=True), "ABC"])
    yield "gpt2", tokenizer
    tokenizer, train = byte_level(add_prefix_space=True)
    train().add_tokens([AddedToken("<mask>", rstrip=True, normalized=False), AddedToken("<|end|>", special=True)])
    tokenizer.post_processor = bos(tokenizer, "<s> $A </s>")
    yield "byte_level_prefix", tokenizer
    for name in ("llama3", "deepseek"):
        tokenizer, train = byte_level(use_regex=False, add_prefix_space=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(PARTS[name]), "isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        train()
        tokenizer.post_processor = processors.Sequence([processors.ByteLevel(), bos(tokenizer)])
        yield name, tokenizer
    tokenizer, train = byte_level(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.normalizer = normalizers.NFC()
    yield "digits_nfc", train()
    tokenizer, train = byte_level(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=False),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.NFKC(), normalizers.NFD()])
    yield "digits_forms", train()


def make_splits():
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        for invert in (False, True):
            tokenizer, train = bpe(size=120, unk_token="<unk>", special=["<unk>"])
            tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s|[,.;]"), behavior, invert=invert)
            yield f"split_{behavior}{'_inverted' if invert else ''}", train()
    tokenizer, train = bpe(size=100, unk_token="<unk>", special=["<unk>"], fuse_unk=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Split("the", "isolated")
    yield "split_string_fused", train()
    tokenizer, train = bpe(size=100)
    yield "no_unknown", train()


def make_sentencepieces():
    alphabet = [f"<0x{i:02X}>" for i in range(256)]
    tokenizer, train = bpe(special=["<unk>", "<s>", "</s>"] + alphabet, unk_token="<unk>", fuse_unk=True, byte_fallback=True,
                           size=400)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    train()
    tokenizer.post_processor = bos(tokenizer)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    clean = json.loads(tokenizer.to_str())
    clean["added_tokens"] = clean["added_tokens"][:3]
    yield "llama2", Tokenizer.from_str(json.dumps(clean))
    for entry in clean["added_tokens"]:
        entry["normalized"] = True
    yield "llama2_normalized", Tokenizer.from_str(json.dumps(clean))
    for scheme in ("always", "first", "never"):
        for split in (True, False):
            tokenizer, train = bpe(special=["<unk>", "<s>", "</s>"], size=160, unk_token="<unk>")
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=split)
            tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme, split=split)
            yield f"metaspace_{scheme}{'' if split else '_whole'}", train()


def make_affixes():
    tokenizer, train = bpe(size=160, unk_token="<unk>", special=["<unk>"], continuing_subword_prefix="##")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    yield "prefix", train()
    tokenizer, train = bpe(size=160, unk_token="<unk>", special=["<unk>"], end_of_word_suffix="</w>")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    tokenizer.normalizer = normalizers.Replace(Regex(r"\d+"), "#")
    tokenizer.decoder = decoders.Replace("</w>", " ")
    yield "suffix", train()


def make_unigrams():
    alphabet = [f"<0x{i:02X}>" for i in range(256)]
    for name, special in (("unigram", ["<unk>", "<s>", "</s>"]), ("unigram_bytes", ["<unk>", "<s>", "</s>"] + alphabet)):
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        tokenizer.train_from_iterator(TRAINING, trainers.UnigramTrainer(
            vocab_size=len(special) + 150, special_tokens=special, unk_token="<unk>", show_progress=False))
        spec = json.loads(tokenizer.to_str())
        if name == "unigram_bytes":
            spec["model"]["byte_fallback"] = True
            spec["added_tokens"] = spec["added_tokens"][:3]
            spec["decoder"] = {"type": "Sequence", "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
        yield name, Tokenizer.from_str(json.dumps(spec))
    twice = models.Unigram([("<unk>", 0.0), ("a", -1.0), ("b", -2.0), ("ab", -1.5), ("a", -3.0)], 0, False)
    yield "unigram_twice", Tokenizer(twice)


def make_wordpieces():
    for name, options in (("wordpiece", {}), ("wordpiece_short", {"max_input_chars_per_word": 6})):
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", **options))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
        tokenizer.train_from_iterator(TRAINING, trainers.WordPieceTrainer(
            vocab_size=160, special_tokens=["[UNK]"], show_progress=False))
        yield name, tokenizer


def make_precompiled():
    rules = {"\ufb01": "fi", "e": "E", "e\u0301": "\u00e9", "\u2028": " ", "\t": " ", "\r": "", "\r\n": "\n", "\u200d": "",
             "\u2460": "(1)", "\U0001F600": ":)", "\U0001F468\u200d": "man", "\u65e5": "day", "\u212b": "\u00e5"}
    tokenizer, train = bpe(size=120, unk_token="<unk>", special=["<unk>"])
    spec = json.loads(train().to_str())
    spec["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": charsmap(rules)}
    yield "precompiled", Tokenizer.from_str(json.dumps(spec))


def make_parts():
    """One for each kind that the others leave out, from the recipes of the live comparison."""
    recipes = dict([*tokenizer_recipes.published(), *tokenizer_recipes.parts()])
    for name in ("bert", "bert_cased", "openai_gpt", "clip", "normalizer_Nmt", "normalizer_Lowercase", "normalizer_StripAccents",
                 "normalizer_Strip", "normalizer_strip_left", "normalizer_byte_level", "punctuation_isolated", "punctuation_contiguous",
                 "whitespace", "whitespace_split", "char_delimiter", "fixed_length", "unicode_scripts", "word_level", "ctc",
                 "falcon", "added"):
        yield name, recipes[name].train(TRAINING, 330)


# Every piece of syntax that is not in the patterns of published models.
SYNTAX = [r"\p{N}{1,3}+", r"\p{N}{2}+", r"a{2}?", r"a{1,2}?", r"a(?i)b|c", r"^b$", r"$", r".", r"(?m).", r"(?i:s)", r"(?i:k)", r"(?i:[s])",
          r"\h+", r"[[:punct:]]", r"[a-c-e]", r"[]a]", r"[a&&[^b]]", r"[\w&&[^a-c]&&\p{L}]", r"a{,2}", r"a{,}", r"x{", r"(?<n>a)(b)",
          r"\x41", r"\x{1F600}", r"\u0041", r"\R", r"\N+", r"\O", r"a++a", r"a**", "(?x) a b # c", r"(?#comment)a", r"\Ab", r"b\Z",
          r"b\z", r"(?<=a|bc)d", r"(?<!a)b", r"\ba", r"\Bb", r"[[:^alpha:]]", r"\p{Alpha}", r"\p{Uppercase Letter}", r"\p{^L}", r"\P{Lu}",
          r"\p{Han}", r"\p{Any}", r"\p{ASCII}+", r"\p{Cn}", r"\pL", r"[\pL]", r"(?i)[^s]", r"\e", r"\v", r"()", r"(?=a)", r"(?!a).", r"(?>a+)a",
          r"[\b]", r"[a\]b]", r"a|", r"\Qa", r"[^\S\n]+", r"(?:ab)+?b", r"[\p{Lu}\p{Lt}][[:lower:]]*", r"\p{L}\p{M}*"]
TEXTS_OF_PATTERNS = TEXTS + ["aB cC ab\na b\r\nb", "ad bcd aab aaab", "a{,}x{ $a!~ ]a -c-e \x08\x1b\x0b", "1234567a12", "sS\u017f kK\u212a", "AAbb Bb"]


def write_patterns(path):
    """The texts once, and for each pattern where, in characters, the pieces of each text end."""
    texts = [text for text in TEXTS_OF_PATTERNS if text]
    lines = []
    for pattern in [p for group in tokenizer_recipes.PATTERNS.values() for p in group] + SYNTAX:
        cut = pre_tokenizers.Split(Regex(pattern), "isolated")
        ends = [[end for _, (_, end) in cut.pre_tokenize_str(text)] for text in texts]
        lines.append(json.dumps({"pattern": pattern, "ends": ends}, separators=(",", ":")))
    path.write_text('{"texts":%s,\n"patterns":[%s]}\n' % (json.dumps(texts), ",\n".join(lines)))


def respelled(name, tokenizer):
    """Spellings of older files: merges as strings, Metaspace by add_prefix_space."""
    spec = json.loads(tokenizer.to_str())
    spec["model"]["merges"] = [" ".join(m) for m in spec["model"]["merges"]]
    if name == "llama3":
        spec["model"]["ignore_merges"] = True
    for part in ("pre_tokenizer", "decoder"):
        if spec[part] and spec[part]["type"] == "Metaspace":
            spec[part]["add_prefix_space"] = spec[part].pop("prepend_scheme") != "never"
    return spec


def write(folder, name, spec):
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":"))
    tokenizer = Tokenizer.from_str(text)
    cases = []
    for text_in in TEXTS:
        ids = tokenizer.encode(text_in, add_special_tokens=False).ids
        special = tokenizer.encode(text_in).ids
        cases.append({"text": text_in, "ids": ids, "special_ids": special, "decoded": tokenizer.decode(special),
                      "decoded_all": tokenizer.decode(special, skip_special_tokens=False)})
    (folder / f"{name}.json").write_text(text + "\n")
    (folder / f"{name}.cases").write_text("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]\n")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in (make_byte_levels, make_splits, make_sentencepieces, make_affixes, make_unigrams,
                 make_wordpieces, make_precompiled, make_parts):
        for name, tokenizer in make():
            write(folder, name, json.loads(tokenizer.to_str()))
            if name in ("gpt2", "llama3", "llama2", "metaspace_always"):
                write(folder, name + "_older", respelled(name, tokenizer))
    write_patterns(folder.parent / "patterns.json")


main()
