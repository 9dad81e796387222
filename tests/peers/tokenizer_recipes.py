"""Tokenizers as published models have them, and one for each kind of part, to be trained on any text: used by
live_tokenizers.py at 4,000 pieces and by make_tokenizer_fixtures.py at a few hundred."""
import base64
import io
import json
import struct

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
REST = r"\s*[\r\n]+|\s+(?!\S)|\s+"
# DeepSeek's letters, by number: some of them are others once a text is normalized.
LETTERS = ("A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373"
           "\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-"
           "\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-"
           "\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d"
           "\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-"
           "\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-"
           "\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-"
           "\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-"
           "\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-"
           "\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943")
# What each model's tokenizer.json splits by, one after the other.
PATTERNS = {
    "llama3": [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + REST],
    "qwen2": [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + REST],
    "qwen3.5": [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + REST],
    "gpt4": [r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"],
    "gpt4o": [rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
              r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + REST],
    "tekken": [rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*"
               r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + REST],
    "kimi": [r"[\p{Han}]+", rf"[^\r\n\p{{L}}\p{{N}}]?[{UPPER[1:-1]}&&[^\p{{Han}}]]*[{LOWER[1:-1]}&&[^\p{{Han}}]]+{CONTRACTIONS}?"
             rf"|[^\r\n\p{{L}}\p{{N}}]?[{UPPER[1:-1]}&&[^\p{{Han}}]]+[{LOWER[1:-1]}&&[^\p{{Han}}]]*{CONTRACTIONS}?"
             r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + REST],
    "deepseek_llm": [r"[\r\n]", rf"\s?[{LETTERS}]+", r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$", "[一-龥ࠀ-一가-퟿]+", r"\p{N}"],
    "deepseek_coder": [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", r"\p{N}"],
    "deepseek_v3": [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
                    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|"
                    + REST],
    "bloom": [r" ?[^(\s|[.,!?…。，、।۔،])]+"],
    "viking": [r" ?[^(\s|.,!?…。，、।۔،)]+"],
    "chameleon": [r"<sentinel:[0-9]+>", r"(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", r"([\t\n]|    |  )", r"\p{N}",
                  r"[\p{P}!-/:-@\[-`{-~]", r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"],
    "clip": [r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"],
    "boundaries": [r"\b\w|\w\b|[[:punct:]]+|^\s+|\R", r"(?<=\p{Lu})\p{Ll}+|(?<!\d)\d\d|[^[a-m][:^alnum:]&&\p{Latin}]+$"],
}
MARKS = ["<s>", "</s>", "<unk>"]
BYTES = [f"<0x{i:02X}>" for i in range(256)]
TRAINERS = {models.BPE: trainers.BpeTrainer, models.Unigram: trainers.UnigramTrainer, models.WordPiece: trainers.WordPieceTrainer,
            models.WordLevel: trainers.WordLevelTrainer}


class Recipe:
    """What a tokenizer is made of. `lossless`: decoding gives the text itself, but for texts that hold these."""

    def __init__(self, model, pre=None, normalizer=None, decoder=None, post=None, special=(), alphabet=(), lossless=None,
                 patch=None, **options):
        self.model, self.pre, self.normalizer, self.decoder, self.post = model, pre, normalizer, decoder, post
        self.special, self.alphabet, self.lossless, self.patch, self.options = list(special), alphabet, lossless, patch, options

    def train(self, texts, size):
        kind = self.model.__class__
        tokenizer = Tokenizer(self.model)
        for part, value in (("pre_tokenizer", self.pre), ("normalizer", self.normalizer), ("decoder", self.decoder)):
            if value is not None:
                setattr(tokenizer, part, value)
        options = {"special_tokens": self.special, "vocab_size": size, "show_progress": False, **self.options}
        if kind in (models.BPE, models.Unigram):
            options["initial_alphabet"] = list(self.alphabet)
        if kind is models.Unigram:
            options.setdefault("unk_token", "<unk>")
        tokenizer.train_from_iterator(texts, TRAINERS[kind](**options))
        if self.post:
            tokenizer.post_processor = self.post(tokenizer)
        spec = json.loads(tokenizer.to_str())
        if self.patch:
            self.patch(spec)
        return Tokenizer.from_str(json.dumps(spec))


def byte_level(*parts, normalizer=None, lossless=MARKS, **options):
    """Byte-level BPE behind other pre-tokenizers."""
    last = options.pop("byte_level", pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not parts))
    return Recipe(options.pop("model", None) or models.BPE(), pre_tokenizers.Sequence([*parts, last]) if parts else last,
                  normalizer, decoders.ByteLevel(), special=["<s>", "</s>"], alphabet=pre_tokenizers.ByteLevel.alphabet(),
                  lossless=lossless, **options)


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def marked(pre):
    """Bytes alone, and a mark before each piece that a pre-tokenizer cuts: what merges may hide shows here."""
    alphabet = {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(alphabet, []))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre, pre_tokenizers.Metaspace(replacement="\u25cf", prepend_scheme="always", split=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def bos(tokenizer, template="<s> $A"):
    return processors.TemplateProcessing(single=template, special_tokens=[
        (t, tokenizer.token_to_id(t)) for t in ("<s>", "</s>", "[CLS]", "[SEP]") if t in template])


def few_added(count):
    """The byte pieces, special only to be in the vocabulary, are no added tokens; and bytes fall back on them."""
    def patch(spec):
        spec["added_tokens"] = spec["added_tokens"][:count]
        spec["model"]["byte_fallback"] = True
    return patch


SPACES_BACK = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]


def published():
    yield "gpt2", byte_level()
    yield "roberta", byte_level(post=lambda t: processors.RobertaProcessing(("</s>", 1), ("<s>", 0)))
    yield "pythia", byte_level(normalizer=normalizers.NFC(), lossless=None)
    yield "starcoder", byte_level(pre_tokenizers.Digits(individual_digits=True),
                                  byte_level=pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True))
    yield "falcon", Recipe(models.BPE(), pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False),
        pre_tokenizers.Digits(individual_digits=False), split(r"[0-9][0-9][0-9]")]), decoder=decoders.ByteLevel(),
        alphabet=pre_tokenizers.ByteLevel.alphabet(), lossless=MARKS)
    for name, patterns in PATTERNS.items():
        if name == "clip":
            continue
        qwen = name.startswith("qwen")
        yield name, byte_level(*map(split, patterns), normalizer=normalizers.NFC() if qwen else None, lossless=None if qwen else MARKS)
    yield "clip", Recipe(
        models.BPE(end_of_word_suffix="</w>"), pre_tokenizers.Sequence([split(PATTERNS["clip"][0], "removed", True),
                                                                       pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]),
        decoders.ByteLevel(), special=["<s>", "</s>"], alphabet=pre_tokenizers.ByteLevel.alphabet(), end_of_word_suffix="</w>",
        post=lambda t: processors.RobertaProcessing(("</s>", 1), ("<s>", 0), add_prefix_space=False, trim_offsets=False))
    yield "llama2", Recipe(
        models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), None,
        normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
        decoders.Sequence(SPACES_BACK + [decoders.Strip(" ", 1, 0)]), bos, ["<unk>", "<s>", "</s>"] + BYTES, lossless=[*MARKS, "▁"],
        patch=few_added(3), max_token_length=16)
    yield "gemma3", Recipe(
        models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), pre_tokenizers.Split(" ", "merged_with_previous"),
        normalizers.Replace(" ", "▁"), decoders.Sequence(SPACES_BACK), bos, ["<unk>", "<s>", "</s>"] + BYTES, lossless=[*MARKS, "▁"],
        patch=few_added(3), max_token_length=16)
    yield "mistral", Recipe(
        models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
        decoder=decoders.Sequence(SPACES_BACK + [decoders.Strip(" ", 1, 0)]), post=bos, special=["<unk>", "<s>", "</s>"] + BYTES,
        patch=few_added(3), max_token_length=16)
    yield "bert", Recipe(
        models.WordPiece(unk_token="[UNK]"), pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(),
        decoders.WordPiece(), lambda t: bos(t, "[CLS] $A [SEP]"), ["[UNK]", "[CLS]", "[SEP]"])
    yield "bert_cased", Recipe(
        models.WordPiece(unk_token="[UNK]"), pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(lowercase=False),
        decoders.WordPiece(cleanup=False), lambda t: processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1)), ["[UNK]", "[CLS]", "[SEP]"])
    yield "openai_gpt", Recipe(
        models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"), pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(),
        decoders.BPEDecoder(), special=["<unk>"], end_of_word_suffix="</w>")
    yield "t5", Recipe(
        models.Unigram(), pre_tokenizers.Metaspace(), None, decoders.Metaspace(), lambda t: bos(t, "$A </s>"), ["<unk>", "</s>"],
        patch=lambda spec: spec.update(normalizer=precompiled("nmt_nfkc")))
    yield "xlm_roberta", Recipe(
        models.Unigram(), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]), None,
        decoders.Metaspace(), lambda t: bos(t, "<s> $A </s>"), ["<unk>", "<s>", "</s>"],
        patch=lambda spec: spec.update(normalizer=precompiled("nfkc")))
    yield "albert", Recipe(
        models.Unigram(), pre_tokenizers.Metaspace(), normalizers.Sequence([
            normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(), normalizers.StripAccents(),
            normalizers.Lowercase(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]), decoders.Metaspace(),
        lambda t: bos(t, "[CLS] $A [SEP]"), ["<unk>", "[CLS]", "[SEP]"],
        patch=lambda spec: spec["normalizer"]["normalizers"].append(precompiled("nmt_nfkc_cf")))
    yield "unigram_bytes", Recipe(
        models.Unigram(), pre_tokenizers.Metaspace(), None, decoders.Sequence(SPACES_BACK + [decoders.Strip(" ", 1, 0)]),
        special=["<unk>", "<s>", "</s>"] + BYTES, patch=few_added(3))


def parts():
    """One for each kind of part, and each way it can be set."""
    def words(pre, normalizer=None, **options):
        return Recipe(models.BPE(unk_token="<unk>"), pre, normalizer, special=["<unk>"], limit_alphabet=400, **options)

    space = pre_tokenizers.WhitespaceSplit()
    for kind in (normalizers.NFC, normalizers.NFD, normalizers.NFKC, normalizers.NFKD, normalizers.Nmt, normalizers.Lowercase,
                 normalizers.StripAccents, normalizers.Strip):
        yield f"normalizer_{kind.__name__}", byte_level(normalizer=kind(), lossless=None)
    yield "normalizer_strip_left", byte_level(normalizer=normalizers.Strip(left=True, right=False), lossless=None)
    yield "normalizer_byte_level", Recipe(models.BPE(), split(r"Ġ?[^Ġ]+"), normalizers.ByteLevel(), decoders.ByteLevel(),
                                          alphabet=pre_tokenizers.ByteLevel.alphabet(), lossless=MARKS)
    for name in ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase"):
        only = {n: n == name for n in ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")}
        yield f"normalizer_bert_{name}", byte_level(normalizer=normalizers.BertNormalizer(**only), lossless=None)
    for rule in ("nmt_nfkc", "nfkc", "nmt_nfkc_cf", "nfkc_cf"):
        yield f"normalizer_{rule}", byte_level(lossless=None, patch=lambda spec, rule=rule: spec.update(normalizer=precompiled(rule)))
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        yield f"punctuation_{behavior}", words(pre_tokenizers.Sequence([space, pre_tokenizers.Punctuation(behavior)]))
        yield f"split_{behavior}", words(split(r"\s+|[,.;]", behavior))
        yield f"split_{behavior}_inverted", words(split(r"[^\s,.;]+", behavior, True))
    yield "whitespace", words(pre_tokenizers.Whitespace())
    yield "whitespace_split", words(space)
    yield "char_delimiter", words(pre_tokenizers.CharDelimiterSplit("e"), max_token_length=12)
    yield "fixed_length", words(pre_tokenizers.FixedLength(5))
    yield "unicode_scripts", words(pre_tokenizers.Sequence([pre_tokenizers.UnicodeScripts(), space]))
    for scheme in ("always", "first", "never"):
        meta = pre_tokenizers.Metaspace(prepend_scheme=scheme)
        yield f"metaspace_{scheme}", words(meta, decoder=decoders.Metaspace(prepend_scheme=scheme))
    yield "word_level", Recipe(models.WordLevel(unk_token="<unk>"), pre_tokenizers.Whitespace(), special=["<unk>"])
    yield "wordpiece_short", Recipe(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=8), pre_tokenizers.Whitespace(),
                                    decoder=decoders.WordPiece("##", True), special=["[UNK]"])
    yield "ctc", words(pre_tokenizers.Sequence([space, pre_tokenizers.FixedLength(1)]),
                       decoder=decoders.CTC(pad_token="t", word_delimiter_token="e", cleanup=True))
    yield "unigram_whole", Recipe(models.Unigram(), pre_tokenizers.Metaspace(split=False), special=["<unk>"],
                                  decoder=decoders.Metaspace(), max_piece_length=4)
    yield "ignore_merges", byte_level(split(PATTERNS["llama3"][0]), lossless=MARKS,
                                      patch=lambda spec: spec["model"].update(ignore_merges=True))
    yield "added", Recipe(models.BPE(), pre_tokenizers.ByteLevel(add_prefix_space=False), normalizers.Lowercase(), decoders.ByteLevel(),
                          special=["<s>", "</s>"], alphabet=pre_tokenizers.ByteLevel.alphabet(), patch=add_tokens)


def add_tokens(spec):
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    tokenizer.add_special_tokens(["<|end|>", "<|END|>"])
    tokenizer.add_tokens([AddedToken("the", single_word=True), AddedToken("<mask>", lstrip=True, rstrip=True, normalized=False),
                          AddedToken("Word", normalized=True), AddedToken("é"), AddedToken(" of ", normalized=False)])
    spec.clear()
    spec.update(json.loads(tokenizer.to_str()))


def fields(data):
    """Number and value of each field of a protocol buffer; strings as bytes."""
    def varint(at):
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at
    at = 0
    while at < len(data):
        tag, at = varint(at)
        if tag & 7 == 0:
            value, at = varint(at)
        else:
            size, at = varint(at) if tag & 7 == 2 else ({1: 8, 5: 4}[tag & 7], at)
            value, at = data[at:at + size], at + size
        yield tag >> 3, value


CHARSMAPS = {}


def precompiled(rule):
    """The character map that SentencePiece gives its models: field 2 of field 3."""
    import sentencepiece

    if rule not in CHARSMAPS:
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(["a b c d e"] * 10), model_writer=written, vocab_size=20,
                                                 normalization_rule_name=rule, hard_vocab_limit=False, minloglevel=2)
        CHARSMAPS[rule] = dict(fields(dict(fields(written.getvalue()))[3]))[2]
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(CHARSMAPS[rule]).decode()}


def double_array(keys):
    """A trie of byte strings to numbers in the units of darts-clone, by the first base that fits."""
    units, taken = {0: 0}, {0}

    def place(node, prefix):
        inside = {k: v for k, v in keys.items() if k.startswith(prefix)}
        labels = sorted({k[len(prefix)] if len(k) > len(prefix) else 0 for k in inside})
        base = next(b for b in range(1, 1 << 20) if all(b ^ label not in taken for label in labels))
        taken.update(base ^ label for label in labels)
        units[node] |= (node ^ base) << 10 | (1 << 8 if prefix in keys else 0)
        for label in labels:
            units[base ^ label] = label if label else 1 << 31 | keys[prefix]
        for label in labels:
            if label:
                place(base ^ label, prefix + bytes([label]))

    place(0, b"")
    return b"".join(struct.pack("<I", units.get(i, 0)) for i in range(max(units) + 1))


def charsmap(rules):
    """SentencePiece's precompiled map of strings to strings, in base64."""
    strings, keys = b"", {}
    for key, value in rules.items():
        keys[key.encode()] = len(strings)
        strings += value.encode() + b"\0"
    trie = double_array(keys)
    return base64.b64encode(struct.pack("<I", len(trie)) + trie + strings).decode()
