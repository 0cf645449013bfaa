"""The configuration of a training run: frozen records read from TOML; an unknown key is an error."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from s2s.disk import refuse_special
from s2s.errors import UserError, nearest, reason
from s2s.text.keras_tokenizer import KerasConfig

T = TypeVar("T")
MANY = 1_000_000_000  # the largest count that a setting accepts
ATTENTIONS = ("additive", "general", "dot", "concat", "location", "local-m", "local-p", "none")
CELLS = ("gru", "lstm")
BRIDGES = ("tanh", "linear", "copy")
READOUTS = ("tanh", "linear", "state")
TEACHER_SHARES = {"linear": (0.0, 1.0), "exponential": (0.0, 1 - 1e-9), "inverse_sigmoid": (1.0, 1e9)}  # ranges of k
CHOICES = {
    "sampling_schedule": tuple(TEACHER_SHARES),
    "reward": ("rouge_l", "bleu", "chrf"),
    "replace_from": ("target", "both"),
    "guided_schedule": ("constant", "linear", "first"),
}


def _check(config: object, section: str, **ranges: tuple[float, float]) -> None:
    for name, (low, high) in ranges.items():
        value = getattr(config, name)
        if not low <= value <= high:  # also true of NaN
            raise UserError("setting_range", name=f"{section}.{name}", low=low, high=high, found=value)


def _refuse(wrong: bool, key: str, needs: str) -> None:
    if wrong:
        raise UserError("config_needs", key=key, needs=needs)


@dataclass(frozen=True)
class ModelConfig:
    """Sizes and kinds of the layers; with the vocabularies it fixes every weight's shape."""

    attention: str = "additive"  # additive (Bahdanau 2015) | none (Cho 2014) | the others of ATTENTIONS (Luong 2015)
    embedding_size: int = 320
    encoder_size: int = 256  # per direction
    encoder_layers: int = 1
    decoder_size: int = 512
    decoder_layers: int = 1
    attention_size: int = 512  # hidden size of additive and concat scores, and of local-p's position
    input_feeding: bool = True  # all attentions but additive: the last readout is an input of the next step
    tied_embeddings: bool = True  # the output layer's weight is the target embedding
    cell: str = "gru"  # gru | lstm, in encoder and decoder
    max_source_length: int = 100  # location only: the score has one weight row a position
    window: int = 10  # local-m and local-p: D, tokens on either side of the window's centre
    coverage: bool = False  # additive only: past attention is part of the score (See 2017)
    pointer: bool = False  # copies source words that the vocabulary has (See 2017); needs text.shared_vocab
    prior: bool = False  # raises the probability of source words in the output (Su Jianlin); needs text.shared_vocab
    shared_embeddings: bool = False  # one embedding for both sides; needs text.shared_vocab
    bridge: str = "tanh"  # decoder's first state from the encoder's last: tanh | linear | copy, layer by layer
    readout: str = "tanh"  # input of the output layer: tanh | linear of state and context | state alone
    attention_bias: bool = False  # additive and concat: W s + b in place of W s
    carry_state: bool = True  # false: every decoder step starts from a zero state

    def __post_init__(self) -> None:
        self._check_sizes()
        if self.attention not in ATTENTIONS:
            raise UserError("attention_unknown", found=self.attention, known=", ".join(ATTENTIONS))
        for name, known in (("cell", CELLS), ("bridge", BRIDGES), ("readout", READOUTS)):
            if getattr(self, name) not in known:
                raise UserError("config_choice", key=f"model.{name}", found=getattr(self, name), known=", ".join(known))
        if self.attention == "dot" and self.decoder_size != 2 * self.encoder_size:
            raise UserError("config_dot", decoder=self.decoder_size, encoder=self.encoder_size)
        _refuse(self.coverage and self.attention != "additive", "model.coverage", 'model.attention = "additive"')
        _refuse(self.pointer and self.attention == "none", "model.pointer", 'model.attention ≠ "none"')
        self._check_options()

    def _check_options(self) -> None:
        """Check the options that only imported models use."""
        no_layer = self.attention not in ("additive", "concat")
        _refuse(self.attention_bias and no_layer, "model.attention_bias", 'model.attention = "additive" / "concat"')
        copied, bridge = self.bridge == "copy", 'model.bridge = "copy"'
        _refuse(copied and self.decoder_size > 2 * self.encoder_size, bridge, "decoder_size ≤ 2 encoder_size")
        _refuse(copied and self.decoder_layers > self.encoder_layers, bridge, "decoder_layers ≤ encoder_layers")
        bare, readout = self.readout == "state", 'model.readout = "state"'
        unread = self.attention not in ("additive", "none")  # nothing reads the context
        _refuse(bare and unread, readout, 'model.attention = "additive" / "none"')
        different = self.tied_embeddings and self.embedding_size != self.decoder_size
        _refuse(bare and different, readout, "model.tied_embeddings = false, or embedding_size = decoder_size")

    def _check_sizes(self) -> None:
        sizes = ("embedding_size", "encoder_size", "decoder_size", "attention_size", "max_source_length", "window")
        for name in sizes:
            if not 1 <= getattr(self, name) <= 65_536:
                raise UserError("config_size", key=f"model.{name}", found=getattr(self, name))
        for name in ("encoder_layers", "decoder_layers"):
            if not 1 <= getattr(self, name) <= 64:
                raise UserError("config_size", key=f"model.{name}", found=getattr(self, name))


@dataclass(frozen=True)
class TextConfig:
    """The segmenter and the vocabulary of each side."""

    source: str = "jieba"  # jieba | latin | characters | spaces | others of SEGMENTERS
    target: str = "latin"
    source_min_count: int = 2
    target_min_count: int = 2
    max_vocab: int = 50_000
    source_back_off: bool = False  # an unknown source word is cut into characters
    shared_vocab: bool = False  # one list for both sides, words counted together, source_min_count for both
    source_bos: bool = False  # the model reads <bos> before the source's words
    source_eos: bool = False  # and <eos> after them
    source_fill: int = 0  # and then <fill> up to this many tokens: padding that the model reads
    source_keras: KerasConfig = field(default_factory=KerasConfig)  # used if source = "keras"; skip with any segmenter
    target_keras: KerasConfig = field(default_factory=KerasConfig)

    def __post_init__(self) -> None:
        _check(self, "text", source_min_count=(1, MANY), target_min_count=(1, MANY), max_vocab=(5, MANY))
        _check(self, "text", source_fill=(0, 400))


@dataclass(frozen=True)
class DataConfig:
    """Files of pairs (``readers``); a pair longer than ``max_tokens`` on a side is left out of training."""

    train: str = "data/train.tsv"
    dev: str = "data/dev.tsv"
    test: str = ""  # scored once, after training
    format: str = "auto"  # auto (by extension and header) | tsv | jsonl | csv | automaster
    encoding: str = "auto"  # auto (recognised) | utf-8 | gb18030 | utf-16 | another that Python has
    source_column: str = "source"
    target_column: str = "target"
    origin: str = ""  # where the data comes from, for the model card
    max_tokens: int = 100

    def __post_init__(self) -> None:
        _check(self, "data", max_tokens=(1, MANY))


@dataclass(frozen=True)
class TrainConfig:
    """Optimisation, regularisation and when to stop."""

    objective: str = "cross_entropy"
    start: str = ""  # a checkpoint's directory, whose weights and vocabularies training starts from
    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 1e-3
    warmup_steps: int = 500
    final_learning_rate: float = 0.02  # of the peak, reached along a cosine
    clip: float = 1.0
    dropout: float = 0.3
    word_dropout: float = 0.0  # share of tokens whose embedding is zeroed
    label_smoothing: float = 0.1
    coverage_weight: float = 0.0  # λ of the coverage loss (See 2017: 1); needs model.coverage
    weight_decay: float = 0.0
    average: float = 0.999  # decay of the moving average of the weights, which is saved
    patience: int = 6  # epochs without a better dev BLEU; ties are broken by chrF, then loss
    save_every: int = 500  # steps between resumable saves
    film_every: int = 0  # steps between two moments of the film; 0: no film
    film_sentences: int = 3  # sentences of dev in the film
    film_scored: int = 100  # pairs of dev that score each moment
    precision: str = "float32"  # float32 | bf16 (matrix products only)
    threads: int = 0  # of each process; 0: 1 or 2, whichever is faster in a second of measuring
    seed: int = 1
    # scheduled_sampling: the probability that the decoder reads the reference at step i
    sampling_schedule: str = "linear"  # max(ε_min, k - c i) | exponential: k^i | inverse_sigmoid: k/(k + e^{i/k})
    sampling_k: float = 1.0
    sampling_slope: float = 1e-4  # c of linear
    sampling_floor: float = 0.0  # ε_min of linear
    sampling_argmax: bool = False  # the model's own token is the most probable one instead of a sampled one
    # self_critical
    reward: str = "rouge_l"  # rouge_l | bleu | chrf
    reward_weight: float = 0.9984  # γ; cross-entropy has weight 1 - γ (Paulus 2018)
    mixer_tokens: int = 0  # Δ, replaces γ: the last Δ k tokens by reward, the others by cross-entropy (MIXER)
    mixer_every: int = 1000  # steps after which k grows by 1; it begins at 0
    # replacement, mask
    replace_sentences: float = 0.5  # share of sentences with replaced tokens
    replace_tokens: float = 0.3  # share of the decoder inputs in those sentences
    replace_from: str = "target"  # side that replacements come from: target | both; both needs text.shared_vocab
    mask_tokens: float = 0.15  # share of the decoder inputs
    # fgm, gradient_penalty
    fgm_epsilon: float = 0.5  # norm of the perturbation of the embeddings
    penalty_weight: float = 1.0  # ε of ½ ε ‖∇_E L‖²
    # guided_attention
    guided_weight: float = 1.0  # λ, the weight of the attention's cross-entropy with word alignments
    guided_schedule: str = "constant"  # λ | linear: λ max(0, 1 - i/N) | first: λ while i < N, then 0
    guided_steps: int = 0  # N; 0: all steps of the run
    guided_links: str = ""  # a file with i-j links of each training pair; "": made by our aligner before training

    def __post_init__(self) -> None:
        counts = ("epochs", "batch_size", "patience", "save_every")
        shares = ("dropout", "word_dropout", "label_smoothing")
        _check(self, "train", **dict.fromkeys(counts, (1, MANY)), **dict.fromkeys(shares, (0, 0.95)))
        _check(self, "train", final_learning_rate=(0, 1), average=(0, 1), warmup_steps=(0, MANY), seed=(0, MANY))
        _check(self, "train", threads=(0, MANY), film_every=(0, MANY), film_sentences=(1, 10), film_scored=(1, MANY))
        _check(self, "train", learning_rate=(0, 100), weight_decay=(0, 100), coverage_weight=(0, 100), clip=(1e-6, 1e6))
        self._check_objective()

    def _check_objective(self) -> None:
        shares = ("sampling_floor", "reward_weight", "replace_sentences", "replace_tokens", "mask_tokens")
        _check(self, "train", **dict.fromkeys(shares, (0, 1)), sampling_slope=(0, 1), fgm_epsilon=(0, 1e6))
        _check(self, "train", **dict.fromkeys(("mixer_tokens", "guided_steps"), (0, MANY)), mixer_every=(1, MANY))
        _check(self, "train", penalty_weight=(0, 1e6), guided_weight=(0, 100))
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise UserError("config_choice", key=f"train.{name}", found=getattr(self, name), known=", ".join(known))
        if self.objective == "scheduled_sampling":
            _check(self, "train", sampling_k=TEACHER_SHARES[self.sampling_schedule])
        if self.coverage_weight and self.objective != "cross_entropy":
            other = f'train.objective = "{self.objective}"'
            raise UserError("option_conflict", option="train.coverage_weight", other=other)


@dataclass(frozen=True)
class Config:
    """One run: ``[model]``, ``[text]``, ``[data]`` and ``[train]`` of a TOML file."""

    name: str = "model"
    model: ModelConfig = field(default_factory=ModelConfig)
    text: TextConfig = field(default_factory=TextConfig)
    data: DataConfig = field(default_factory=DataConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        apart, shared = not self.text.shared_vocab, "text.shared_vocab = true"
        train, blind = self.train, self.model.attention == "none"
        for name in ("pointer", "prior", "shared_embeddings"):
            _refuse(getattr(self.model, name) and apart, f"model.{name}", shared)
        _refuse(train.coverage_weight > 0 and not self.model.coverage, "train.coverage_weight", "model.coverage = true")
        both = (train.objective, train.replace_from) == ("replacement", "both")
        _refuse(both and apart, "train.replace_from", shared)
        _refuse(train.objective == "guided_attention" and blind, "train.objective", 'model.attention ≠ "none"')
        if self.model.attention == "location" and self.model.max_source_length < self.data.max_tokens:
            raise UserError("config_location", limit=self.model.max_source_length, found=self.data.max_tokens)


def from_dict(cls: type[T], values: Mapping[str, Any], where: str = "config") -> T:
    """A record from plain values. UserError names a key that is unknown or of the wrong type."""
    known = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    defaults = cls()
    given: dict[str, Any] = {}
    if not isinstance(values, Mapping):
        raise UserError("config_type", key=where, expected="table", found=type(values).__name__)
    for key, value in values.items():
        if key not in known:
            raise UserError("config_key", key=f"{where}.{key}", known=nearest(key, known))
        default = getattr(defaults, key)
        if dataclasses.is_dataclass(default):
            value = from_dict(type(default), value, f"{where}.{key}")
        elif isinstance(default, float) and type(value) is int:
            try:
                value = float(value)
            except OverflowError:
                raise UserError("config_type", key=f"{where}.{key}", expected="float", found="int") from None
        elif type(value) is not type(default):
            kinds = type(default).__name__, type(value).__name__
            raise UserError("config_type", key=f"{where}.{key}", expected=kinds[0], found=kinds[1])
        given[key] = value
    return cls(**given)


def to_dict(config: Config) -> dict[str, Any]:
    """Plain values that ``from_dict`` turns back into an equal record."""
    return dataclasses.asdict(config)


def read_config(path: str | Path, settings: Sequence[str] = ()) -> Config:
    """Read a TOML file; ``settings`` (``section.key=value``) override its values.

    Raises UserError for a missing file, broken TOML, an unknown key or a value of the wrong type.
    """
    path = refuse_special(Path(path))
    try:
        text = path.read_text(encoding="utf-8-sig")  # editors on Windows write a byte order mark
        values = tomllib.loads(text)
    except OSError:
        raise UserError("file_missing", file=str(path)) from None
    except (ValueError, RecursionError, OverflowError) as error:
        raise UserError("config_toml", file=str(path), reason=reason(error)) from None
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UserError("config_setting", setting=setting)
        try:
            parsed: Any = tomllib.loads(f"v = {value}")["v"]
        except (ValueError, RecursionError, OverflowError):
            parsed = value
        *sections, last = key.split(".")
        table = values
        for section in sections:
            table = table.setdefault(section, {})
            if not isinstance(table, dict):
                raise UserError("config_type", key=section, expected="table", found=type(table).__name__)
        table[last] = parsed
    return from_dict(Config, values)
