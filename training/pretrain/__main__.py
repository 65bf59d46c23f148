"""`python -m training.pretrain train|finish|measure`: see `--help`.

On two cores: `torchrun --standalone --nproc-per-node 2 -m training.pretrain train --work ... --out ...`
"""

import argparse
import json
import os
import random
from dataclasses import asdict
from pathlib import Path

import torch
import torch.distributed as dist
from transformers import WhisperForConditionalGeneration, WhisperTokenizer

from speech.whisper_window import allow_short_windows
from training.pretrain.alignment import choose_heads, score_heads
from training.pretrain.corpus import Curriculum
from training.pretrain.decode import transcribe
from training.pretrain.export import export
from training.pretrain.loop import LoopConfig, Pretraining
from training.pretrain.measure import SETS, character_error_rate, make_test_set, measure
from training.pretrain.model import build_model
from training.pretrain.text import training_sentence
from training.pretrain.tokenizer import train_tokenizer


def main() -> None:
    """Parse the command line and run one of the three commands."""
    parser = argparse.ArgumentParser(prog="python -m training.pretrain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train from nothing, or go on from state.pt in --work")
    train.add_argument("--work", type=Path, required=True, help="checkpoints and log")
    train.add_argument("--out", type=Path, help="also export here at every checkpoint good enough")
    train.add_argument("--start-from", type=Path, help="an exported model to go on from, in place of nothing")
    train.add_argument("--learning-rate", type=float, default=LoopConfig().learning_rate, help="the highest")
    train.add_argument("--bf16", action="store_true", help="matrix products in bfloat16")
    train.add_argument("--steps", type=int, default=6000)
    train.add_argument("--minutes", type=float, default=90.0)
    train.add_argument("--threads", type=int, default=1, help="of each process")
    train.add_argument("--batch", type=int, default=24, help="utterances a step, of all processes together")
    train.add_argument("--tokenizer-sentences", type=int, default=60_000, help="to learn the pieces from")
    train.add_argument("--export-below-cer", type=float, default=0.4)
    finish = commands.add_parser("finish", help="last checkpoint: choose alignment heads, export")
    finish.add_argument("--work", type=Path, required=True)
    finish.add_argument("--out", type=Path, required=True)
    figures = commands.add_parser("measure", help="print CER of an exported model as one JSON line")
    figures.add_argument("--model", type=Path, required=True)
    figures.add_argument("--sentences", type=int, default=300)
    figures.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    arguments = parser.parse_args()
    if arguments.command == "train":
        _train(arguments)
    elif arguments.command == "finish":
        _finish(arguments)
    else:
        _measure(arguments.model, arguments.sentences, arguments.sets)


def _start(arguments: argparse.Namespace, config: LoopConfig) -> Pretraining:
    """Random weights, and the tokenizer: learned from the grammar once, then kept with the checkpoints."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.manual_seed(config.seed)
    kept = arguments.work / "tokenizer"
    if arguments.start_from:
        tokenizer, model = _exported(arguments.start_from)
        tokenizer.save_pretrained(kept)
        return Pretraining(model, tokenizer, config)
    if kept.exists():
        tokenizer = WhisperTokenizer.from_pretrained(kept)
    else:
        rng = random.Random(config.seed)
        sentences = (training_sentence(rng, 60) for _ in range(arguments.tokenizer_sentences))
        tokenizer = train_tokenizer(sentences)
        tokenizer.save_pretrained(kept)
    return Pretraining(build_model(tokenizer), tokenizer, config)


def _finish(arguments: argparse.Namespace) -> None:
    """The exported folder, with the heads that follow the speech; prints how well each does."""
    tokenizer = WhisperTokenizer.from_pretrained(arguments.work / "tokenizer")
    state = torch.load(arguments.work / "state.pt", weights_only=True)
    model = build_model(tokenizer)
    model.load_state_dict(state["model"])
    scores = score_heads(model, tokenizer)
    model.generation_config.update(alignment_heads=choose_heads(scores))
    export(model, tokenizer, arguments.out)
    print(json.dumps({"step": state["step"], "heads": [asdict(score) for score in scores]}))


def _measure(folder: Path, sentences: int, sets: list[str]) -> None:
    """What is measured is what is shipped: the fp16 files, read back."""
    tokenizer, model = _exported(folder)
    print(json.dumps(measure(model, tokenizer, sentences, sets)), flush=True)


def _exported(folder: Path) -> tuple[WhisperTokenizer, WhisperForConditionalGeneration]:
    model = WhisperForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    return WhisperTokenizer.from_pretrained(folder), allow_short_windows(model)


def _train(arguments: argparse.Namespace) -> None:
    """Tokenizer from the grammar, then the loop; each checkpoint is measured and, if good, exported."""
    torch.set_num_threads(arguments.threads)
    if "WORLD_SIZE" in os.environ:  # started by torchrun
        dist.init_process_group("gloo")
    replicas = dist.get_world_size() if dist.is_initialized() else 1
    curriculum = Curriculum(batch_rows=arguments.batch // replicas)
    if arguments.start_from:
        curriculum = curriculum.at_its_end()
    config = LoopConfig(
        steps=arguments.steps,
        minutes=arguments.minutes,
        learning_rate=arguments.learning_rate,
        bf16=arguments.bf16,
        curriculum=curriculum,
    )
    training = _start(arguments, config)
    tokenizer = training.tokenizer
    tests = {name: make_test_set(name, count) for name, count in (("general", 40), ("demo_clinical", 16))}

    def checkpointed(state: Pretraining) -> None:
        state.model.eval()
        figures: dict[str, float | int] = {"step": state.step, "minutes": round(state.trained_s / 60, 1)}
        for name, test in tests.items():
            hypotheses = transcribe(state.model, tokenizer, test.waveforms)
            figures[f"cer_{name}"] = round(character_error_rate(test.texts, hypotheses), 4)
            for reference, hypothesis in list(zip(test.texts, hypotheses, strict=True))[:4]:
                print(f"  {reference} -> {hypothesis}")
        state.model.train()
        print(json.dumps(figures), flush=True)
        if arguments.out and figures["cer_general"] < arguments.export_below_cer:
            export(state.model, tokenizer, arguments.out)

    training.run(arguments.work, checkpointed)


if __name__ == "__main__":
    main()
