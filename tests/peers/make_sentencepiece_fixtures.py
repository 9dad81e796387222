#!/usr/bin/env python3
"""Writes tests/core/fixtures/sentencepiece: small models trained with `sentencepiece`, one for each option, and what
it makes of small texts. NAME.model and NAME.cases, a list of {text, ids, decoded}."""
import json
import pathlib
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as protocol

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "core" / "fixtures" / "sentencepiece"
TEXTS = [
    "", " ", "Once upon a time", "  two  spaces  between  ", " leading", "trailing ", "\u2581mark \u2581 marks", "tab\tand\nnewline",
    "caf\u00e9 cafe\u0301 \ufb01ne", "\u4e2d\u6587\u5b57", "\U0001f600 smile", "a" * 40, "<s> </s> <unk>", "<x>in<sep>side <x>",
    "\u00a0\u3000wide", "A\u0300B", "12345 67", "it's the cat's", "\u0000 nul", "<0x41><0x0A>", "\u2047 \u2047", "zzqqjjxx",
    "The ABC abc", "a\u200bb", "the theThe the", "\u1100\u1161\u11a8", "\u0915\u094d\u0937", "x" + " " * 10 + "y", "\u2581", "\u2581\u2581a",
]
RULES = "41\t61\n42\t62\nFB01\t66 69\n3000\t20\nA0\t20\nD\t\n65 301\tE9\n31\t6F 6E 65 20\n"  # source, target: code points
MODELS = {
    "bpe": dict(model_type="bpe"),
    "bpe_bytes": dict(model_type="bpe", byte_fallback=True),
    "bpe_rules": dict(model_type="bpe", rules=RULES, byte_fallback=True),
    "bpe_symbols": dict(model_type="bpe", user_defined_symbols="<x>,<sep>,in,\u2581the", control_symbols="<c>"),
    "bpe_behind": dict(model_type="bpe", treat_whitespace_as_suffix=True),
    "bpe_spaces": dict(model_type="bpe", add_dummy_prefix=False, remove_extra_whitespaces=False, byte_fallback=True),
    "bpe_kept": dict(model_type="bpe", remove_extra_whitespaces=False, byte_fallback=True),
    "bpe_unused": dict(model_type="bpe", unused=40),
    "bpe_back": dict(model_type="bpe", back="65\t45\n"),
    "bpe_unescaped": dict(model_type="bpe", escape=False),
    "bpe_no_ends": dict(model_type="bpe", bos_id=-1, eos_id=-1, unk_surface="?"),
    "unigram": dict(model_type="unigram"),
    "unigram_bytes": dict(model_type="unigram", byte_fallback=True),
    "unigram_rules": dict(model_type="unigram", rules=RULES),
    "unigram_symbols": dict(model_type="unigram", user_defined_symbols="<x>,<sep>,in,\u2581the"),
    "unigram_behind": dict(model_type="unigram", treat_whitespace_as_suffix=True),
    "unigram_spaces": dict(model_type="unigram", add_dummy_prefix=False, remove_extra_whitespaces=False),
    "unigram_unused": dict(model_type="unigram", unused=40),
}


def train(folder, options):
    options = dict(options)
    rules, back, unused, escape = (options.pop(k, None) for k in ("rules", "back", "unused", "escape"))
    for key, text in (("normalization_rule_tsv", rules), ("denormalization_rule_tsv", back)):
        if text:
            path = folder / key
            path.write_text(text)
            options[key] = str(path)
    if not rules:
        options["normalization_rule_name"] = "identity"
    corpus = folder / "corpus.txt"
    corpus.write_text((ROOT / "models" / "texts" / "stories.evaluation.txt").read_text(encoding="utf-8")[:60000], encoding="utf-8")
    vocab = 520 if options.get("byte_fallback") else 300
    sentencepiece.SentencePieceTrainer.train(input=str(corpus), model_prefix=str(folder / "m"), vocab_size=vocab, num_threads=1,
                                             hard_vocab_limit=False, minloglevel=2, max_sentence_length=100000, **options)
    model = protocol.ModelProto.FromString((folder / "m.model").read_bytes())
    model.trainer_spec.input[:] = []  # paths of the machine that trained it
    model.trainer_spec.model_prefix = ""
    model.normalizer_spec.normalization_rule_tsv = model.denormalizer_spec.normalization_rule_tsv = ""
    if escape is False:
        model.normalizer_spec.escape_whitespaces = False
    for piece in [p for p in model.pieces if p.type == piece_normal() and len(p.piece) > 1][:unused or 0]:
        piece.type = protocol.ModelProto.SentencePiece.UNUSED
    return model.SerializeToString()


def piece_normal():
    return protocol.ModelProto.SentencePiece.NORMAL


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, options in MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            data = train(pathlib.Path(folder), options)
        peer = sentencepiece.SentencePieceProcessor(model_proto=data)
        cases = [{"text": text, "ids": peer.encode(text), "decoded": peer.decode(peer.encode(text))} for text in TEXTS]
        (OUT / f"{name}.model").write_bytes(data)
        lines = ",\n".join(json.dumps(case) for case in cases)
        (OUT / f"{name}.cases").write_text(f"[{lines}]\n")


main()
